/** Lets so much work run at a time; the rest waits in the order in which it came. */
import { abortable } from './abort.ts';

export interface TurnOptions {
  /** Ends the waiting, not the work. */
  readonly signal: AbortSignal;
  readonly onWait: () => void;
}

export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Settles like `work`, or rejects with the signal's reason if that aborts before its turn. */
  async run<Value>(work: () => Promise<Value>, { signal, onWait }: TurnOptions): Promise<Value> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      onWait();
      await this.#wait(signal);
    }
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    let admit: () => void = () => {};
    const admitted = new Promise<void>((resolve) => {
      admit = resolve;
    });
    this.#waiting.add(admit);
    try {
      await abortable(admitted, signal);
    } catch (reason) {
      // Whoever was let in and aborted in the same turn hands its place on.
      if (!this.#waiting.delete(admit)) this.#next();
      throw reason;
    }
  }

  /** The place goes straight to the first in the line. */
  #next(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#free++;
      return;
    }
    this.#waiting.delete(first);
    first();
  }
}
