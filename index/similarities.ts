/** Cosines of the tools that a vector layer found nearest, by slot. */
import type { VectorHit } from './store/vector-store.ts';
import type { VectorLists } from './vector-evidence.ts';

/** Of tools that are not among the nearest only a ceiling is known: the last of the nearest; it stands in for them. */
export class Similarities {
  readonly #whole: ReadonlyMap<number, number>;
  readonly #bestPart: ReadonlyMap<number, number>;
  readonly #wholeCeiling: number;
  readonly #partCeiling: number;
  /** For each part of a long request the cosines of its nearest tools. */
  readonly parts: readonly ReadonlyMap<number, number>[];

  /** Hits without a slot are of documents that went in the meantime. */
  constructor([whole = [], ...parts]: VectorLists, slotOf: (id: string) => number | undefined) {
    this.#wholeCeiling = whole.at(-1)?.similarity ?? 0;
    this.#partCeiling = Math.max(...(parts.length > 0 ? parts : [whole]).map((hits) => hits.at(-1)?.similarity ?? 0));
    const bySlot = (hits: readonly VectorHit[]) => {
      const cosines = new Map<number, number>();
      for (const { id, similarity } of hits) {
        const slot = slotOf(id);
        if (slot !== undefined) cosines.set(slot, similarity);
      }
      return cosines;
    };
    this.#whole = bySlot(whole);
    const bestPart = new Map<number, number>();
    this.#bestPart = parts.length > 0 ? bestPart : this.#whole;
    this.parts = parts.map(bySlot);
    for (const part of this.parts) {
      for (const [slot, similarity] of part) {
        bestPart.set(slot, Math.max(similarity, bestPart.get(slot) ?? -1));
      }
    }
  }

  /** The nearest tools by the whole request and by its parts; some may come twice. */
  *slots(): IterableIterator<number> {
    yield* this.#whole.keys();
    if (this.#bestPart !== this.#whole) yield* this.#bestPart.keys();
  }

  cosine(slot: number): number {
    return this.#whole.get(slot) ?? this.#wholeCeiling;
  }

  bestPart(slot: number): number {
    return this.#bestPart.get(slot) ?? this.#partCeiling;
  }
}
