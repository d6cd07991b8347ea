import { describe, expect, it } from 'vitest';
import { withDeadline, withSignals } from '../../../index/with-deadline.ts';

/** A clock whose only timer the test lets go off. */
function stoppedClock() {
  const timers: { ms: number; wake: () => void }[] = [];
  let cancelled = 0;
  return {
    now: () => 0,
    after: (ms: number, wake: () => void) => {
      timers.push({ ms, wake });
      return () => void cancelled++;
    },
    goOff: () => timers[0]?.wake(),
    get cancelled() {
      return cancelled;
    },
  };
}
const expired = () => new Error('too late');
const never = () => new Promise<never>(() => {});

describe('withDeadline', () => {
  it('gives the result and takes its timer back', async () => {
    const clock = stoppedClock();
    await expect(withDeadline(async () => 7, { ms: 5, expired, clock })).resolves.toBe(7);
    expect(clock.cancelled).toBe(1);
  });

  it('ends work that ignores its signal, and tells work that listens', async () => {
    const clock = stoppedClock();
    let told: AbortSignal | undefined;
    const work = (signal: AbortSignal) => {
      told = signal;
      return never();
    };
    const ended = withDeadline(work, { ms: 5, expired, clock });
    clock.goOff();
    await expect(ended).rejects.toThrow('too late');
    expect(told?.aborted).toBe(true);
  });

  it('begins nothing for a caller that has left', async () => {
    let begun = false;
    const work = async () => {
      begun = true;
    };
    const signal = AbortSignal.abort(new Error('left'));
    await expect(withDeadline(work, { ms: 5, expired, signal, clock: stoppedClock() })).rejects.toThrow('left');
    expect(begun).toBe(false);
  });
});

describe('withSignals', () => {
  it('rejects with the reason of the one that fires and leaves no listener behind', async () => {
    const quiet = new AbortController();
    const loud = new AbortController();
    const listeners = new Set<unknown>();
    for (const { signal } of [quiet, loud]) {
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
        listeners.add(args[1]);
        addEventListener.apply(signal, args);
      };
      signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
        listeners.delete(args[1]);
        removeEventListener.apply(signal, args);
      };
    }
    const ended = withSignals(never, [undefined, quiet.signal, loud.signal]);
    expect(listeners.size).toBeGreaterThan(0);
    loud.abort(new Error('loud'));
    await expect(ended).rejects.toThrow('loud');
    expect(listeners.size).toBe(0);
  });

  it('passes on why the work failed', async () => {
    await expect(withSignals(() => Promise.reject(new Error('own')), [new AbortController().signal])).rejects.toThrow(
      'own',
    );
  });
});
