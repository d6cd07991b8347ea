/** Words for people to copy into a terminal. */

/** One word of a POSIX shell, quoted where it would otherwise be more than that. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
