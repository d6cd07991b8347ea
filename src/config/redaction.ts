/** Keeps the secrets of a configuration out of what is printed also after a reload brought others. */

type Redact = (text: string) => string;

export class Redaction {
  #redacts: readonly Redact[];

  constructor(first: Redact) {
    this.#redacts = [first];
  }

  /** Servers of the generation before are still being stopped, so its secrets stay hidden too. */
  add(redact: Redact): void {
    this.#redacts = [...this.#redacts.slice(-1), redact];
  }

  readonly redact: Redact = (text) => this.#redacts.reduce((masked, redact) => redact(masked), text);
}
