/** Keeps the best of many scores without sorting them all. */

export interface Ranked {
  readonly slot: number;
  readonly score: number;
}

/** Decides between equal scores; a strict order. */
export type IsBefore = (slot: number, other: number) => boolean;

/** A binary heap (Williams 1964) in flat arrays with the worst kept entry on top; of equal scores the slot that comes before is better. */
export class BestFew {
  readonly #slots: Uint32Array;
  readonly #scores: Float64Array;
  readonly #limit: number;
  readonly #isBefore: IsBefore;
  #size = 0;

  constructor(limit: number, isBefore: IsBefore = (slot, other) => slot < other) {
    this.#isBefore = isBefore;
    this.#limit = Math.max(0, limit);
    this.#slots = new Uint32Array(this.#limit);
    this.#scores = new Float64Array(this.#limit);
  }

  /** The worst score that is kept, or minus infinity while there is room. */
  get threshold(): number {
    return this.#size < this.#limit ? Number.NEGATIVE_INFINITY : (this.#scores[0] ?? Number.POSITIVE_INFINITY);
  }

  wants(slot: number, score: number): boolean {
    if (this.#size < this.#limit) return true;
    const worst = this.#scores[0] ?? Number.POSITIVE_INFINITY;
    return score > worst || (score === worst && this.#isBefore(slot, this.#slots[0] ?? 0));
  }

  /** Only for what it `wants`. */
  put(slot: number, score: number): void {
    if (this.#size < this.#limit) this.#rise(this.#size++, slot, score);
    else this.#sink(slot, score);
  }

  /** Best first; empties the heap, whose top is the worst that is left. */
  sorted(): Ranked[] {
    const sorted = new Array<Ranked>(this.#size);
    while (this.#size > 0) {
      const last = --this.#size;
      sorted[last] = { slot: this.#slots[0] ?? 0, score: this.#scores[0] ?? 0 };
      this.#sink(this.#slots[last] ?? 0, this.#scores[last] ?? 0);
    }
    return sorted;
  }

  #rise(from: number, slot: number, score: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(slot, score, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#slots[at] = slot;
    this.#scores[at] = score;
  }

  #sink(slot: number, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isWorse(this.#slots[child + 1] ?? 0, this.#scores[child + 1] ?? 0, child))
        child++;
      if (this.#isWorse(slot, score, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#slots[at] = slot;
    this.#scores[at] = score;
  }

  #isWorse(slot: number, score: number, than: number): boolean {
    const other = this.#scores[than] ?? 0;
    return score < other || (score === other && this.#isBefore(this.#slots[than] ?? 0, slot));
  }

  #move(from: number, to: number): void {
    this.#slots[to] = this.#slots[from] ?? 0;
    this.#scores[to] = this.#scores[from] ?? 0;
  }
}
