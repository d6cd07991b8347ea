/** How many tokens a text costs, near enough to budget with and without a tokenizer's megabytes. */

/**
 * Estimates o200k tokens from above: pieces are cut as that tokenizer's pattern cuts them (words with a leading space, up to
 * three digits, runs of punctuation) and long pieces count by length. Tests hold it against the real tokenizer.
 */
export function estimateTokens(text: string): number {
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
  const humps = 1 + (word.match(CASE_CHANGE)?.length ?? 0);
  return Math.max(humps, word.length <= 7 ? 1.03 : word.length / 6.5);
}
