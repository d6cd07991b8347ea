/** A command line that somebody wrote in one piece, as the words of it. */

/** Blanks separate, quotes of both kinds hold together; nothing is expanded. */
export function splitWords(text: string): string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}
