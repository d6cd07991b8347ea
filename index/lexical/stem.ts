/** Light suffix stripping: brings `files`, `listing`, `created` to one form without a dictionary. */

/**
 * Cuts English inflection only (after Harman 1991, "How effective is suffixing?"); short words and words with
 * characters outside a-z stay as they are. The result is a key, not a word.
 */
export function stem(word: string): string {
  if (word.length <= 3) return word;
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return dropFinalE(undouble(cutEnding(word)));
}

function cutEnding(word: string): string {
  if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3);
  if (word.length > 4 && word.endsWith('ed')) return word.slice(0, -2);
  if (word.endsWith('es') && 'sxzh'.includes(word.charAt(word.length - 3))) return word.slice(0, -2);
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

/** `stopped` was cut to `stopp`; `call` and `pass` keep their pair. */
function undouble(word: string): string {
  const last = word.charAt(word.length - 1);
  const doubled = word.length > 3 && last === word.charAt(word.length - 2);
  return doubled && !'lse'.includes(last) ? word.slice(0, -1) : word;
}

function dropFinalE(word: string): string {
  return word.length > 4 && word.endsWith('e') ? word.slice(0, -1) : word;
}
