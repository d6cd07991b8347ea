/** Lets so many in at a time; the others wait in the order in which they came. */
import { GatewayError } from '../errors.ts';
import { Line } from '../stdx/line.ts';

export interface GateOptions {
  readonly limit: number;
  /** How many may wait; one more is refused with SERVER_BUSY. */
  readonly waitingMax: number;
  /** What it is that is full, for messages: `Server "x"`. */
  readonly what: string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** How much the latest stay counts in the mean of all. */
const LATEST_WEIGHT = 0.2;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 60_000;

export class Gate {
  readonly #options: GateOptions;
  readonly #line = new Line<void>();
  #inside = 0;
  #meanStayMs: number | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Resolves with the way out, to be called once (more often does no harm). Rejects with the signal's reason. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#inside < this.#options.limit) this.#inside++;
    else if (this.#line.length >= this.#options.waitingMax) throw this.#full();
    else await this.#line.wait(undefined, signal);
    return this.#wayOut();
  }

  /** As `enter`, at once; undefined when that is full. Nobody who waits is overtaken: there are only such while it is full. */
  enterNow(): (() => void) | undefined {
    if (this.#inside >= this.#options.limit) return undefined;
    this.#inside++;
    return this.#wayOut();
  }

  #wayOut(): () => void {
    let isOut = false;
    const sinceMs = this.#options.now();
    return () => {
      if (isOut) return;
      isOut = true;
      this.#noteStay(this.#options.now() - sinceMs);
      this.#letNextIn();
    };
  }

  /** The place goes straight to the first in the queue, so that nobody who comes now can overtake. */
  #letNextIn(): void {
    const next = this.#line.next();
    if (next) next.admit();
    else this.#inside--;
  }

  #noteStay(stayMs: number): void {
    const mean = this.#meanStayMs ?? stayMs;
    this.#meanStayMs = mean + LATEST_WEIGHT * (stayMs - mean);
  }

  /** When the line will have moved on by one, as far as earlier stays tell. */
  #retryAfterMs(): number {
    const expected = (this.#meanStayMs ?? 1000) / this.#options.limit;
    return Math.ceil(Math.min(RETRY_MS_MAX, Math.max(RETRY_MS_MIN, expected)));
  }

  #full(): GatewayError {
    const { what, limit, waitingMax } = this.#options;
    const retryAfterMs = this.#retryAfterMs();
    return new GatewayError('SERVER_BUSY', `${what} is busy: ${limit} calls run and ${waitingMax} wait`, {
      hint: `Call again in ${Math.ceil(retryAfterMs / 1000)} s, or raise \`limits.concurrency\`, \`limits.queue\` or \`pool.max\` of the server.`,
      data: { retryAfterMs },
    });
  }
}
