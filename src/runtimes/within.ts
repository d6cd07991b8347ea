/** Waiting for something that may not come. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `event` settles, or after `ms`; the timer goes with it. */
export async function within(ms: number, event: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([event, sleep(ms, undefined, { signal: timer.signal })]).catch(() => undefined);
  timer.abort();
}
