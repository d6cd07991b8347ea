/** Splits any text into words the way people and programmers write them: prose, camelCase, snake_case, CJK. */

/** Scripts written without spaces between words; their words are single characters and pairs of neighbours. */
const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const WORD = new RegExp(String.raw`[${UNSPACED}]|[[\p{L}\p{N}]--[${UNSPACED}]]+`, 'gv');
const UNSPACED_CHARACTER = new RegExp(`[${UNSPACED}]`, 'u');
const ASCII_WORD = /[a-z0-9]+/g;
const CAMEL = /([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g;

/** Lower-case words in order, accents folded. Runs of CJK give their characters, then (after all words) their pairs. */
export function words(text: string): string[] {
  const spaced = text.replace(CAMEL, '$& ');
  if (isAscii(text)) return spaced.toLowerCase().match(ASCII_WORD) ?? [];
  const found: string[] = foldAccents(spaced).toLowerCase().match(WORD) ?? [];
  return found.concat(pairs(found));
}

/** Soft hyphens, joiners and spaces without width: nobody sees them, so they part no word. */
const INVISIBLE = /[\u00AD\u200B-\u200D\u2060\uFEFF]/g;

/**
 * `Ação` becomes `Acao`: compatibility forms and combining marks go (Unicode NFKD), and what is invisible; Hangul and the rest
 * stay composed.
 */
export function foldAccents(text: string): string {
  return text
    .replace(INVISIBLE, '')
    .normalize('NFKD')
    .replace(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu, '')
    .normalize('NFC');
}

export function isUnspaced(word: string): boolean {
  return UNSPACED_CHARACTER.test(word);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function pairs(found: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i + 1 < found.length; i++) {
    const [left, right] = [found[i] ?? '', found[i + 1] ?? ''];
    if (UNSPACED_CHARACTER.test(left) && UNSPACED_CHARACTER.test(right)) result.push(left + right);
  }
  return result;
}
