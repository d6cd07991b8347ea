/** What somebody wants to hear of without asking again: keeps the server up for it, in the way that its era knows. */
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import type { Principal } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { RelayHub } from './relay-hub.ts';
import type { RelayRequest, RelayTarget } from './relay-target.ts';

export interface Subscriber {
  readonly principal: Principal;
  readonly behalf?: RelayRequest['behalf'];
}

/** Holds the server until `release` is called, or it is to end for another reason; a modern one is asked to tell of the resources. */
export async function holdFor(
  { target, hub }: { readonly target: RelayTarget; readonly hub: RelayHub },
  { principal, behalf }: Subscriber,
  uris: readonly string[],
): Promise<{ readonly upstream: UpstreamSession; release(): void }> {
  const lease = await target.hold(principal, behalf);
  const upstream = lease.session;
  const unhold = hub.held(upstream, { principal: principal.id, instanceOf: behalf?.client && behalf.session });
  const listening = new AbortController();
  if (upstream.facts.era === 'modern' && uris.length > 0) {
    const wanted: JsonObject = { notifications: { resourceSubscriptions: [...uris] } };
    // It answers when it is over; that it may refuse leaves the subscriber without news, as a direct connection would.
    upstream.request('subscriptions/listen', wanted, { signal: listening.signal }).catch(() => {});
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
  void lease.draining.then(release);
  void upstream.closed.then(release);
  return { upstream, release };
}
