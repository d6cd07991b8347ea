/** Tells a server that chats on its standard output from one that floods it. */
import type { Clock } from '../stdx/clock.ts';

/** So much within one window, without a message in between, is no server speaking MCP. */
const COST_MAX = 64 * 1024 * 1024;
const WINDOW_MS = 10_000;
/** What a line costs besides its bytes: a flood of short lines takes as much time as one of long lines. */
const COST_PER_LINE = 64;

export class NoiseMeter {
  readonly #clock: Clock;
  #cost = 0;
  #windowEndsMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one line that is no message; true when there are too many of them. */
  add(bytes: number): boolean {
    const nowMs = this.#clock.now();
    if (nowMs >= this.#windowEndsMs) {
      this.#windowEndsMs = nowMs + WINDOW_MS;
      this.#cost = 0;
    }
    this.#cost += bytes + COST_PER_LINE;
    return this.#cost > COST_MAX;
  }

  /** A message came: whoever speaks properly may chat as well. */
  forgive(): void {
    this.#cost = 0;
  }
}
