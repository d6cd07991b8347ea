/** How many tokens a text costs, near enough to budget with and without a tokenizer's megabytes. */

/**
 * Estimates o200k tokens from above: pieces are cut as that tokenizer's pattern cuts them (words with a leading space, up to
 * three digits, runs of punctuation) and long pieces count by length. Tests hold it against the real tokenizer. Random
 * letters are the exception, which no length tells: ids of letters and digits cost up to 1.4 times as much, gibberish of
 * letters alone up to three times.
 */
export function estimateTokens(text: string): number {
  const plain = plainTokens(text);
  if (plain !== undefined) return Math.ceil(plain);
  let tokens = 0;
  for (const piece of text.match(PIECES) ?? []) tokens += pieceTokens(piece);
  return Math.ceil(tokens);
}

const PIECES = / ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+/gu;
const ASCII = /^[\x20-\x7e]+$/;
const CASE_CHANGE = /(?<=[a-z])[A-Z]/g;

function pieceTokens(piece: string): number {
  const letters = piece.trimStart();
  if (!ASCII.test(piece) && letters !== '') return Math.max(1, letters.length * 0.8);
  if (/^\d/.test(letters) || letters === '') return 1;
  if (/^[A-Za-z]/.test(letters)) return wordTokens(letters);
  return Math.max(1, letters.length / 2.2);
}

/** Common words are one token; longer and capitalised ones fall apart. */
function wordTokens(word: string): number {
  return lengthTokens(1 + (word.match(CASE_CHANGE)?.length ?? 0), word.length);
}

const lengthTokens = (humps: number, length: number) => Math.max(humps, length <= 7 ? 1.03 : length / 6.5);

const [LETTER, DIGIT, BLANK, MARK] = [1, 2, 3, 4];

/** By code, of printable ASCII and its blanks; 0 for all others. */
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/\s/.test(character)) return BLANK;
  if (!ASCII.test(character)) return 0;
  if (/\d/.test(character)) return DIGIT;
  return /[A-Za-z]/.test(character) ? LETTER : MARK;
});

const kindAt = (text: string, at: number) => KINDS[text.charCodeAt(at)] ?? 0;

/** The same sum for texts of plain ASCII, without cutting them: each answer is counted. Undefined for others. */
function plainTokens(text: string): number | undefined {
  let tokens = 0;
  for (let at = 0; at < text.length; ) {
    const isLedBySpace = text.charCodeAt(at) === 0x20 && at + 1 < text.length && kindAt(text, at + 1) !== BLANK;
    const from = isLedBySpace ? at + 1 : at;
    const kind = kindAt(text, from);
    if (kind === 0) return undefined;
    at = endOfRun(text, from);
    if (kind === LETTER) tokens += plainWordTokens(text, from, at);
    else tokens += kind === MARK ? Math.max(1, (at - from) / 2.2) : 1;
  }
  return tokens;
}

function endOfRun(text: string, from: number): number {
  const kind = kindAt(text, from);
  const most = kind === DIGIT ? Math.min(text.length, from + 3) : text.length;
  let at = from + 1;
  while (at < most && kindAt(text, at) === kind) at++;
  return at;
}

function plainWordTokens(text: string, from: number, to: number): number {
  let humps = 1;
  for (let at = from + 1; at < to; at++) if (isCapital(text, at) && !isCapital(text, at - 1)) humps++;
  return lengthTokens(humps, to - from);
}

const isCapital = (text: string, at: number) => text.charCodeAt(at) < 0x61;
