/** A dictionary that is ready as soon as its file is read: building a map of its words would be felt at every start. */

const [NEWLINE, SPACE] = [10, 32];

/** Lines of a word, a space and a note, each ended by a newline and sorted by the UTF-8 bytes of the words; found by halving. */
export class SortedLines {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** What is noted of the word, in ASCII; undefined when it has no line. */
  find(word: string): string | undefined {
    const bytes = this.#bytes;
    const wanted = Buffer.from(word);
    let [low, high] = [0, bytes.length];
    while (low < high) {
      const line = startOfLine(bytes, (low + high) >> 1);
      const order = compareWord(bytes, line, wanted);
      if (order === 0) return ascii(bytes.subarray(line + wanted.length + 1, endOfLine(bytes, line)));
      if (order < 0) low = endOfLine(bytes, line) + 1;
      else high = line;
    }
    return undefined;
  }
}

function startOfLine(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && bytes[start - 1] !== NEWLINE) start--;
  return start;
}

function endOfLine(bytes: Uint8Array, start: number): number {
  const end = bytes.indexOf(NEWLINE, start);
  return end < 0 ? bytes.length : end;
}

/** Negative when the word of the line comes first; what goes on sorts after the space or newline at which another ends. */
function compareWord(bytes: Uint8Array, line: number, wanted: Uint8Array): number {
  let at = 0;
  while (at < wanted.length && bytes[line + at] === wanted[at]) at++;
  return (bytes[line + at] ?? NEWLINE) - (wanted[at] ?? SPACE);
}

const ascii = (bytes: Uint8Array) => String.fromCharCode(...bytes);
