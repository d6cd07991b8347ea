/** For a word that nobody knows: the words of the catalog that it may be a slip or the beginning of. */

/** Shorter words are a letter away from too many others. */
const SHORTEST_WITH_TYPO = 5;
const SHORTEST_PREFIX = 4;
const FOUND_MAX = 3;

/** Grouped by first letter, which typists rarely miss (Pollock and Zamora 1984), and by length. */
export class NearWords {
  readonly #words = new Map<string, string[][]>();

  /** Every word is to be added once. */
  add(word: string): void {
    const first = word.charAt(0);
    const byLength = this.#words.get(first) ?? [];
    this.#words.set(first, byLength);
    const sameLength = byLength[word.length] ?? [];
    byLength[word.length] = sameLength;
    sameLength.push(word);
  }

  /**
   * At most three; slips of the typist if there are any, else completions, the shortest first. Among equals the more
   * frequent, then by the alphabet, so that it never matters what was added first. Empty for words with digits.
   */
  find(word: string, frequency: (word: string) => number): readonly string[] {
    if (word.length < SHORTEST_PREFIX || /[^\p{L}]/u.test(word)) return [];
    const byLength = this.#words.get(word.charAt(0)) ?? [];
    const isThere = (other: string) => frequency(other) > 0;
    const commonFirst = (a: string, b: string) => frequency(b) - frequency(a) || (a < b ? -1 : 1);
    const slips = word.length < SHORTEST_WITH_TYPO ? [] : slipsOf(word, byLength).filter(isThere);
    if (slips.length > 0) return slips.sort(commonFirst).slice(0, FOUND_MAX);
    const completions = completionsOf(word, byLength).filter(isThere);
    return completions.sort((a, b) => a.length - b.length || commonFirst(a, b)).slice(0, FOUND_MAX);
  }
}

function slipsOf(word: string, byLength: readonly (readonly string[])[]): string[] {
  const near = [word.length, word.length - 1, word.length + 1].flatMap((length) => byLength[length] ?? []);
  return near.filter((other) => isOneSlipAway(word, other));
}

function completionsOf(word: string, byLength: readonly (readonly string[])[]): string[] {
  return byLength.slice(word.length + 1).flatMap((words) => (words ?? []).filter((other) => other.startsWith(word)));
}

/** A letter more, less or other, or two neighbours swapped: the errors that make up four in five (Damerau 1964). */
export function isOneSlipAway(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1 || a === b) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  const rest = long.slice(at + 1);
  if (short.length < long.length) return short.slice(at) === rest;
  if (short.slice(at + 1) === rest) return true;
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
}
