/** BM25F over tool documents: finds tools by the words that they share with the request, and needs no model. */
import type { ToolDocument } from '../tool-document.ts';
import { documentTerms, terms, termsOf } from './document-terms.ts';
import type { LexicalSnapshot, PostingArrays } from './lexical-snapshot.ts';
import { isOneSlipAway, NearWords } from './near-words.ts';
import { Postings } from './postings.ts';
import type { ScoreBoard } from './score-board.ts';
import { stem } from './stem.ts';
import { type Translation, Translator } from './translator.ts';
import type { WordStatistics } from './word-statistics.ts';
import { words } from './words.ts';

/** Saturation: how soon more of the same word stops paying. */
const K1 = 1.8;
/** How much a long document is held against itself, 0 to 1. */
const B = 0.75;
/** Weighted words of an ordinary tool: a constant, so that adding a document changes no other document's impact. */
const ORDINARY_LENGTH = 45;

/** A key word weighs so much more than another word of the request; one that the request lacks half of that. */
const BOOST = 2;
/** A translation may be the wrong one of several. */
const TRANSLATED = 0.7;
/** A word of the catalog that the unknown one is probably meant to be. */
const MISSPELT = 0.7;
/** The foreign word itself still finds tools described in its language. */
const FOREIGN_WORD = 0.7;
/** Words in fewer public tools than this may be foreign. */
const ENGLISH_SHARE = 1e-3;

/** Texts and unknown words remembered, so that a request and its parts are read once, whoever asks: not for the next request. */
const REMEMBERED = 32;

/** A text as it has been read. */
interface Reading {
  readonly found: readonly string[];
  /** Of each word found. */
  readonly stems: readonly string[];
  readonly terms: ReadonlySet<string>;
  readonly translation: Translation;
}

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
  readonly #nearWords = new NearWords();
  readonly #translator = new Translator();
  readonly #readings = new Map<string, Reading>();
  readonly #nearOf = new Map<string, readonly string[]>();
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
    this.#nearOf.clear();
  }

  remove(slots: ReadonlySet<number>): void {
    this.#postings.remove(slots);
    this.#documents -= slots.size;
    this.#nearOf.clear();
  }

  takeFreeSlots(): number[] {
    return this.#postings.takeFreeSlots();
  }

  /** What `restore` needs besides the documents. */
  save(): { terms: readonly string[]; postings: PostingArrays } {
    return { terms: [...this.#numbers.keys()], postings: this.#postings.arrays() };
  }

  /** Only for an empty index. The documents keep their slots. */
  restore({ terms, postings, documents }: LexicalSnapshot): void {
    for (const term of terms) this.#number(term);
    this.#postings.restore(postings);
    this.#documents = documents.length;
  }

  /** Each word counts once, however often it is said; `boosted` words weigh more than they would by themselves. */
  query(text: string, boosted: readonly string[] = []): LexicalQuery {
    const { terms: said, translation } = this.#read(text);
    const { english, understood } = translation;
    const weights = new Map<number, number>();
    let mass = 0;
    const add = (term: string, factor: number, counts: boolean) => {
      const weight = factor * this.#statistics.requestWeight(term) * this.#rarity(term);
      const number = this.#numbers.get(term);
      if (number !== undefined && weight > (weights.get(number) ?? 0)) weights.set(number, weight);
      if (counts) mass += weight;
    };
    const foreign = new Set([...understood].flatMap(terms));
    for (const term of said) {
      add(term, foreign.has(term) ? FOREIGN_WORD : 1, !foreign.has(term));
      if (!foreign.has(term)) for (const near of this.#near(term)) add(near, MISSPELT, false);
    }
    for (const term of new Set(english.flatMap(terms))) if (!said.has(term)) add(term, TRANSLATED, true);
    for (const term of new Set(boosted.flatMap(terms))) add(term, said.has(term) ? BOOST : BOOST / 2, !said.has(term));
    return { weights, mass };
  }

  /** What the foreign words of a request mean in English. */
  translate(text: string): Translation {
    return this.#read(text).translation;
  }

  /**
   * The request as an embedding model reads it best: what can be translated stands before it in English, since models know little
   * else, and a word that is nobody's becomes the word of the catalog that it is a slip of.
   */
  readable(text: string): string {
    const { found, stems, translation } = this.#read(text);
    const { english, understood } = translation;
    const slips = stems.map((term, i) => (understood.has(found[i] ?? '') ? undefined : this.#slip(term)));
    const isCorrected = slips.some((slip, i) => slip !== undefined && slip !== found[i]);
    const plain = isCorrected ? found.map((word, i) => slips[i] ?? word).join(' ') : text;
    return english.length === 0 ? plain : `${english.join(' ')} . ${plain}`;
  }

  /** Adds the scores of every document that shares a term with the query. */
  score(query: LexicalQuery, board: ScoreBoard): void {
    this.#postings.accumulate(query.weights, board);
  }

  #read(text: string): Reading {
    const known = this.#readings.get(text);
    if (known) return known;
    const found = words(text);
    const stems = found.map(stem);
    const translation = this.#translator.translate(text, (word) => this.#isEnglish(word), found);
    const reading = { found, stems, terms: new Set(termsOf(found)), translation };
    remember(this.#readings, text, reading);
    return reading;
  }

  /** Inverse document frequency of Robertson and Spärck Jones with the background as so many more documents. */
  #rarity(term: string): number {
    const { backgroundDocuments } = this.#statistics;
    const frequency = this.#frequency(term) + backgroundDocuments * this.#statistics.documentShare(term);
    return Math.log(1 + (this.#documents + backgroundDocuments - frequency + 0.5) / (frequency + 0.5));
  }

  /** Only for words that neither this catalog nor any public tool knows: all others mean what they say. */
  #near(term: string): readonly string[] {
    const isKnown = this.#frequency(term) > 0 || this.#statistics.documentShare(term) > 0;
    if (isKnown) return [];
    const near = this.#nearOf.get(term) ?? this.#nearWords.find(term, (word) => this.#frequency(word));
    remember(this.#nearOf, term, near);
    return near;
  }

  /** Documents of this catalog that have the word. */
  #frequency(term: string): number {
    const number = this.#numbers.get(term);
    return number === undefined ? 0 : this.#postings.documentFrequency(number);
  }

  /** Not without statistics: then half of English would be nobody's words. */
  #slip(term: string): string | undefined {
    if (this.#statistics.backgroundDocuments === 0) return undefined;
    return this.#near(term).find((near) => isOneSlipAway(term, near));
  }

  /** Without statistics every word may be English. */
  #isEnglish(word: string): boolean {
    const { backgroundDocuments, documentShare } = this.#statistics;
    return backgroundDocuments === 0 || documentShare(stem(word)) > ENGLISH_SHARE;
  }

  #number(term: string): number {
    const known = this.#numbers.get(term);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(term, number);
    this.#nearWords.add(term);
    return number;
  }
}

function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  if (memory.size >= REMEMBERED) memory.clear();
  memory.set(key, value);
}
