/** Keeps the end of what a server says on stderr, however much that is, without letting it take the gateway's time. */
import type { Readable } from 'node:stream';
import { cut, plain } from './plain-line.ts';

const BYTES_MAX = 16 * 1024;
const LINES_MAX = 100;
const ONE_LINE = '… a line of more than 16 KiB';
const AS_IT_IS = (text: string) => text;
/** A server that writes faster than this is made to wait: reading is paused until the window ends. */
const WINDOW_BYTES_MAX = 1024 * 1024;
const WINDOW_MS = 100;

export class StderrRing {
  /** The chunks without the first one are always shorter than the limit together. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  #hasForgotten = false;
  #windowBytes = 0;
  #listener: ((chunk: Buffer) => void) | undefined;

  /** Reads `stream` to its end at a bounded rate. */
  drink(stream: Readable): void {
    const window = setInterval(() => this.#openWindow(stream), WINDOW_MS);
    window.unref();
    stream.on('data', (chunk: Buffer) => this.#take(chunk, stream));
    stream.on('error', () => undefined);
    stream.once('close', () => clearInterval(window));
  }

  /** Hands on what is kept, and then all that comes. */
  listen(listener: (chunk: Buffer) => void): void {
    for (const chunk of this.#chunks) listener(chunk);
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    this.#listener?.(chunk);
    this.#chunks.push(chunk.byteLength > BYTES_MAX ? Buffer.from(chunk.subarray(-BYTES_MAX)) : chunk);
    this.#bytes += Math.min(chunk.byteLength, BYTES_MAX);
    this.#hasForgotten ||= chunk.byteLength > BYTES_MAX;
    let first = this.#chunks[0];
    while (first && this.#bytes - first.byteLength >= BYTES_MAX) {
      this.#chunks.shift();
      this.#bytes -= first.byteLength;
      this.#hasForgotten = true;
      first = this.#chunks[0];
    }
  }

  /**
   * The last lines, oldest first, at most 100 of at most 500 characters, without control characters and blank lines. Whole lines
   * are masked: nobody finds half a secret in what was cut before, or in a line whose beginning is forgotten, which is left out.
   */
  lines(redact: (text: string) => string = AS_IT_IS): string[] {
    const lines = Buffer.concat(this.#chunks)
      .subarray(-BYTES_MAX)
      .toString('utf8')
      .split(/\r\n|[\r\n]/);
    const isPartial = this.#hasForgotten || this.#bytes > BYTES_MAX;
    if (isPartial && lines.length === 1) return [ONE_LINE];
    return lines
      .slice(isPartial ? 1 : 0)
      .map((line) => cut(redact(plain(line))))
      .filter(Boolean)
      .slice(-LINES_MAX);
  }

  #take(chunk: Buffer, stream: Readable): void {
    this.push(chunk);
    this.#windowBytes += chunk.byteLength;
    if (this.#windowBytes > WINDOW_BYTES_MAX) stream.pause();
  }

  #openWindow(stream: Readable): void {
    this.#windowBytes = 0;
    if (stream.isPaused()) stream.resume();
  }
}
