/** How common words are outside this catalog: a catalog of fifty tools cannot tell a rare word from a common one. */
import { isObject } from '../../src/stdx/json.ts';

export interface WordStatistics {
  /** How many virtual documents the shares below stand for; 0 leaves rarity to the catalog alone. */
  readonly backgroundDocuments: number;
  /** Share of public tools whose text has the term, 0 to 1. */
  documentShare(term: string): number;
  /** What the term says in a request, 0 to 1: `please` says little however rare it is in tools. */
  requestWeight(term: string): number;
}

/** Public tools beyond this many add nothing that a catalog of its own could not outweigh. */
const BACKGROUND_DOCUMENTS = 3_000;
/** Share given to words that no public tool has. */
const UNSEEN_SHARE = 3e-4;
/** How strongly a word that is commoner in requests than in tools loses weight. */
const REQUEST_POWER = 0.3;

/** Reads what `model/count-words.ts` wrote. Throws when the text is not of that form. */
export function parseWordStatistics(json: string): WordStatistics {
  const { toolShares, requestShares } = JSON.parse(json);
  const [inTools, inRequests] = [sharesOf(toolShares), sharesOf(requestShares)];
  const documentShare = (term: string) => inTools(term) ?? 0;
  return {
    backgroundDocuments: BACKGROUND_DOCUMENTS,
    documentShare,
    requestWeight(term) {
      const share = inRequests(term);
      if (share === undefined) return 1;
      return Math.min(1, ((documentShare(term) + UNSEEN_SHARE) / share) ** REQUEST_POWER);
    },
  };
}

/** Looked up in what was parsed: to copy twenty thousand entries would be felt at every start. */
function sharesOf(value: unknown): (term: string) => number | undefined {
  if (!isObject(value)) throw new Error('Word statistics without "toolShares" and "requestShares"');
  return (term) => {
    const share = Object.hasOwn(value, term) ? value[term] : undefined;
    return typeof share === 'number' ? share : undefined;
  };
}

export const NO_STATISTICS: WordStatistics = {
  backgroundDocuments: 0,
  documentShare: () => 0,
  requestWeight: () => 1,
};
