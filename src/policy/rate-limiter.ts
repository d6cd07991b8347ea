/** How often something may happen for each of many keys: one number a key, no timers. */
import type { Rate } from '../config/config.ts';

export interface RateLimiter {
  /** Milliseconds until it may happen again; 0 when it may now. Changes nothing. `nowMs` for whoever has asked the clock already. */
  waitMs(key: string, rate: Rate, nowMs?: number): number;
  /** It happens. */
  take(key: string, rate: Rate, nowMs?: number): void;
}

/** Many more than callers and tools of a minute; beyond them those are forgotten that may happen again soonest. */
const KEYS_MAX = 20_000;

/** By so much moments that are sums of many may be off. */
const INEXACT_MS = 0.001;

/**
 * The generic cell rate algorithm (ITU-T I.371): for each key the moment at which all that has happened would have been due,
 * had it come evenly. A whole period's count may come at once.
 */
export function createRateLimiter(now: () => number): RateLimiter {
  // Objects, because setting a number again makes another one, and a map whose keys come and go copies itself.
  const dues = new Map<string, Due>();
  return {
    waitMs(key, { count, perMs }, nowMs = now()) {
      return Math.max(0, Math.ceil(aheadMs(dues.get(key), nowMs, perMs) + perMs / count - perMs - INEXACT_MS));
    },
    take(key, { count, perMs }, nowMs = now()) {
      const due = dues.get(key);
      const at = nowMs + aheadMs(due, nowMs, perMs) + perMs / count;
      if (due) due.at = at;
      else dues.set(key, { at });
      if (dues.size > KEYS_MAX) forget(dues, nowMs);
    },
  };
}

interface Due {
  at: number;
}

/** Nobody can be more than a period ahead, but by a slower rate that was another time's. */
const aheadMs = (due: Due | undefined, nowMs: number, perMs: number) =>
  due === undefined ? 0 : Math.min(perMs, Math.max(0, due.at - nowMs));

/** Those that are due may happen anyway; then those that are due next, so many that it is not soon done again. */
function forget(dues: Map<string, Due>, nowMs: number): void {
  for (const [key, { at }] of dues) if (at <= nowMs) dues.delete(key);
  if (dues.size <= KEYS_MAX) return;
  const soonest = [...dues].sort(([, one], [, other]) => one.at - other.at).slice(0, KEYS_MAX / 10);
  for (const [key] of soonest) dues.delete(key);
}
