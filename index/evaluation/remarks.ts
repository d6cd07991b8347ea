/** What in a set of tools and requests will count for less than its author may think; nothing of it stops an evaluation. */
import type { GoldenSet } from './golden-set.ts';
import type { JudgedQuery } from './judged-query.ts';

/** Lines for people; none for a set without oddities. */
export function remarks({ documents, queries, noAnswer }: GoldenSet): string[] {
  const ids = new Set(documents.map(({ id }) => id));
  const unfound = queries.flatMap(({ id, groups }) => {
    const missing = groups.find((group) => !group.some((tool) => ids.has(tool)));
    return missing ? [`${JSON.stringify(id)} for ${missing.map((tool) => JSON.stringify(tool)).join(' or ')}`] : [];
  });
  const [twins, repeated] = [documents.length - ids.size, repeats([...queries, ...noAnswer])];
  return [
    ...(twins > 0 ? [`tools that replace an earlier one of the same id: ${twins}`] : []),
    ...(repeated > 0 ? [`requests with the id of an earlier one, asked all the same: ${repeated}`] : []),
    ...(unfound.length > 0
      ? [`requests for tools that are not there, counted as not found: ${unfound.length}, the first ${unfound[0]}`]
      : []),
  ];
}

const repeats = (queries: readonly JudgedQuery[]) => queries.length - new Set(queries.map(({ id }) => id)).size;
