/** Runs npm, pip or uv to the end, in a process group that dies with the gateway, and keeps what it said. */

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { GatewayError } from '../../errors.ts';
import type { ParentGuard } from '../native/parent-guard.ts';
import { ProcessEndpoint } from '../native/process-endpoint.ts';
import { type Program, spawnGroup } from '../native/spawn-group.ts';
import { within } from '../within.ts';

export interface InstallerOptions {
  /** Kills it; the run throws the reason. */
  readonly signal: AbortSignal;
  readonly guard: ParentGuard | undefined;
  /** Every line of both outputs as it comes. */
  readonly onLine: (line: string) => void;
}

export interface InstallerRun {
  readonly code: number | null;
  /** The last lines of both outputs. */
  readonly tail: string[];
}

const TAIL_LINES = 40;
/** Who left the process group with our pipe in its hand must not keep us waiting. */
const LAST_LINES_MS = 1_000;
const LINE_LENGTH_MAX = 1_000;

/** Throws RUNTIME_UNAVAILABLE when the program cannot be started, and the signal's reason once all of it is dead. */
export async function runInstaller(program: Program, options: InstallerOptions): Promise<InstallerRun> {
  options.signal.throwIfAborted();
  const spawned = await spawnGroup(program, options.guard).catch(asUnavailable);
  const endpoint = new ProcessEndpoint(spawned, { graceMs: 0, termMs: 2_000 }, options.guard);
  endpoint.input.end();
  const tail: string[] = [];
  const take = (line: string) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine(line);
  };
  const kill = () => void endpoint.stop();
  options.signal.addEventListener('abort', kill, { once: true });
  // It may have been broken off while it was being started.
  if (options.signal.aborted) kill();
  try {
    const outputs = Promise.all([eachLine(endpoint.output, take), eachLine(spawned.child.stderr, take)]);
    const { code } = await endpoint.exited;
    await endpoint.stop();
    await within(LAST_LINES_MS, outputs);
    options.signal.throwIfAborted();
    return { code, tail };
  } finally {
    options.signal.removeEventListener('abort', kill);
  }
}

function asUnavailable(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  throw new GatewayError('RUNTIME_UNAVAILABLE', error.message, { hint: error.hint, cause: error });
}

function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/[\r\n]+/);
    rest = (lines.pop() ?? '').slice(0, LINE_LENGTH_MAX);
    for (const line of lines) if (line.trim() !== '') take(line.slice(0, LINE_LENGTH_MAX));
  });
  return new Promise((resolve) => {
    stream.once('close', () => {
      if (rest.trim() !== '') take(rest);
      resolve();
    });
  });
}
