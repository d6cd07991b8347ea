/** How long to leave a server alone that fails again and again: 1, 2, 4 ... seconds, and forgotten once it does well. */

const FIRST_DELAY_MS = 1_000;
const DELAY_MS_MAX = 60_000;
/** One failed start may be an accident. */
const FREE_FAILED_STARTS = 1;
/** A process that opens and dies costs its caller one error each; a few of these are left to the caller's judgement. */
const FREE_EARLY_DEATHS = 4;

export class BackOff {
  #failedStarts = 0;
  #earlyDeaths = 0;

  /** Failures in a row, of both kinds. */
  get failures(): number {
    return this.#failedStarts + this.#earlyDeaths;
  }

  /** Milliseconds to wait after this failure; zero means that the next caller may try at once. */
  failed(how: 'start' | 'early-death'): number {
    if (how === 'start') this.#failedStarts++;
    else this.#earlyDeaths++;
    const excess = Math.max(this.#failedStarts - FREE_FAILED_STARTS, this.#earlyDeaths - FREE_EARLY_DEATHS);
    return excess <= 0 ? 0 : Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (excess - 1));
  }

  /** A start went well; whether the server is of any use is still to be seen. */
  started(): void {
    this.#failedStarts = 0;
  }

  /** The server did something useful, or lived long enough: what was before does not count any more. */
  forget(): void {
    this.#failedStarts = 0;
    this.#earlyDeaths = 0;
  }
}
