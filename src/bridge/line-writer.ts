/** Writes messages as lines, all of one event-loop turn in a single write: that alone is most of the throughput. */
import type { Writable } from 'node:stream';

/** Beyond this the reader is taken for stuck. One message may exceed it, as long as nothing waits before it. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

export class LineWriter {
  readonly #stream: Writable;
  #lines = '';
  #isScheduled = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** False, and nothing written, when the other side does not read and enough is waiting already. */
  write(json: string): boolean {
    if (this.#lines.length + this.#stream.writableLength > WAITING_BYTES_MAX) return false;
    this.#lines += `${json}\n`;
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#flush());
    }
    return true;
  }

  #flush(): void {
    this.#isScheduled = false;
    const lines = this.#lines;
    this.#lines = '';
    if (this.#stream.writable) this.#stream.write(lines);
  }
}
