/** What must be known of an embedding model to rank with it: how far to trust its cosines, and what they mean. */
import { type VerdictThresholds, WORDS_THRESHOLDS } from './verdict.ts';

export interface VectorTuning {
  /** Share of the cosines in the score, 0 to 1; the words have the rest. */
  readonly share: number;
  /** Share of the words in the verdict's confidence. */
  readonly wordsInVerdict: number;
  readonly thresholds: VerdictThresholds;
  /** How clear a ranking with it must be, in a small catalog, for a better model not to be asked; undefined where one always is. */
  readonly settled?: number;
}

/** Where there are no vectors. */
export const WORDS_TUNING: VectorTuning = { share: 0, wordsInVerdict: 1, thresholds: WORDS_THRESHOLDS };

/** The static model that Tooldex ships. Share by ADR 0010, thresholds by `model/fit-verdict.ts`, `settled` by `model/fit-cascade.ts`. */
export const STATIC_TUNING: VectorTuning = {
  share: 0.65,
  wordsInVerdict: 0.35,
  thresholds: { weak: 0.337, match: 0.485, perFold: 0.02 },
  settled: 0.24,
};

/** The built-in encoder beside the static model, by ADR 0015. */
export const BUILTIN_TUNING: VectorTuning = {
  share: 0.8,
  wordsInVerdict: 0.2,
  thresholds: { weak: 0.336, match: 0.482, perFold: 0.02 },
};

/** The fine-tuned MiniLM that Tooldex ships for transformers.js: better than words on most sets, so it has the greater say. */
export const MINILM_TUNING: VectorTuning = {
  share: 0.8,
  wordsInVerdict: 0.35,
  thresholds: { weak: 0.27, match: 0.48 },
};
