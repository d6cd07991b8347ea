/** Cosines of the tools that a vector layer found nearest, by slot. */
import type { VectorHit } from './store/vector-store.ts';
import type { VectorLists } from './vector-evidence.ts';

/** Of tools that are not among the nearest only a ceiling is known: the last of the nearest; it stands in for them. */
export class Similarities {
  readonly #whole = new Map<number, number>();
  readonly #bestPart: Map<number, number>;
  readonly #wholeCeiling: number;
  readonly #partCeiling: number;
  /** For each part of a long request the cosines of its nearest tools. */
  readonly parts: readonly ReadonlyMap<number, number>[];

  /** Hits without a slot are of documents that went in the meantime. */
  constructor([whole = [], ...parts]: VectorLists, slotOf: (id: string) => number | undefined) {
    this.#bestPart = parts.length > 0 ? new Map<number, number>() : this.#whole;
    this.#wholeCeiling = whole.at(-1)?.similarity ?? 0;
    this.#partCeiling = Math.max(...(parts.length > 0 ? parts : [whole]).map((hits) => hits.at(-1)?.similarity ?? 0));
    const bySlot = (hits: readonly VectorHit[]) =>
      hits.flatMap(({ id, similarity }): [number, number][] => {
        const slot = slotOf(id);
        return slot === undefined ? [] : [[slot, similarity]];
      });
    for (const [slot, similarity] of bySlot(whole)) this.#whole.set(slot, similarity);
    this.parts = parts.map((hits) => new Map(bySlot(hits)));
    for (const part of this.parts) {
      for (const [slot, similarity] of part) {
        this.#bestPart.set(slot, Math.max(similarity, this.#bestPart.get(slot) ?? -1));
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
