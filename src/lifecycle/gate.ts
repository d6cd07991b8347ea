/** Lets so many in at a time; the others wait in the order in which they came. */
import { GatewayError } from '../errors.ts';

export interface GateOptions {
  readonly limit: number;
  /** How many may wait; one more is refused with SERVER_BUSY. */
  readonly waitingMax: number;
  /** What it is that is full, for messages: `Server "x"`. */
  readonly what: string;
}

interface Waiter {
  readonly admit: () => void;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #waiting = new Set<Waiter>();
  #inside = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Resolves with the way out, to be called once (more often does no harm). Rejects with the signal's reason. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#inside < this.#options.limit) this.#inside++;
    else await this.#wait(signal);
    return this.#wayOut();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#options.waitingMax) return Promise.reject(this.#full());
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #wayOut(): () => void {
    let isOut = false;
    return () => {
      if (isOut) return;
      isOut = true;
      this.#letNextIn();
    };
  }

  /** The place goes straight to the first in the queue, so that nobody who comes now can overtake. */
  #letNextIn(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#inside--;
      return;
    }
    this.#waiting.delete(first);
    first.admit();
  }

  #full(): GatewayError {
    const { what, limit, waitingMax } = this.#options;
    return new GatewayError('SERVER_BUSY', `${what} is busy: ${limit} calls run and ${waitingMax} wait`, {
      hint: 'Call again in a moment, or raise `limits.concurrency` of the server.',
    });
  }
}
