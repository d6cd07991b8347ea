/** BM25F over tool documents: finds tools by the words that they share with the request, and needs no model. */
import type { ToolDocument } from '../tool-document.ts';
import { documentTerms, terms } from './document-terms.ts';
import { Postings } from './postings.ts';
import type { ScoreBoard } from './score-board.ts';
import type { WordStatistics } from './word-statistics.ts';

/** Saturation: how soon more of the same word stops paying. */
const K1 = 1.8;
/** How much a long document is held against itself, 0 to 1. */
const B = 0.75;
/** Weighted words of an ordinary tool: a constant, so that adding a document changes no other document's impact. */
const ORDINARY_LENGTH = 45;

/** A request ready to be scored: term number to its weight, rarity included. */
export interface LexicalQuery {
  readonly weights: ReadonlyMap<number, number>;
  /** What every term together could weigh, unknown ones counted: the ceiling for `covered`. */
  readonly mass: number;
}

/**
 * BM25 with fields weighed before saturation (Robertson, Zaragoza and Taylor 2004, "Simple BM25 extension to multiple
 * weighted fields") and document frequencies smoothed with a background collection.
 */
export class LexicalIndex {
  readonly #statistics: WordStatistics;
  readonly #numbers = new Map<string, number>();
  readonly #postings = new Postings();
  #documents = 0;

  constructor(statistics: WordStatistics) {
    this.#statistics = statistics;
  }

  add(slot: number, document: ToolDocument): void {
    const { frequencies, length } = documentTerms(document);
    const norm = K1 * (1 - B + (B * length) / ORDINARY_LENGTH);
    const impacts = new Map<number, number>();
    for (const [term, frequency] of frequencies) {
      impacts.set(this.#number(term), (frequency * (K1 + 1)) / (frequency + norm));
    }
    this.#postings.add(slot, impacts);
    this.#documents++;
  }

  remove(slots: ReadonlySet<number>): void {
    this.#postings.remove(slots);
    this.#documents -= slots.size;
  }

  takeFreeSlots(): number[] {
    return this.#postings.takeFreeSlots();
  }

  /** Each word counts once, however often it is said. `boosted` words weigh `boost` times as much. */
  query(text: string, boosted: readonly string[] = [], boost = 2): LexicalQuery {
    const strong = new Set(terms(boosted.join(' ')));
    const weights = new Map<number, number>();
    let mass = 0;
    for (const term of new Set([...terms(text), ...strong])) {
      const weight = (strong.has(term) ? boost : this.#statistics.requestWeight(term)) * this.#rarity(term);
      mass += weight;
      const number = this.#numbers.get(term);
      if (number !== undefined && weight > 0) weights.set(number, weight);
    }
    return { weights, mass };
  }

  /** Adds the scores of every document that shares a term with the query. */
  score(query: LexicalQuery, board: ScoreBoard): void {
    this.#postings.accumulate(query.weights, board);
  }

  /** Inverse document frequency of Robertson and Spärck Jones with the background as so many more documents. */
  #rarity(term: string): number {
    const { backgroundDocuments } = this.#statistics;
    const number = this.#numbers.get(term);
    const own = number === undefined ? 0 : this.#postings.documentFrequency(number);
    const frequency = own + backgroundDocuments * this.#statistics.documentShare(term);
    return Math.log(1 + (this.#documents + backgroundDocuments - frequency + 0.5) / (frequency + 0.5));
  }

  #number(term: string): number {
    const known = this.#numbers.get(term);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(term, number);
    return number;
  }
}
