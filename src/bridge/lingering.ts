/** Streams that go on behind the answer that they were for: a server should end them, and each holds a connection. */
import type { Clock } from '../stdx/clock.ts';

/** Long enough for what a server says right behind its answer. */
const LINGER_MS = 1_000;
/** Of one server at a time; whatever it answers beyond that ends the oldest. */
const LINGERING_MAX = 256;

export interface LingeringStream {
  /** Ends it: nobody reads it any further. */
  leave(): void;
}

export class Lingering {
  readonly #clock: Clock;
  /** In the order in which they were answered. */
  readonly #streams = new Map<LingeringStream, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From its answer on; one that is here already stays no longer for that. */
  add(stream: LingeringStream): void {
    if (this.#streams.has(stream)) return;
    this.#streams.set(stream, this.#clock.now());
    this.#cancel ??= this.#clock.after(LINGER_MS, () => this.#sweep());
    if (this.#streams.size > LINGERING_MAX) this.#endOldest();
  }

  /** It ended by itself; one that is not here does no harm. */
  delete(stream: LingeringStream): void {
    this.#streams.delete(stream);
  }

  /** Without ending them. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#streams.clear();
  }

  #sweep(): void {
    this.#cancel = undefined;
    const nowMs = this.#clock.now();
    for (const [stream, sinceMs] of this.#streams) {
      const leftMs = sinceMs + LINGER_MS - nowMs;
      if (leftMs > 0) {
        this.#cancel = this.#clock.after(leftMs, () => this.#sweep());
        return;
      }
      this.#end(stream);
    }
  }

  #endOldest(): void {
    const [oldest] = this.#streams.keys();
    if (oldest) this.#end(oldest);
  }

  #end(stream: LingeringStream): void {
    this.#streams.delete(stream);
    stream.leave();
  }
}
