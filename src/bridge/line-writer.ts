/** Writes messages as lines, all of one event-loop turn in a single write: that alone is most of the throughput. */
import type { Writable } from 'node:stream';
import type { ByteText } from '../stdx/json-cursor.ts';

/** Beyond this the reader is taken for stuck. One message may exceed it, as long as nothing waits before it. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

/** So much a pipe or a socket takes whole or not at all (PIPE_BUF of POSIX systems). */
const WHOLE_BYTES_MAX = 4096;

export class LineWriter {
  readonly #stream: Writable;
  #lines = '';
  /** Of the requests among those lines; the last one is undefined when the last line is no request. */
  #ids: (number | undefined)[] = [];
  #isScheduled = false;
  /** Requests that never left. */
  readonly #unwritten: (number | undefined)[] = [];
  #lastWritten: number | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** False, and nothing written, when the other side does not read and enough is waiting already. */
  write(json: ByteText, id?: number): boolean {
    if (this.#lines.length + this.#stream.writableLength > WAITING_BYTES_MAX) return false;
    this.#lines += `${json}\n`;
    this.#ids.push(id);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#flush());
    }
    return true;
  }

  /**
   * Requests that the other side, which is gone, cannot have read whole. `leftInput`: it is known not to have read all that was
   * written, of which the last request is then a part.
   */
  unread(leftInput: boolean): number[] {
    const ids = leftInput ? [...this.#unwritten, ...this.#ids, this.#lastWritten] : [...this.#unwritten, ...this.#ids];
    return ids.filter((id) => id !== undefined);
  }

  #flush(): void {
    this.#isScheduled = false;
    const lines = this.#lines;
    const ids = this.#ids;
    this.#lines = '';
    this.#ids = [];
    if (!this.#stream.writable) {
      this.#lose(ids);
      return;
    }

    this.#stream.write(lines, 'latin1', (error) => {
      if (!error) this.#lastWritten = ids.at(-1);
      // Part of a longer write may have arrived, and with it all but the last request.
      else this.#lose(lines.length <= WHOLE_BYTES_MAX ? ids : ids.slice(-1));
    });
  }

  #lose(ids: readonly (number | undefined)[]): void {
    this.#unwritten.push(...ids);
  }
}
