/** How common words are outside this catalog: a catalog of fifty tools cannot tell a rare word from a common one. */

export interface WordStatistics {
  /** How many virtual documents the shares below stand for; 0 leaves rarity to the catalog alone. */
  readonly backgroundDocuments: number;
  /** Share of public tools whose text has the term, 0 to 1. */
  documentShare(term: string): number;
  /** What the term says in a request, 0 to 1: `please` says little however rare it is in tools. */
  requestWeight(term: string): number;
}

export const NO_STATISTICS: WordStatistics = {
  backgroundDocuments: 0,
  documentShare: () => 0,
  requestWeight: () => 1,
};
