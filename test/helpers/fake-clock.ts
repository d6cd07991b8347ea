/** A clock that a test moves by hand. */
import type { Clock } from '../../src/stdx/clock.ts';

export interface FakeClock extends Clock {
  /** Lets so much time pass: wakes what is due, in order, and lets promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Timers that still wait. */
  readonly waiting: number;
}

interface Timer {
  readonly dueMs: number;
  readonly wake: () => void;
}

export function fakeClock(): FakeClock {
  let nowMs = 0;
  const timers = new Set<Timer>();
  const nextDue = (untilMs: number) =>
    [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  return {
    now: () => nowMs,
    after(delayMs, wake) {
      const timer = { dueMs: nowMs + delayMs, wake };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get waiting() {
      return timers.size;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (let timer = nextDue(untilMs); timer; timer = nextDue(untilMs)) {
        timers.delete(timer);
        nowMs = timer.dueMs;
        timer.wake();
        await settled();
      }
      nowMs = untilMs;
      await settled();
    },
  };
}

/** Resolves when all promises that can settle without time or input have done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
