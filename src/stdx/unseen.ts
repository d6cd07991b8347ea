/** Characters that are there and not to be seen, on their way to people: a terminal obeys some of them, and others hide what is said. */

/** Controls (ANSI begins with one), zero-width, bidi and tag characters. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const UNSEEN_IN_TEXT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Such as `\u{1B}`. */
export const writtenOut = (one: string) => `\\u{${one.codePointAt(0)?.toString(16).toUpperCase()}}`;

/** Text for a terminal, in which others may have had a say: all but line breaks and tabs is written out. */
export const forEyes = (text: string) => text.replace(UNSEEN_IN_TEXT, writtenOut);
