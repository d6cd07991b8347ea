/** How common words are outside this catalog: a catalog of fifty tools cannot tell a rare word from a common one. */
import { SortedLines } from './sorted-lines.ts';

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

/** First bytes of the file that `model/count-words.ts` writes. */
const TITLE = '# Share of public tools';
/** Terms remembered with what was found of them; the common ones fill it and stay. */
const REMEMBERED = 10_000;

interface Known {
  readonly inTools: number;
  readonly weight: number;
}

/** What `model/count-words.ts` wrote, as it was read: `stem share-of-tools share-of-requests`. Throws when it is something else. */
export function parseWordStatistics(bytes: Uint8Array): WordStatistics {
  const title = Buffer.from(bytes.subarray(0, TITLE.length)).toString();
  if (title !== TITLE) throw new Error(`Word statistics that do not begin with "${TITLE}"`);
  const lines = new SortedLines(bytes);
  const remembered = new Map<string, Known>();
  const lookUp = (term: string): Known => {
    const known = remembered.get(term);
    if (known) return known;
    const [inTools = 0, inRequests = 0] = lines.find(term)?.split(' ').map(Number) ?? [];
    const found = { inTools, weight: requestWeight(inTools, inRequests) };
    if (remembered.size < REMEMBERED) remembered.set(term, found);
    return found;
  };
  return {
    backgroundDocuments: BACKGROUND_DOCUMENTS,
    documentShare: (term) => lookUp(term).inTools,
    requestWeight: (term) => lookUp(term).weight,
  };
}

function requestWeight(inTools: number, inRequests: number): number {
  return inRequests === 0 ? 1 : Math.min(1, ((inTools + UNSEEN_SHARE) / inRequests) ** REQUEST_POWER);
}

export const NO_STATISTICS: WordStatistics = {
  backgroundDocuments: 0,
  documentShare: () => 0,
  requestWeight: () => 1,
};
