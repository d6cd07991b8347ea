/** Cuts text into the tokens of an uncased BERT model, as its training did (Devlin et al. 2019; WordPiece: Wu et al. 2016). */

/** First rows of every vocabulary. */
export const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'] as const;
const [UNKNOWN, BEGIN, END] = [1, 2, 3];
/** A longer word is unknown as a whole. */
const WORD_LENGTH_MAX = 100;
/** Characters read for one token at most: what follows could not be among the tokens of any real text. */
const CHARACTERS_PER_TOKEN = 32;

/** What a text never keeps: controls, formats, halves of surrogate pairs, and the sign for what could not be decoded. */
const INVISIBLE = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\ufffd]/gu;
/** Ideographs are words of their own; kana and hangul are not among them. */
const IDEOGRAPH =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
const NON_SPACING = /\p{Mn}/gu;
/** All of ASCII that is neither letter, digit nor space counts as punctuation, `$` and `+` too. */
const WORDS = /[!-/:-@[-`{-~\p{P}]|[^\s!-/:-@[-`{-~\p{P}]+/gu;

export class WordPieces {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #longest: number;

  /** `tokens` by id, the special ones first. */
  constructor(tokens: readonly string[]) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    this.#longest = tokens.reduce((longest, token) => Math.max(longest, token.length), 0);
  }

  /** `[CLS]`, at most `limit - 2` pieces, `[SEP]`. */
  encode(text: string, limit: number): Int32Array {
    const ids = [BEGIN];
    for (const [word] of normalised(text.slice(0, limit * CHARACTERS_PER_TOKEN)).matchAll(WORDS)) {
      ids.push(...this.#pieces(word));
      if (ids.length >= limit - 1) break;
    }
    return Int32Array.from([...ids.slice(0, limit - 1), END]);
  }

  /** The longest known beginning, then the longest known continuation, and so on; unknown as a whole when one is missing. */
  #pieces(word: string): number[] {
    if (word.length > WORD_LENGTH_MAX && [...word].length > WORD_LENGTH_MAX) return [UNKNOWN];
    const pieces: number[] = [];
    for (let start = 0; start < word.length; ) {
      const piece = this.#longestPiece(word, start);
      if (!piece) return [UNKNOWN];
      pieces.push(piece.id);
      start = piece.end;
    }
    return pieces;
  }

  #longestPiece(word: string, start: number): { id: number; end: number } | undefined {
    const prefix = start === 0 ? '' : '##';
    for (let end = Math.min(word.length, start + this.#longest); end > start; end--) {
      const id = this.#ids.get(prefix + word.slice(start, end));
      if (id !== undefined) return { id, end };
    }
    return undefined;
  }
}

/** Cleaned, ideographs apart, accents off, lower case: in the order in which the training did it. */
function normalised(text: string): string {
  const plain = text.replace(INVISIBLE, '').replace(IDEOGRAPH, ' $& ').normalize('NFD').replace(NON_SPACING, '');
  // Unlike JavaScript the training had one small sigma, wherever it stands.
  return plain.replaceAll('\u03a3', '\u03c3').toLowerCase();
}
