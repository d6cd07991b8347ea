/** Says whether the best hit is worth a call: nobody is served by the least bad of a thousand tools that do not fit. */
import type { Verdict } from '../tool-index.ts';
import type { Evidence } from './fusion.ts';

/** Confidence below which the best tool probably does not fit, and from which it probably does. */
export interface VerdictThresholds {
  readonly weak: number;
  readonly match: number;
}

const HYBRID: VerdictThresholds = { weak: 0.3, match: 0.42 };
const LEXICAL: VerdictThresholds = { weak: 0.3, match: 0.55 };
const BM25_FULL = 5;

/** Words and meaning of the best tool on one scale: higher is surer. `mass` is what the words of the request could weigh. */
export function confidence(best: Evidence, mass: number, isHybrid: boolean): number {
  if (best.named > 0) return 1;
  const words = best.bm25 / (BM25_FULL * Math.sqrt(mass + 1e-6));
  return isHybrid ? 0.35 * words + 0.65 * best.cosine : words;
}

export function verdict(best: Evidence | undefined, mass: number, isHybrid: boolean): Verdict {
  if (!best) return 'none';
  const sureness = confidence(best, mass, isHybrid);
  const { weak, match } = isHybrid ? HYBRID : LEXICAL;
  if (sureness >= match) return 'match';
  return sureness >= weak ? 'weak' : 'none';
}
