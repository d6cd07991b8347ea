/** Work that others do for us (a request, a child process) must not hang us: it ends by its deadline or by its caller's signal. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';

export interface Deadline {
  readonly ms: number;
  /** What the work rejects with when time is up. */
  readonly expired: () => Error;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

type Work<T> = (signal: AbortSignal) => Promise<T>;

/** Settles by the deadline even when `work` ignores its signal. Rejects with the caller's reason when the caller aborts. */
export function withDeadline<T>(work: Work<T>, { ms, expired, signal, clock = systemClock }: Deadline): Promise<T> {
  const timeUp = new AbortController();
  const cancelTimer = clock.after(ms, () => timeUp.abort(expired()));
  return withSignals(work, [signal, timeUp.signal]).finally(cancelTimer);
}

/**
 * Settles when `work` does or when one of the signals fires, then with its reason.
 * Leaves nothing behind on signals that outlive the work, as AbortSignal.any does on older Node.
 */
export async function withSignals<T>(work: Work<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  const ending = new AbortController();
  const watched = signals.filter((signal) => signal !== undefined);
  for (const signal of watched) signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      const reason = watched.find((signal) => signal.aborted)?.reason;
      ending.abort(reason);
      reject(reason);
    };
  });
  for (const signal of watched) signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([aborted, work(ending.signal)]);
  } finally {
    for (const signal of watched) signal.removeEventListener('abort', onAbort);
  }
}
