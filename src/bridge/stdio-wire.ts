/** JSON lines over the standard streams of a process, robust against everything that real servers do on theirs. */
import type { Readable, Writable } from 'node:stream';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import { type ByteText, toByteText } from '../stdx/json-cursor.ts';
import { LineSplitter } from '../stdx/line-splitter.ts';
import { LineWriter } from './line-writer.ts';
import { NoiseMeter } from './noise-meter.ts';
import { crashError, neverRead } from './server-errors.ts';
import { MESSAGE_BYTES_MAX, type Wire, type WireEvents } from './wire.ts';

/** What the bridge needs of a running process; the runtimes' endpoint is one. */
export interface StdioPeer {
  readonly kind: 'stdio';
  readonly input: Writable;
  readonly output: Readable;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  stderrTail(): string[];
  stop(reason: string): Promise<void>;
  /** True once it is known that the process ended without having read all of its input. */
  hasLeftInput(): boolean;
}

/** A process and its pipes do not end in a fixed order, and a grandchild may keep the pipe open for ever. */
const OUTPUT_AFTER_EXIT_MS = 150;
const EXIT_AFTER_OUTPUT_MS = 500;

const CARRIAGE_RETURN = 0x0d;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export interface StdioWireOptions {
  readonly server: string;
  readonly clock: Clock;
}

export class StdioWire implements Wire {
  readonly hasStreamPerRequest = false;
  readonly cancelsByStream = false;
  readonly #peer: StdioPeer;
  readonly #options: StdioWireOptions;
  readonly #events: WireEvents;
  readonly #writer: LineWriter;
  readonly #splitter = new LineSplitter(MESSAGE_BYTES_MAX);
  readonly #onLine = (line: Buffer) => this.#receive(line);
  readonly #noise: NoiseMeter;
  #isEnded = false;
  #isOutputEnded = false;
  /** Requests that came when nobody could answer any more. */
  readonly #late: number[] = [];
  #exit: { code: number | null; signal: string | null } | undefined;

  constructor(peer: StdioPeer, options: StdioWireOptions, events: WireEvents) {
    this.#peer = peer;
    this.#options = options;
    this.#events = events;
    this.#writer = new LineWriter(peer.input);
    this.#noise = new NoiseMeter(options.clock);
    this.#listen();
  }

  send(message: JsonObject): void {
    const id = message.method !== undefined && typeof message.id === 'number' ? message.id : undefined;
    this.sendLine(toByteText(JSON.stringify(message)), id);
  }

  sendLine(message: ByteText, id?: number): void {
    if (this.#isOutputEnded) {
      // Its end will be known in a moment; written now, the message might yet be read.
      if (id !== undefined) this.#late.push(id);
      return;
    }
    if (this.#writer.write(message, id)) return;
    throw new GatewayError('SERVER_BUSY', `Server "${this.#options.server}" does not read its input`, {
      hint: 'Call again later, or restart the server if it hangs.',
    });
  }

  useVersion(): void {}

  async close(reason: string): Promise<void> {
    this.#end(new GatewayError('SHUTTING_DOWN', `Server "${this.#options.server}" was stopped: ${reason}`));
    await this.#peer.stop(reason);
  }

  #listen(): void {
    const { input, output, exited } = this.#peer;
    // A broken pipe says only that the process is ending, which `exited` says better.
    input.on('error', () => {});
    output.on('error', () => this.#outputEnded());
    output.on('data', (chunk: Buffer) => this.#push(chunk));
    output.on('end', () => this.#outputEnded());
    output.on('close', () => this.#outputEnded());
    void exited.then((exit) => this.#exited(exit));
  }

  #push(chunk: Buffer): void {
    if (this.#isEnded || this.#splitter.push(chunk, this.#onLine)) return;
    this.#violation(`sent a line of more than ${MESSAGE_BYTES_MAX / 1024 / 1024} MiB`);
  }

  #receive(line: Buffer): void {
    if (this.#isEnded) return;
    if (this.#events.line(line) || this.#parse(line)) this.#noise.forgive();
    else this.#ignore(line);
  }

  /** True if there was a message. */
  #parse(line: Buffer): boolean {
    const value = parseLine(line);
    return value !== undefined && this.#deliver(value);
  }

  /** Only 2025-03-26 had batches, yet reading one does no harm in any version. True if there was a message. */
  #deliver(value: unknown): boolean {
    if (!Array.isArray(value)) return this.#events.message(value);
    return value.map((member) => this.#events.message(member)).includes(true);
  }

  #ignore(line: Buffer): void {
    const isEmpty = line.length === 0 || (line.length === 1 && line[0] === CARRIAGE_RETURN);
    if (!isEmpty) this.#events.noise(line.length);
    if (this.#noise.add(line.length)) this.#violation('floods its standard output with what is not MCP');
  }

  #violation(what: string): void {
    const error = new GatewayError('PROTOCOL_VIOLATION', `Server "${this.#options.server}" ${what} and was stopped`, {
      hint: 'Standard output of a stdio server is for MCP messages only, one per line.',
    });
    this.#end(error);
    void this.#peer.stop(error.message);
  }

  #exited(exit: { code: number | null; signal: string | null }): void {
    this.#exit = exit;
    if (!this.#isEnded) this.#events.ending(this.#crash());
    this.#endWhenBothEnded();
  }

  #outputEnded(): void {
    this.#isOutputEnded = true;
    this.#endWhenBothEnded();
  }

  #endWhenBothEnded(): void {
    if (this.#isEnded) return;
    if (this.#exit && this.#isOutputEnded) this.#endOfProcess();
    else
      this.#options.clock.after(this.#exit ? OUTPUT_AFTER_EXIT_MS : EXIT_AFTER_OUTPUT_MS, () => this.#endOfProcess());
  }

  #endOfProcess(): void {
    if (this.#isEnded) return;
    const rest = this.#splitter.rest();
    if (rest.length > 0) this.#receive(rest);
    const crash = this.#crash();
    const unread = this.#exit ? this.#writer.unread(this.#peer.hasLeftInput()) : [];
    this.#events.unread([...unread, ...this.#late], neverRead(crash));
    this.#end(crash);
  }

  #crash(): GatewayError {
    return crashError({ server: this.#options.server, exit: this.#exit, stderrTail: this.#peer.stderrTail() });
  }

  #end(reason: GatewayError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    // Read on, so that the process can end; nothing of it is kept.
    this.#peer.output.removeAllListeners('data').resume();
    this.#events.ended(reason);
  }
}

/** Undefined for what is not JSON. A line feed inside a string is always escaped, so one line is one value. */
function parseLine(rawLine: Buffer): unknown {
  const line = rawLine[0] === BOM[0] && rawLine.subarray(0, 3).equals(BOM) ? rawLine.subarray(3) : rawLine;
  const first = line[0] === 0x20 ? line.toString('latin1').trimStart().charCodeAt(0) : line[0];
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return undefined;
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}
