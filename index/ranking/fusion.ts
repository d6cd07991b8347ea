/** Joins what words and vectors say about a tool into one score. */

/** Everything known about one candidate; each is 0 when there is no such evidence. */
export type Evidence = {
  /** BM25 of the whole request. */
  readonly bm25: number;
  /** The same as a share of the best tool's, 0 to 1. */
  readonly relative: number;
  /** The same as a share of what all words of the request could weigh. */
  readonly covered: number;
  /** BM25 of the best part of a long request, about 0 to 1. */
  readonly bestPart: number;
  /** Cosine of the whole request, and of its best part. */
  readonly cosine: number;
  readonly bestPartCosine: number;
  /** Above 0 when the request names the tool. */
  readonly named: number;
};

/** In scripts that the models hardly know, words are the better guide, unless the glossary gave the model English ones. */
const FOREIGN_SHARE_MAX = { asItIs: 0.2, translated: 0.5 };

const ASCII = /^[\0-\x7f]*$/;

/** How much of the score the vectors should have for this request, of the `usual` share. */
export function vectorShare(request: string, usual: number, isTranslated: boolean): number {
  if (ASCII.test(request)) return usual;
  const letters = request.match(/\p{L}/gu)?.length ?? 0;
  const latin = request.match(/\p{Script=Latin}/gu)?.length ?? 0;
  if (letters === 0 || latin / letters >= 0.5) return usual;
  return Math.min(usual, FOREIGN_SHARE_MAX[isTranslated ? 'translated' : 'asItIs']);
}

/**
 * A weighted sum of absolute scores, which beat reciprocal ranks and learned rankers on every set held out (convex
 * combination: Bruch, Gai and Ingber 2023, "An analysis of fusion functions for hybrid retrieval").
 */
export function fuse(evidence: Evidence, share: number): number {
  const words = (evidence.relative + evidence.bestPart) / 2;
  const vectors = (evidence.cosine + evidence.bestPartCosine) / 2;
  return (1 - share) * words + share * vectors + evidence.named;
}
