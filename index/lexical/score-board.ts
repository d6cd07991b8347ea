/** Scores of the documents that a query touched: reused from query to query, so that searching allocates next to nothing. */
import { BestFew, type IsBefore, type Ranked } from '../best-few.ts';

export interface Choice {
  readonly limit: number;
  readonly accept: (slot: number) => boolean;
  readonly isBefore?: IsBefore;
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

  /** Keeps the higher of the old and the new score. */
  raise(slot: number, score: number): void {
    const before = this.#scores[slot] ?? 0;
    if (before === 0) this.#touched[this.#count++] = slot;
    if (score > before) this.#scores[slot] = score;
  }

  score(slot: number): number {
    return this.#scores[slot] ?? 0;
  }

  /** Highest score that `accept` takes; 0 when there is none. */
  best(accept: (slot: number) => boolean): number {
    let best = 0;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#touched[i] ?? 0;
      const score = this.#scores[slot] ?? 0;
      if (score > best && accept(slot)) best = score;
    }
    return best;
  }

  touched(): Uint32Array {
    return this.#touched.subarray(0, this.#count);
  }

  /** The best slots that the choice accepts, best first. */
  top({ limit, accept, isBefore }: Choice): Ranked[] {
    const best = new BestFew(limit, isBefore);
    let threshold = best.threshold;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#touched[i] ?? 0;
      const score = this.#scores[slot] ?? 0;
      if (score < threshold || !best.wants(slot, score) || !accept(slot)) continue;
      best.put(slot, score);
      threshold = best.threshold;
    }
    return best.sorted();
  }
}
