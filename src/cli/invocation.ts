/** What one run of the command line has to work with, and where its words go. */
import type { Readable, Writable } from 'node:stream';
import { explain, toGatewayError } from '../errors.ts';
import type { Json } from '../stdx/json.ts';
import { forEyes } from '../stdx/unseen.ts';
import { forTerminal } from './for-terminal.ts';

export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The folder with Tooldex's own package.json. */
  readonly packageRoot: string;
  readonly stdin: Readable;
  /** The id of an `initialize` in it that was answered already. */
  readonly answeredId?: Json | undefined;
  /** What pipes that were named as files have said, by path. */
  readonly piped?: Map<string, Buffer>;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
}

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Flags of every command that reads a configuration. */
export interface CommonFlags {
  readonly config?: string;
  readonly dataDir?: string;
  /** How often it was given: once means `info`, more often `debug`. */
  readonly verbose?: number;
  readonly json?: boolean;
}

/** Data: what the command was asked for. */
export function print({ stdout }: Invocation, text: string): void {
  stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(invocation: Invocation, value: unknown): void {
  print(invocation, JSON.stringify(value, null, invocation.stdout.isTTY ? 2 : 0));
}

/** Everything else: what is going on, and what went wrong. */
export function tell({ stderr }: Invocation, text: string): void {
  stderr.write(`${text}\n`);
}

/** Prints the error and returns the exit code that stands for it. */
export function fail(invocation: Invocation, error: unknown): number {
  const { code, class: kind } = toGatewayError(error);
  const label = paint(invocation.stderr, 'red', `error (${code}):`, invocation.env);
  tell(invocation, `${label} ${forEyes(forTerminal(explain(error)))}`);
  return kind.exitCode;
}

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

/** Colours on a terminal only, and never under NO_COLOR (https://no-color.org). */
export function paint(
  stream: Terminal,
  colour: keyof typeof COLOURS,
  ...[text, env]: [string, Invocation['env']]
): string {
  const coloured = stream.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  return coloured ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}
