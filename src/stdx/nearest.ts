/** "Did you mean": the known words nearest to what somebody typed. */

/** Edit distance with transpositions of neighbours (optimal string alignment; Damerau 1964). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) row.push(cheapestStep({ a, b, i, j }, [before, previous, row]));
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? a.length;
}

type Rows = readonly [before: number[], previous: number[], current: number[]];

function cheapestStep(at: { a: string; b: string; i: number; j: number }, [before, previous, row]: Rows): number {
  const { a, b, i, j } = at;
  const same = a[i - 1] === b[j - 1];
  const cell = (cells: number[], index: number) => cells[index] ?? Number.POSITIVE_INFINITY;
  const best = Math.min(cell(previous, j) + 1, cell(row, j - 1) + 1, cell(previous, j - 1) + (same ? 0 : 1));
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
  return swapped ? Math.min(best, cell(before, j - 2) + 1) : best;
}

/** At most `limit` candidates, nearest first, none farther than a typist would err; spelling aside (case, `-`, `_`). */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = plain(word);
  const reach = Math.max(2, Math.floor(Math.min(wanted.length, COMPARED_MAX) / 3));
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, ...distances(wanted, plain(candidate)) }))
    .filter(({ distance }) => distance <= reach)
    .sort((x, y) => x.distance - y.distance || x.edits - y.edits || (x.candidate < y.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Characters; the rest of a longer word counts for nothing. */
const COMPARED_MAX = 64;

const plain = (word: string) => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** A word inside the other is near however long the other is; among several such, `edits` decides. */
function distances(wanted: string, candidate: string): { distance: number; edits: number } {
  const edits = editDistance(wanted.slice(0, COMPARED_MAX), candidate.slice(0, COMPARED_MAX));
  const [short, long] = wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted];
  const inside = short.length >= 3 && long.includes(short);
  return { distance: inside ? Math.min(1, edits) : edits, edits };
}
