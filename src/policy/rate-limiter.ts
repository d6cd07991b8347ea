/** How often something may happen for each of many keys: one number a key, no timers. */
import type { Rate } from '../config/config.ts';

export interface RateLimiter {
  /** Milliseconds until it may happen again; 0 when it may now. Changes nothing. */
  waitMs(key: string, rate: Rate): number;
  /** It happens. */
  take(key: string, rate: Rate): void;
}

/** Many more than callers and tools of a minute; beyond them the longest unused are forgotten. */
const KEYS_MAX = 20_000;

/**
 * The generic cell rate algorithm (ITU-T I.371): for each key the moment at which all that has happened would have been due,
 * had it come evenly. A whole period's count may come at once.
 */
export function createRateLimiter(now: () => number): RateLimiter {
  const dueAt = new Map<string, number>();
  const due = (key: string) => Math.max(dueAt.get(key) ?? 0, now());
  return {
    waitMs: (key, { count, perMs }) => Math.max(0, Math.ceil(due(key) + perMs / count - perMs - now())),
    take(key, { count, perMs }) {
      const next = due(key) + perMs / count;
      dueAt.delete(key);
      dueAt.set(key, next);
      if (dueAt.size > KEYS_MAX) forget();
    },
  };

  function forget(): void {
    const at = now();
    for (const [key, moment] of dueAt) if (moment <= at) dueAt.delete(key);
    for (const key of dueAt.keys()) {
      if (dueAt.size <= KEYS_MAX) return;
      dueAt.delete(key);
    }
  }
}
