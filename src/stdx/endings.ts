/** Waiting for what lasts long by many who come and go: a promise itself would keep each of them until it settles. */
import { Attendance } from './attendance.ts';

export class Endings {
  readonly #waiting = new WeakMap<Promise<unknown>, Attendance<(value: unknown) => void>>();

  /** What `ending` resolves with, and undefined as soon as the signal aborts; nothing is left then. It must not reject. */
  wait<Value>(ending: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const leave = this.#at(ending).enter((value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value as Value);
      });
      const onAbort = () => {
        leave();
        resolve(undefined);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #at(ending: Promise<unknown>): Attendance<(value: unknown) => void> {
    const known = this.#waiting.get(ending);
    if (known) return known;
    const waiting = new Attendance<(value: unknown) => void>();
    this.#waiting.set(ending, waiting);
    void ending.then((value) => {
      this.#waiting.delete(ending);
      for (const tell of waiting.all()) tell(value);
    });
    return waiting;
  }
}
