/** Lets so much work run at a time; the rest waits in the order in which it came. */
import { Line } from './line.ts';

export interface TurnOptions {
  /** Ends the waiting, not the work. */
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
}

export class Turns {
  #free: number;
  readonly #line = new Line<void>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Settles like `work`, or rejects with the signal's reason if that aborts before its turn. */
  async run<Value>(work: () => Promise<Value>, { signal, onWait }: TurnOptions = {}): Promise<Value> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      onWait?.();
      await this.#line.wait(undefined, signal);
    }
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#next();
    }
  }

  /** The place goes straight to the first in the line. */
  #next(): void {
    const next = this.#line.next();
    if (next) next.admit();
    else this.#free++;
  }
}
