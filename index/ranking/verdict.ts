/** Says whether the best hit is worth a call: nobody is served by the least bad of a thousand tools that do not fit. */
import type { Verdict } from '../tool-index.ts';
import type { Evidence } from './fusion.ts';
import type { VectorTuning } from './tuning.ts';

/** Confidence below which the best tool probably does not fit, and from which it probably does, among 1,000 tools. */
export interface VerdictThresholds {
  readonly weak: number;
  readonly match: number;
  /** What both rise by with each e-fold of tools; 0 where nobody has fitted it. */
  readonly perFold?: number;
}

/**
 * For words alone; those of models stand in `tuning.ts`. All are fitted by `model/fit-verdict.ts`: of the requests whose tool is among the first five at most 1 in 100 may be called
 * `none` (in one catalog 10), of the requests that no tool answers at most 6 in 100 may be called `match`.
 */
export const WORDS_THRESHOLDS: VerdictThresholds = { weak: 0.27, match: 0.553 };

/** BM25 in multiples of this and of the square root of what the words could weigh is about 1 for a tool that fits. */
const BM25_FULL = 5;
/** Hits whose cosine counts: the nearest tool need not be the best one. */
const HITS_LOOKED_AT = 10;

/**
 * Words of the best hit and meaning of the nearest on one scale, 0 to 1: higher is surer. `mass` is what the words could weigh,
 * `wordsShare` how much they count, 1 where there are no vectors.
 */
export function confidence(hits: readonly { readonly features: Evidence }[], mass: number, wordsShare: number): number {
  const best = hits[0]?.features;
  if (!best) return 0;
  if (best.named > 0) return 1;
  const words = Math.min(1, best.bm25 / (BM25_FULL * Math.sqrt(mass + 1e-6)));
  const nearest = Math.max(...hits.slice(0, HITS_LOOKED_AT).map(({ features }) => features.cosine));
  return Math.max(0, wordsShare * words + (1 - wordsShare) * nearest);
}

/** What the confidence adds to the lead of the best hit. */
const CONFIDENCE_AS_LEAD = 0.2;

/**
 * How clearly the first hit is the answer: its lead over the next, and some of the confidence. Of eleven such features and a
 * logistic regression over them, this sum lost least when a better model was not asked (`model/fit-cascade.ts`). The idea is
 * that of cascade ranking: Wang, Lin and Metzler 2011, "A cascade ranking model for efficient ranked retrieval".
 */
export function clarity(hits: readonly { readonly score: number }[], sureness: number): number {
  const lead = (hits[0]?.score ?? 0) - (hits[1]?.score ?? 0);
  return lead + CONFIDENCE_AS_LEAD * sureness;
}

/** Up to so many tools `settled` holds as it was fitted; each e-fold of them asks for so much more. */
const CROWD = { from: 2_000, perFold: 0.06 };

/**
 * How clear a ranking of so many tools must be, where `settled` is enough in a small catalog: in a crowd the same lead says less,
 * since the more tools there are, the farther the luckiest of the wrong ones gets.
 */
export function clarityNeeded(settled: number, tools: number, perFold = CROWD.perFold): number {
  return settled + perFold * Math.log(Math.max(1, tools / CROWD.from));
}

export interface Ranking {
  readonly hits: readonly { readonly score: number }[];
  /** Its confidence. */
  readonly sureness: number;
  /** How many were searched. */
  readonly tools: number;
}

/** Whether a better model would hardly say anything else: the first hit is a match, and clearly so. */
export function isSettled({ hits, sureness, tools }: Ranking, { thresholds, settled }: VectorTuning): boolean {
  if (settled === undefined || sureness < thresholds.match) return false;
  return clarity(hits, sureness) >= clarityNeeded(settled, tools);
}

/** The smallest catalog of those that the thresholds were fitted on has about so many tools. */
const FEWEST_TOOLS = 50;

/**
 * What the thresholds rise by for so many tools: the nearest of many that do not fit is nearer than the nearest of few, by about the
 * logarithm of their number, as the highest of so many chance values is.
 */
export function thresholdShift(tools: number, perFold = 0): number {
  return perFold * Math.log(Math.max(FEWEST_TOOLS, tools) / 1_000);
}

/** Of an answer that is not settled; one that is, is a match. */
export function verdict(sureness: number, { weak, match, perFold }: VerdictThresholds, tools: number): Verdict {
  const comparable = sureness - thresholdShift(tools, perFold);
  if (comparable >= match) return 'match';
  return comparable >= weak ? 'weak' : 'none';
}
