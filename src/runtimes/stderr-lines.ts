/** Cuts what a server says on stderr into lines for the log, at a rate that no flood exceeds. */
import { StringDecoder } from 'node:string_decoder';
import { cut, plain } from './plain-line.ts';

const WINDOW_MS = 1_000;
const LINES_MAX = 100;
/** More of a line without an end is not kept; only its first part is said anyway. */
const REST_LENGTH_MAX = 8_192;

export interface StderrLinesOptions {
  readonly redact: (text: string) => string;
  readonly say: (line: string) => void;
}

export class StderrLines {
  readonly #options: StderrLinesOptions;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #linesLeft = LINES_MAX;
  #bytesLeftOut = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(options: StderrLinesOptions) {
    this.#options = options;
  }

  /** Says each whole line; after 100 of them nothing until the second is over, and then how much was left out. */
  push(chunk: Buffer): void {
    if (this.#linesLeft === 0) {
      this.#bytesLeftOut += chunk.byteLength;
      return;
    }
    const lines = (this.#rest + this.#decoder.write(chunk)).split(/\r\n|[\r\n]/);
    this.#rest = lines.pop()?.slice(0, REST_LENGTH_MAX) ?? '';
    for (const line of lines) this.#take(line);
  }

  /** Says what had no line break. */
  end(): void {
    this.#take(this.#rest + this.#decoder.end());
    this.#rest = '';
    clearTimeout(this.#window);
    this.#tellLeftOut();
  }

  #take(line: string): void {
    const text = plain(line);
    if (text === '') return;
    this.#openWindow();
    if (this.#linesLeft === 0) {
      this.#bytesLeftOut += Buffer.byteLength(line);
      return;
    }
    this.#linesLeft -= 1;
    // Masked before it is cut, so that the cut leaves no part of a secret that is not recognised as one.
    this.#options.say(cut(this.#options.redact(text)));
  }

  #openWindow(): void {
    this.#window ??= setTimeout(() => {
      this.#window = undefined;
      this.#linesLeft = LINES_MAX;
      this.#tellLeftOut();
    }, WINDOW_MS).unref();
  }

  #tellLeftOut(): void {
    if (this.#bytesLeftOut > 0) this.#options.say(`(${this.#bytesLeftOut} bytes left out)`);
    this.#bytesLeftOut = 0;
  }
}
