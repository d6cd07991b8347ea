/** Lines that wait to be written, as bytes outside of the heap: texts that wait would grow old, and only a full collection finds those. */

export interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
}

const BYTES_MIN = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export class GatheredLines {
  #bytes: Buffer = NOTHING;
  #used = 0;
  #lines = 0;

  get bytes(): number {
    return this.#used;
  }

  get lines(): number {
    return this.#lines;
  }

  /** With its line break. */
  add(line: string): void {
    // No character takes more than three bytes for each of its units.
    this.#makeRoom(line.length * 3);
    this.#used += this.#bytes.write(line, this.#used, 'utf8');
    this.#lines += 1;
  }

  /** The same for ASCII, which is copied as it is: several times as fast. */
  addAscii(line: string): void {
    this.#makeRoom(line.length);
    this.#used += this.#bytes.write(line, this.#used, 'latin1');
    this.#lines += 1;
  }

  /** All of them, which are then no longer here. */
  take(): Batch {
    const batch = { bytes: this.#bytes.subarray(0, this.#used), lines: this.#lines };
    this.#bytes = NOTHING;
    this.#used = 0;
    this.#lines = 0;
    return batch;
  }

  #makeRoom(bytes: number): void {
    if (this.#bytes.length - this.#used >= bytes) return;
    const larger = Buffer.allocUnsafe(Math.max(BYTES_MIN, 2 * (this.#used + bytes)));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
