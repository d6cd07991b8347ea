/** What somebody wants to hear of without asking again: keeps the server up for it, in the way that its era knows. */
import { followResources } from '../bridge/resource-news.ts';
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import type { Principal } from '../policy/principal.ts';
import type { RelayHub } from './relay-hub.ts';
import type { RelayRequest, RelayTarget } from './relay-target.ts';

export interface Subscriber {
  readonly principal: Principal;
  readonly behalf?: RelayRequest['behalf'];
}

export interface WantedNews {
  readonly uris: readonly string[];
  /** The resource may have changed while nobody could be told. */
  readonly missed: (uri: string) => void;
}

/** Holds the server until `release` is called, or it is to end for another reason; a modern one is asked to tell of the resources. */
export async function holdFor(
  { target, hub }: { readonly target: RelayTarget; readonly hub: RelayHub },
  { principal, behalf }: Subscriber,
  { uris, missed }: WantedNews,
): Promise<{ readonly upstream: UpstreamSession; release(): void }> {
  const lease = await target.hold(principal, behalf);
  const upstream = lease.session;
  const unhold = hub.held(upstream, { principal: principal.id, instanceOf: behalf?.client && behalf.session });
  const listening = new AbortController();
  if (upstream.facts.era === 'modern' && uris.length > 0) {
    followResources(upstream, { uris, missed, signal: listening.signal });
  }
  let isOver = false;
  const release = () => {
    if (isOver) return;
    isOver = true;
    listening.abort();
    unhold();
    lease.release();
  };
  // A stop waits for calls; nobody waits for news from a server that is to end.
  void hub.endings.wait(lease.draining, listening.signal).then(release);
  void hub.endings.wait(upstream.closed, listening.signal).then(release);
  return { upstream, release };
}
