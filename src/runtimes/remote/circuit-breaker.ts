/** Leaves a server alone that fails again and again, and tries it with one request before all others come back. */
import type { Clock } from '../../stdx/clock.ts';

const FAILURES_MAX = 5;
const FIRST_REST_MS = 5_000;
const REST_MS_MAX = 60_000;

/** What a request came to; whoever gave up says nothing about the server. */
export type Outcome = 'success' | 'failure' | 'cancelled';

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly restMs: number }
  | { readonly kind: 'half-open'; readonly restMs: number };

/** A token for one request; `end` has to be called once. */
export interface Passage {
  end(outcome: Outcome): void;
}

export class CircuitBreaker {
  readonly #clock: Clock;
  #state: State = { kind: 'closed', failures: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A passage, or the milliseconds after which to ask again. */
  enter(): Passage | number {
    const state = this.#state;
    if (state.kind === 'closed') return { end: (outcome) => this.#ended(outcome) };
    // The probe under way decides; how long it takes nobody knows.
    if (state.kind === 'half-open') return FIRST_REST_MS;
    const leftMs = state.untilMs - this.#clock.now();
    if (leftMs > 0) return Math.ceil(leftMs);
    this.#state = { kind: 'half-open', restMs: state.restMs };
    return { end: (outcome) => this.#probed(outcome, state.restMs) };
  }

  #ended(outcome: Outcome): void {
    // What comes back late, from before the circuit opened, decides nothing any more.
    if (this.#state.kind !== 'closed' || outcome === 'cancelled') return;
    const failures = outcome === 'success' ? 0 : this.#state.failures + 1;
    if (failures < FAILURES_MAX) this.#state = { kind: 'closed', failures };
    else this.#open(FIRST_REST_MS);
  }

  #probed(outcome: Outcome, restMs: number): void {
    if (outcome === 'success') this.#state = { kind: 'closed', failures: 0 };
    else if (outcome === 'failure') this.#open(Math.min(REST_MS_MAX, restMs * 2));
    else this.#state = { kind: 'open', untilMs: this.#clock.now(), restMs };
  }

  #open(restMs: number): void {
    this.#state = { kind: 'open', untilMs: this.#clock.now() + restMs, restMs };
  }
}
