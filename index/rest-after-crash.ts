/** Keeps a child process that crashes from being started over and over: it rests, longer each time, until it has lived for a while. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';
import { IndexError } from './index-error.ts';

export interface RestOptions {
  /** What rests, for the message. */
  readonly name: string;
  readonly firstMs: number;
  readonly clock?: Clock | undefined;
}

const LONGEST_MS = 60_000;
/** A life of that length clears what was before. */
const SETTLED_MS = 60_000;

export class RestAfterCrash {
  readonly #options: RestOptions;
  readonly #clock: Clock;
  #crashes = 0;
  #until = Number.NEGATIVE_INFINITY;
  #trouble = '';

  constructor(options: RestOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Throws what went wrong last, as `unreachable`, while the rest lasts. */
  check(): void {
    const restMs = this.#until - this.#clock.now();
    if (restMs <= 0) return;
    const when = `${this.#options.name} is started again in ${Math.ceil(restMs / 1000)} s at the earliest`;
    throw new IndexError('unreachable', `${this.#trouble}; ${when}`);
  }

  crashed(trouble: string, livedMs = 0): void {
    this.#crashes = livedMs > SETTLED_MS ? 0 : this.#crashes + 1;
    if (this.#crashes === 0) return;
    this.#trouble = trouble;
    this.#until =
      this.#clock.now() + Math.min(LONGEST_MS, this.#options.firstMs * 2 ** Math.min(this.#crashes - 1, 10));
  }
}
