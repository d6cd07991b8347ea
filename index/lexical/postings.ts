/** Which documents hold a term, and with what impact: sorted typed arrays for most, a short unsorted tail for the newest. */
import type { PostingArrays } from './lexical-snapshot.ts';
import type { ScoreBoard } from './score-board.ts';

/** Term number to impact: what the term adds to the document's score before its rarity is weighed in. */
export type Impacts = ReadonlyMap<number, number>;

/** More documents than this in the tail are worth the merge (about 10 ms for 25,000 documents). */
const TAIL_DOCUMENTS = 256;
/** Merge when so large a share of the sorted postings belongs to removed documents. */
const DEAD_SHARE = 0.25;

/**
 * Log-structured like a search engine's segments, but only two: `sealed` is grouped by term (compressed sparse rows),
 * `tail` by document. Slots are small integers given by the owner, who learns here when one may be given again.
 */
export class Postings {
  #offsets: Uint32Array = new Uint32Array(1);
  #slots: Uint32Array = new Uint32Array(0);
  #impacts: Float32Array = new Float32Array(0);
  readonly #frequencies: number[] = [];
  readonly #dead = new Set<number>();
  #deadPostings = 0;
  readonly #tail = new Map<number, Impacts>();
  #free: number[] = [];

  /** In how many living documents the term stands. */
  documentFrequency(term: number): number {
    return this.#frequencies[term] ?? 0;
  }

  add(slot: number, impacts: Impacts): void {
    this.#tail.set(slot, impacts);
    for (const term of impacts.keys()) this.#count(term, 1);
  }

  /** One pass over the sorted postings however many slots go at once. */
  remove(slots: ReadonlySet<number>): void {
    const sealed = new Set<number>();
    for (const slot of slots) {
      for (const term of this.#tail.get(slot)?.keys() ?? []) this.#count(term, -1);
      if (this.#tail.delete(slot)) this.#free.push(slot);
      else sealed.add(slot);
    }
    if (sealed.size > 0) this.#bury(sealed);
  }

  /** Adds `weight x impact` to the score of every document that holds one of the terms; removed ones may be among them. */
  accumulate(weights: ReadonlyMap<number, number>, board: ScoreBoard): void {
    this.#merge();
    for (const [term, weight] of weights) {
      const to = this.#offsets[term + 1] ?? 0;
      board.addRun({ slots: this.#slots, impacts: this.#impacts }, { from: this.#offsets[term] ?? to, to, weight });
    }
    for (const [slot, impacts] of this.#tail) {
      for (const [term, weight] of weights) {
        const impact = impacts.get(term);
        if (impact !== undefined) board.add(slot, weight * Math.fround(impact));
      }
    }
  }

  /** Everything that lives, grouped by term; what is appended later is not in it. */
  arrays(): PostingArrays {
    this.#merge(true);
    return { offsets: this.#offsets, slots: this.#slots, impacts: this.#impacts };
  }

  /** Begins with what `arrays` gave; only for an empty instance. */
  restore({ offsets, slots, impacts }: PostingArrays): void {
    [this.#offsets, this.#slots, this.#impacts] = [offsets, slots, impacts];
    for (let term = 0; term + 1 < offsets.length; term++) {
      this.#frequencies[term] = (offsets[term + 1] ?? 0) - (offsets[term] ?? 0);
    }
  }

  /** Slots of removed documents that no posting names any more: they may be given again. */
  takeFreeSlots(): number[] {
    return this.#free.splice(0);
  }

  #count(term: number, by: number): void {
    this.#frequencies[term] = (this.#frequencies[term] ?? 0) + by;
  }

  #bury(slots: ReadonlySet<number>): void {
    for (let term = 0; term + 1 < this.#offsets.length; term++) {
      const end = this.#offsets[term + 1] ?? 0;
      for (let i = this.#offsets[term] ?? end; i < end; i++) {
        if (!slots.has(this.#slots[i] ?? 0)) continue;
        this.#count(term, -1);
        this.#deadPostings++;
      }
    }
    for (const slot of slots) this.#dead.add(slot);
  }

  /** A counting sort by term of what lives: linear, and the only time the arrays are written. */
  #merge(isForced = false): void {
    const isShort = this.#tail.size <= TAIL_DOCUMENTS && this.#deadPostings <= DEAD_SHARE * this.#slots.length;
    if (isShort && !isForced) return;
    const offsets = new Uint32Array(this.#frequencies.length + 1);
    for (let term = 0; term < this.#frequencies.length; term++) {
      offsets[term + 1] = (offsets[term] ?? 0) + (this.#frequencies[term] ?? 0);
    }
    const total = offsets[this.#frequencies.length] ?? 0;
    const [slots, impacts, next] = [new Uint32Array(total), new Float32Array(total), offsets.slice()];
    this.#eachLiving((term, slot, impact) => {
      const at = next[term] ?? 0;
      slots[at] = slot;
      impacts[at] = impact;
      next[term] = at + 1;
    });
    [this.#offsets, this.#slots, this.#impacts] = [offsets, slots, impacts];
    this.#free = this.#free.concat([...this.#dead]);
    this.#dead.clear();
    this.#deadPostings = 0;
    this.#tail.clear();
  }

  #eachLiving(visit: (term: number, slot: number, impact: number) => void): void {
    for (let term = 0; term + 1 < this.#offsets.length; term++) {
      const end = this.#offsets[term + 1] ?? 0;
      for (let i = this.#offsets[term] ?? end; i < end; i++) {
        const slot = this.#slots[i] ?? 0;
        if (!this.#dead.has(slot)) visit(term, slot, this.#impacts[i] ?? 0);
      }
    }
    for (const [slot, impacts] of this.#tail) {
      for (const [term, impact] of impacts) visit(term, slot, impact);
    }
  }
}
