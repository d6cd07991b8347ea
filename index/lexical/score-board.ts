/** Scores of the documents that a query touched: reused from query to query, so that searching allocates next to nothing. */

export interface Ranked {
  readonly slot: number;
  readonly score: number;
}

export class ScoreBoard {
  #scores = new Float32Array(0);
  #touched = new Uint32Array(0);
  #count = 0;

  /** Makes room for slots below `size` and forgets all scores. */
  reset(size: number): void {
    for (let i = 0; i < this.#count; i++) this.#scores[this.#touched[i] ?? 0] = 0;
    this.#count = 0;
    if (size <= this.#scores.length) return;
    this.#scores = new Float32Array(size * 2);
    this.#touched = new Uint32Array(size * 2);
  }

  /** `score` must be positive: zero marks an untouched slot. */
  add(slot: number, score: number): void {
    const before = this.#scores[slot] ?? 0;
    if (before === 0) this.#touched[this.#count++] = slot;
    this.#scores[slot] = before + score;
  }

  score(slot: number): number {
    return this.#scores[slot] ?? 0;
  }

  touched(): Uint32Array {
    return this.#touched.subarray(0, this.#count);
  }

  /** The best `limit` slots that `accept` takes, best first; equal scores keep the lower slot. */
  top(limit: number, accept: (slot: number) => boolean): Ranked[] {
    const best = new BestFew(limit);
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#touched[i] ?? 0;
      const score = this.#scores[slot] ?? 0;
      if (best.wants(slot, score) && accept(slot)) best.put(slot, score);
    }
    return best.sorted();
  }
}

/** A bounded binary heap with the worst kept entry on top. */
export class BestFew {
  readonly #heap: Ranked[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  wants(slot: number, score: number): boolean {
    const worst = this.#heap[0];
    return this.#heap.length < this.#limit || (worst !== undefined && isBetter({ slot, score }, worst));
  }

  /** Only for what it `wants`. */
  put(slot: number, score: number): void {
    if (this.#heap.length < this.#limit) {
      this.#heap.push({ slot, score });
      this.#up(this.#heap.length - 1);
    } else {
      this.#heap[0] = { slot, score };
      this.#down();
    }
  }

  sorted(): Ranked[] {
    return [...this.#heap].sort((a, b) => b.score - a.score || a.slot - b.slot);
  }

  #up(from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isWorse(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #down(): void {
    let parent = 0;
    for (;;) {
      let worst = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) if (this.#isWorse(child, worst)) worst = child;
      if (worst === parent) return;
      this.#swap(parent, worst);
      parent = worst;
    }
  }

  #isWorse(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    return a !== undefined && b !== undefined && isBetter(b, a);
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a && b) [this.#heap[i], this.#heap[j]] = [b, a];
  }
}

const isBetter = (a: Ranked, b: Ranked) => a.score > b.score || (a.score === b.score && a.slot < b.slot);
