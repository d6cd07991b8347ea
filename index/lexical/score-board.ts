/** Scores of the documents that a query touched: reused from query to query, so that searching allocates next to nothing. */
import { BestFew, type IsBefore, type Ranked } from '../best-few.ts';

export interface Choice {
  readonly limit: number;
  readonly accept: (slot: number) => boolean;
  readonly isBefore?: IsBefore;
}

/** Slots with an impact each, side by side. */
interface Columns {
  readonly slots: Uint32Array;
  readonly impacts: Float32Array;
}

/** The rows `from` to before `to`. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** Where more than one in so many slots is touched, forgetting all at once is quicker. */
const MANY = 16;

export class ScoreBoard {
  #scores = new Float32Array(0);
  #touched = new Uint32Array(0);
  #count = 0;

  /** Makes room for slots below `size` and forgets all scores. */
  reset(size: number): void {
    if (this.#count > this.#scores.length / MANY) this.#scores.fill(0);
    else for (let i = 0; i < this.#count; i++) this.#scores[this.#touched[i] ?? 0] = 0;
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

  /** The same for many slots: each gets `weight` times its impact, which must be positive. */
  addRun({ slots, impacts }: Columns, { from, to, weight }: Run): void {
    const [scores, touched] = [this.#scores, this.#touched];
    let count = this.#count;
    for (let i = from; i < to; i++) {
      const slot = slots[i] ?? 0;
      const before = scores[slot] ?? 0;
      if (before === 0) touched[count++] = slot;
      scores[slot] = before + weight * (impacts[i] ?? 0);
    }
    this.#count = count;
  }

  score(slot: number): number {
    return this.#scores[slot] ?? 0;
  }

  touched(): Uint32Array {
    return this.#touched.subarray(0, this.#count);
  }

  /** The best slots that the choice accepts, best first. */
  top({ limit, accept, isBefore }: Choice): Ranked[] {
    const best = new BestFew(limit, isBefore);
    const [scores, touched, count] = [this.#scores, this.#touched, this.#count];
    let threshold = best.threshold;
    for (let i = 0; i < count; i++) {
      const slot = touched[i] ?? 0;
      const score = scores[slot] ?? 0;
      if (score < threshold || !best.wants(slot, score) || !accept(slot)) continue;
      best.put(slot, score);
      threshold = best.threshold;
    }
    return best.sorted();
  }
}
