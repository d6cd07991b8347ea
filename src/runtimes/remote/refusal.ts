/** Remembers that no token would do, so that a server which wants a login is not asked again by every call. */
import type { Clock } from '../../stdx/clock.ts';

/** After so long it is tried once more: the server, not the login, may have changed. */
const FINAL_MS = 60_000;
/** An authorization server that is down may be up again soon. */
const PASSING_MS = 3_000;

export class Refusal {
  readonly #clock: Clock;
  #standing: { readonly error: Error; readonly untilMs: number; readonly stamp: string | undefined } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws the error again while it holds; another `stamp` means that there is a new login to try. */
  check(stamp: string | undefined): void {
    const standing = this.#standing;
    if (!standing) return;
    if (standing.stamp === stamp && this.#clock.now() < standing.untilMs) throw standing.error;
    this.#standing = undefined;
  }

  note<E extends Error>(error: E, stamp: string | undefined, how: 'final' | 'passing'): E {
    const untilMs = this.#clock.now() + (how === 'final' ? FINAL_MS : PASSING_MS);
    this.#standing = { error, untilMs, stamp };
    return error;
  }
}
