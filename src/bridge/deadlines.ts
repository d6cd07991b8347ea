/** One timer for the deadlines of all calls on a connection: one for each would cost as much as the rest of a call. */
import type { Clock } from '../stdx/clock.ts';

export interface Due {
  /** On the clock; infinity for never. */
  readonly dueMs: number;
  /** It is later than `dueMs`, which says something else afterwards. */
  due(): void;
}

/** The timer outlives the call for which it was set; when it fires, it is set for the next that is due, if there is one. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #all: () => readonly Due[];
  #armedMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** `all` gives them as they are at that moment. */
  constructor(clock: Clock, all: () => readonly Due[]) {
    this.#clock = clock;
    this.#all = all;
  }

  /** To be told of each new one. */
  watch({ dueMs }: Due): void {
    if (dueMs < this.#armedMs) this.#arm(dueMs);
  }

  close(): void {
    this.#cancel?.();
    this.#armedMs = Number.POSITIVE_INFINITY;
  }

  #arm(dueMs: number): void {
    this.#cancel?.();
    this.#armedMs = dueMs;
    this.#cancel = this.#clock.after(dueMs - this.#clock.now(), () => this.#fire());
  }

  #fire(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.now();
    for (const each of this.#all()) if (each.dueMs <= nowMs) each.due();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#all()) nextMs = Math.min(nextMs, dueMs);
    if (nextMs < this.#armedMs) this.#arm(nextMs);
  }
}
