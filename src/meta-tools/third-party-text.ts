/** Texts that servers wrote, made harmless before an agent reads them: quoted, capped, without control characters. */

/** ANSI sequences, then what is invisible or turns the reading direction: controls, zero-width, bidi, tags. */
const ANSI = new RegExp(`${String.fromCharCode(27)}(?:\\[[0-?]*[ -/]*[@-~]|[@-Z\\\\-_])`, 'g');
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu;

/** Characters; more than any answer has room for. What a server wrote behind them costs nobody the time to read it. */
const READ_MAX = 150_000;

/** One line of visible text. */
export function plainLine(text: string): string {
  return beginning(text, READ_MAX).replace(ANSI, ' ').replace(INVISIBLE, ' ').replace(/\s+/g, ' ').trim();
}

/** As many whole sentences as fit into `charactersMax`; of a longer first sentence whole words and an ellipsis. */
export function cap(text: string, charactersMax: number): string {
  // Of most texts much more than that is seen.
  const line = plainLine(beginning(text, charactersMax * 10));
  if (line.length <= charactersMax) return line;
  const window = line.slice(0, charactersMax);
  const sentences = /^.*[.!?。！？](?=\s|$)/u.exec(window)?.[0];
  if (sentences && sentences.length >= charactersMax / 4) return sentences;
  return `${window.slice(0, Math.max(window.lastIndexOf(' '), charactersMax / 2))}…`;
}

const beginning = (text: string, charactersMax: number) =>
  text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;

/** In quotation marks that the text cannot close. */
export function quote(text: string, charactersMax: number): string {
  return `"${cap(text, charactersMax).replaceAll('"', "'")}"`;
}
