/** Keeps a server of 2026-07-28 telling of resources, on a stream that is asked for again when it is cut. */
import { type Clock, systemClock } from '../stdx/clock.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { keepListening } from './keep-listening.ts';
import type { UpstreamSession } from './upstream-session.ts';

export interface ResourceNews {
  readonly uris: readonly string[];
  /** It was told of again after a time in which it was not: it may have changed. */
  readonly missed: (uri: string) => void;
  /** Ends it; to be aborted when the connection is over, at the latest. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** The news themselves are notifications of the session. A server that refuses leaves its callers without, as it would without us. */
export function followResources(upstream: UpstreamSession, news: ResourceNews): void {
  const { uris, missed, signal, clock = systemClock } = news;
  if (signal.aborted) return;
  const unknown = new Set<string>();
  // Told only when the server listens again: whoever looks at once must not look too early.
  const quiet = upstream.onNotification((method, { notifications }) => {
    if (method !== ACKNOWLEDGED || unknown.size === 0) return;
    for (const uri of grantedIn(notifications)) if (unknown.delete(uri)) missed(uri);
  });
  const wanted: JsonObject = { notifications: { resourceSubscriptions: [...uris] } };
  const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  void over.then(quiet);
  keepListening({
    clock,
    listen: () => upstream.request('subscriptions/listen', wanted, { signal }),
    missed: () => {
      for (const uri of uris) unknown.add(uri);
    },
    closed: over,
  });
}

function grantedIn(notifications: unknown): readonly string[] {
  const granted = isObject(notifications) ? notifications.resourceSubscriptions : undefined;
  return Array.isArray(granted) ? granted.filter((uri) => typeof uri === 'string') : [];
}
