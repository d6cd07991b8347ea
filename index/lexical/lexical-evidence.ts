/** What the words of one request say about every tool: the whole request, and the best of its parts. */
import type { IsBefore, Ranked } from '../best-few.ts';
import type { LexicalIndex, LexicalQuery } from './lexical-index.ts';
import { type Choice, ScoreBoard } from './score-board.ts';

export interface LexicalTask {
  readonly text: string;
  readonly clauses: readonly string[];
  readonly keyWords: readonly string[];
  /** Only these count; what is not accepted may still have scores. */
  readonly accept: (slot: number) => boolean;
  /** Decides between equal scores. */
  readonly isBefore: IsBefore;
}

/** Tools that the whole request brings into the ranking; its parts bring as many. */
const CANDIDATES = 60;

/** Added to the best score of a part before dividing by it: a part that matches nothing well must not count in full. */
const WEAK_PART = 4;

/** Tools remembered for each part. */
const BESTS_OF_PART = 10;

/** Valid until the next `collect`: the boards are used again. */
export class LexicalEvidence {
  readonly #index: LexicalIndex;
  readonly #whole = new ScoreBoard();
  readonly #part = new ScoreBoard();
  readonly #bestPart = new ScoreBoard();
  #query: LexicalQuery = { weights: new Map(), mass: 0 };
  #best = 0;
  #hasParts = false;
  #partBests: (readonly Ranked[])[] = [];
  #candidates: readonly Ranked[] = [];

  constructor(index: LexicalIndex) {
    this.#index = index;
  }

  collect(task: LexicalTask, slots: number): void {
    this.#query = this.#index.query(task.text, task.keyWords);
    this.#whole.reset(slots);
    this.#index.score(this.#query, this.#whole);
    const choice = { limit: CANDIDATES, accept: task.accept, isBefore: task.isBefore };
    const whole = this.#whole.top(choice);
    this.#best = whole[0]?.score ?? 0;
    this.#bestPart.reset(slots);
    this.#hasParts = task.clauses.length > 0;
    this.#partBests = task.clauses.map((clause) =>
      this.#collectPart(clause, slots, { ...choice, limit: BESTS_OF_PART }),
    );
    this.#candidates = this.#hasParts ? whole.concat(this.#bestPart.top(choice)) : whole;
  }

  /** Slots that share at least one term with the request; removed documents may be among them. */
  touched(): Uint32Array {
    return this.#whole.touched();
  }

  /** The most promising tools by the whole request, and by its best part; some may come twice. */
  candidates(): readonly Ranked[] {
    return this.#candidates;
  }

  bm25(slot: number): number {
    return this.#whole.score(slot);
  }

  /** Share of the best tool's score, 0 to 1. */
  relative(slot: number): number {
    return this.#whole.score(slot) / (this.#best + 1e-6);
  }

  /** Share of what every word of the request together could weigh. */
  covered(slot: number): number {
    return this.#whole.score(slot) / (this.#query.mass + 1e-6);
  }

  /** Highest over the parts of a long request, or the request itself; 0 to 1. */
  bestPart(slot: number): number {
    return this.#hasParts ? this.#bestPart.score(slot) : this.#whole.score(slot) / (this.#best + WEAK_PART);
  }

  /** What the words of the request weigh together, unknown words included. */
  get mass(): number {
    return this.#query.mass;
  }

  /** For each part of a long request its best few tools, scored from 0 to 1. */
  partBests(): readonly (readonly Ranked[])[] {
    return this.#partBests;
  }

  #collectPart(clause: string, slots: number, choice: Choice): readonly Ranked[] {
    this.#part.reset(slots);
    this.#index.score(this.#index.query(clause), this.#part);
    const few = this.#part.top(choice);
    const best = (few[0]?.score ?? 0) + WEAK_PART;
    this.#bestPart.raise(this.#part, best);
    return few.map(({ slot, score }) => ({ slot, score: score / best }));
  }
}
