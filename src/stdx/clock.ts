/** Time as a port, so that tests decide when it passes. Monotonic: it never jumps with the wall clock. */
export interface Clock {
  /** Milliseconds since an arbitrary start. */
  now(): number;
  /** Calls `wake` once after `delayMs`, or 24 days if that is less; the returned function takes it back. Never keeps the process alive. */
  after(delayMs: number, wake: () => void): () => void;
}

/** A timer of the platform that is to wait longer does not wait at all. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(delayMs, TIMER_MS_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
