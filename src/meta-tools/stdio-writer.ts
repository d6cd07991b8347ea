/** Everything that is said to the client of standard input. What it leaves unread is kept by us, so it is bounded. */
import type { Writable } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { GatewayError } from '../errors.ts';
import type { Json } from '../stdx/json.ts';
import { toRpcError } from './tool-offer.ts';

/** With more unread, nothing more is read of the client, and it misses what is no answer. */
const BEHIND_BYTES = 1024 * 1024;
/** With more unread, what was under way is answered with an error: some hundred bytes for each call. */
const UNREAD_BYTES_MAX = 32 * 1024 * 1024;
/** Different announcements that wait. */
const WAITING_MAX = 1_000;

export interface StdioWriterOptions {
  readonly output: Writable;
  /** The client is behind with reading. */
  readonly onBehind: () => void;
  /** It has read all. */
  readonly onRead: () => void;
}

export class StdioWriter {
  readonly #options: StdioWriterOptions;
  readonly #output: Writable;
  readonly #waiting = new Set<string>();
  #isBehind = false;

  constructor(options: StdioWriterOptions) {
    this.#options = options;
    this.#output = options.output;
  }

  /** Of the SDK. */
  send(message: JSONRPCMessage): void {
    const line = `${JSON.stringify(message)}\n`;
    if (!('method' in message)) this.answer(message.id ?? null, line, 'utf8');
    else if (PASSING.has(message.method)) this.say(line);
    else this.#announce(line);
  }

  /** The answer to the request of that id, which always gets one. */
  answer(id: string | number | null, line: string, encoding: 'latin1' | 'utf8'): void {
    if (this.#output.writableLength > UNREAD_BYTES_MAX) this.#write(refusal(id), 'utf8');
    else this.#write(line, encoding);
  }

  /** Resolves when the client has read all that it was told so far, or can be told no more. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#output.writable) this.#output.write('', () => resolve());
      else resolve();
    });
  }

  /** What may be missed, such as progress. */
  say(line: string): void {
    if (!this.#isBehind) this.#write(line, 'utf8');
  }

  /** For who is behind it waits, and is said once. */
  #announce(line: string): void {
    if (!this.#isBehind) this.#write(line, 'utf8');
    else if (this.#waiting.size < WAITING_MAX) this.#waiting.add(line);
  }

  #write(line: string, encoding: 'latin1' | 'utf8'): void {
    const output = this.#output;
    // What follows the end is read by nobody.
    if (!output.writable) return;
    output.write(line, encoding);
    if (this.#isBehind || output.writableLength <= BEHIND_BYTES) return;
    this.#isBehind = true;
    this.#options.onBehind();
    output.once('drain', () => this.#caughtUp());
  }

  #caughtUp(): void {
    this.#isBehind = false;
    const lines = [...this.#waiting];
    this.#waiting.clear();
    for (const line of lines) this.#announce(line);
    if (!this.#isBehind) this.#options.onRead();
  }
}

const PASSING: ReadonlySet<string> = new Set(['notifications/progress', 'notifications/message']);

function refusal(id: string | number | null): string {
  const error = new GatewayError(
    'SERVER_BUSY',
    'The answer was thrown away: too much of what came before it is unread',
    {
      hint: 'Read what is there. The call itself was carried out.',
    },
  );
  return `${JSON.stringify({ jsonrpc: '2.0', id, error: toRpcError(error) as unknown as Json })}\n`;
}
