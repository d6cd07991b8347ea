/** Bounds a start in time, and lets the caller give up earlier, with one signal for everything that happens meanwhile. */
import type { Clock } from '../stdx/clock.ts';
import { startTimeoutError } from './server-errors.ts';

export interface StartDeadline {
  readonly server: string;
  readonly startTimeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly stderrTail: () => string[];
}

/** Runs `start` under a signal that is aborted with START_TIMEOUT, or with the caller's own reason. */
export async function withStartDeadline<T>(
  deadline: StartDeadline,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { server, startTimeoutMs, clock } = deadline;
  const timer = new AbortController();
  const timeOut = () => timer.abort(startTimeoutError(server, startTimeoutMs, deadline.stderrTail()));
  const cancelTimer = clock.after(startTimeoutMs, timeOut);
  try {
    return await start(deadline.signal ? AbortSignal.any([timer.signal, deadline.signal]) : timer.signal);
  } finally {
    cancelTimer();
  }
}
