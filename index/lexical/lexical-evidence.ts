/** What the words of one request say about every tool: the whole request, and the best of its parts. */
import { BestFew, type IsBefore, type Ranked } from '../best-few.ts';
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

/** What one part of a long request says. */
interface Part {
  readonly board: ScoreBoard;
  /** What its scores are divided by. */
  readonly full: number;
  /** Best first, `CANDIDATES` at most. */
  readonly best: readonly Ranked[];
}

/** Valid until the next `collect`: the boards are used again. */
export class LexicalEvidence {
  readonly #index: LexicalIndex;
  readonly #whole = new ScoreBoard();
  /** One for each part of the longest request so far. */
  readonly #boards: ScoreBoard[] = [];
  #query: LexicalQuery = { weights: new Map(), mass: 0 };
  #best = 0;
  #parts: readonly Part[] = [];
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
    this.#parts = task.clauses.map((clause, at) => this.#collectPart(clause, this.#board(at, slots), choice));
    this.#candidates = this.#parts.length > 0 ? whole.concat(this.#bestOfParts(choice)) : whole;
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
    if (this.#parts.length === 0) return this.#whole.score(slot) / (this.#best + WEAK_PART);
    let best = 0;
    for (const { board, full } of this.#parts) best = Math.max(best, Math.fround(board.score(slot) / full));
    return best;
  }

  /** What the words of the request weigh together, unknown words included. */
  get mass(): number {
    return this.#query.mass;
  }

  /** For each part of a long request its best few tools, scored from 0 to 1. */
  partBests(): readonly (readonly Ranked[])[] {
    return this.#parts.map(({ best, full }) =>
      best.slice(0, BESTS_OF_PART).map(({ slot, score }) => ({ slot, score: score / full })),
    );
  }

  #board(at: number, slots: number): ScoreBoard {
    const board = this.#boards[at] ?? new ScoreBoard();
    this.#boards[at] = board;
    board.reset(slots);
    return board;
  }

  #collectPart(clause: string, board: ScoreBoard, choice: Choice): Part {
    this.#index.score(this.#index.query(clause), board);
    const best = board.top(choice);
    return { board, full: (best[0]?.score ?? 0) + WEAK_PART, best };
  }

  /** Whoever is among the best of all parts is among the best of its own best part, so that nobody else is looked at. */
  #bestOfParts({ limit, isBefore }: Choice): readonly Ranked[] {
    const few = new BestFew(limit, isBefore);
    const slots = new Set(this.#parts.flatMap(({ best }) => best.map(({ slot }) => slot)));
    for (const slot of slots) {
      const score = this.bestPart(slot);
      if (few.wants(slot, score)) few.put(slot, score);
    }
    return few.sorted();
  }
}
