/** Cuts a stream of bytes into lines without decoding it, so that a character split across two chunks stays whole. */

const LINE_FEED = 0x0a;

export class LineSplitter {
  readonly #lineBytesMax: number;
  /** Pieces of the line that has no end yet; concatenated once, when it ends. */
  #parts: Buffer[] = [];
  #partBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Hands over every line that `chunk` completes, without its line feed. False once a line outgrew the limit: then stop. */
  push(chunk: Buffer, onLine: (line: Buffer) => void): boolean {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      if (this.#partBytes + end - from > this.#lineBytesMax) return false;
      onLine(this.#complete(chunk.subarray(from, end)));
      from = end + 1;
    }
    return this.#keep(chunk.subarray(from));
  }

  /** What came after the last line feed: a server may exit without ending its last line. */
  rest(): Buffer {
    return this.#complete(Buffer.alloc(0));
  }

  #keep(rest: Buffer): boolean {
    if (rest.length > 0) this.#parts.push(rest);
    this.#partBytes += rest.length;
    return this.#partBytes <= this.#lineBytesMax;
  }

  #complete(last: Buffer): Buffer {
    if (this.#parts.length === 0) return last;
    const line = Buffer.concat([...this.#parts, last], this.#partBytes + last.length);
    this.#parts = [];
    this.#partBytes = 0;
    return line;
  }
}
