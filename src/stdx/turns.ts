/** Lets so much work run at a time; the rest waits in the order in which it came, what is urgent before what is not. */
import { Line } from './line.ts';

export interface TurnOptions {
  /** Ends the waiting, not the work. */
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
  /** Asked whenever a place is free, for it may change. Default: it is not. */
  readonly isUrgent?: (() => boolean) | undefined;
}

export class Turns {
  #free: number;
  readonly #line = new Line<() => boolean>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Settles like `work`, or rejects with the signal's reason if that aborts before its turn. */
  async run<Value>(work: () => Promise<Value>, { signal, onWait, isUrgent = NEVER }: TurnOptions = {}): Promise<Value> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      onWait?.();
      await this.#line.wait(isUrgent, signal);
    }
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#next();
    }
  }

  /** The place goes straight to the next in the line. */
  #next(): void {
    const next = this.#line.next((isUrgent, isOtherUrgent) => isUrgent() && !isOtherUrgent());
    if (next) next.admit();
    else this.#free++;
  }
}

const NEVER = () => false;
