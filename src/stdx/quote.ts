/** JSON of short texts: what stands in a line for each call is seldom anything that JSON has to escape. */

/** As `JSON.stringify` has it. */
export function quote(text: string): string {
  if (text.length > SHORT) return JSON.stringify(text);
  for (let at = 0; at < text.length; at++) if (!isPlain(text.charCodeAt(at))) return JSON.stringify(text);
  return `"${text}"`;
}

const SHORT = 200;
const [SPACE, TILDE, QUOTE, BACKSLASH] = [0x20, 0x7e, 0x22, 0x5c];

const isPlain = (code: number) => code >= SPACE && code <= TILDE && code !== QUOTE && code !== BACKSLASH;
