/** The yardstick of `retrieval.ts`: plain weighted BM25 (name three times, server twice) with stop words and light stemming. */
import { stem } from '../index/lexical/stem.ts';
import { words } from '../index/lexical/words.ts';
import type { ToolDocument } from '../index/tool-document.ts';

const K1 = 1.2;
const B = 0.75;
const STOP_WORDS = new Set(
  'a an and are as at be by can could do does for from get has have how i if in into is it its me my of on or our please so that the their them then there these this to was we what when where which who will with would you your'.split(
    ' ',
  ),
);

const termsOf = (text: string) =>
  words(text)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem);

/** Gives the `limit` documents of highest score for a request, best first. */
export function systemB(documents: readonly ToolDocument[]): (query: string, limit: number) => ToolDocument[] {
  const postings = new Map<string, Map<number, number>>();
  const lengths = documents.map((document, at) => {
    const { name, server, description, parameters } = document;
    const names = parameters.map((parameter) => parameter.name).join(' ');
    const terms = termsOf(`${name} ${name} ${name} ${server} ${server} ${names} ${description}`);
    for (const term of terms) {
      const posting = postings.get(term) ?? new Map<number, number>();
      posting.set(at, (posting.get(at) ?? 0) + 1);
      postings.set(term, posting);
    }
    return terms.length;
  });
  const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, documents.length);
  return (query, limit) => {
    const scores = new Map<number, number>();
    for (const term of new Set(termsOf(query))) {
      const posting = postings.get(term);
      if (!posting) continue;
      const rarity = Math.log(1 + (documents.length - posting.size + 0.5) / (posting.size + 0.5));
      for (const [at, count] of posting) {
        const weight = (count * (K1 + 1)) / (count + K1 * (1 - B + (B * (lengths[at] ?? 0)) / mean));
        scores.set(at, (scores.get(at) ?? 0) + rarity * weight);
      }
    }
    const best = [...scores].sort(([one, a], [other, b]) => b - a || one - other).slice(0, limit);
    return best.flatMap(([at]) => documents[at] ?? []);
  };
}
