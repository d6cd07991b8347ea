/** The built command line, run as a user runs it: its own process, its output captured. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descendants, endProcess, gone } from './process-table.ts';

/** Path of the package's bin; where tests run on Chroma, of one that keeps its vectors there. */
export const BIN = join(
  process.env.TOOLDEX_TEST_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url)),
  'main.cjs',
);

export interface CliOptions {
  readonly cwd?: string;
  /** Added to the environment of the test; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A program with its arguments that runs the command which follows them, in the same process. */
  readonly through?: readonly string[];
  /** Written to standard input, which then ends. Without it, input is empty. */
  readonly input?: string;
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tooldex ...args` to its end. Never rejects for a bad exit code. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const running = startCli(args, options);
  running.process.stdin?.end(options.input ?? '');
  return running.ended;
}

export interface RunningCli extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<CliResult>;
  /** Both streams as they came, so far. */
  output(): string;
  /** Resolves with the match once the output of either stream holds `pattern`; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal (default SIGTERM) and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<CliResult>;
}

/** Starts `tooldex ...args`. Disposing kills it and everything below it, and waits until all of it is gone. */
export function startCli(args: readonly string[], { cwd, env, through = [] }: CliOptions = {}): RunningCli {
  if (!existsSync(BIN)) throw new Error(`${BIN} is missing; run: npm run build`);
  const [command = '', ...given] = [...through, process.execPath, BIN, ...args];
  const child = spawn(command, given, { cwd, env: { ...process.env, ...env } });
  if (child.pid === undefined) throw new Error(`cannot start ${process.execPath}`);
  return watch(child, child.pid);
}

function watch(child: ReturnType<typeof spawn>, pid: number): RunningCli {
  const text = { stdout: '', stderr: '', both: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      text.both += chunk;
      for (const look of watchers) look();
    });
  }
  child.stdin?.on('error', () => {});
  const ended = new Promise<CliResult>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout: text.stdout, stderr: text.stderr }));
  });
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text.both);
        if (match) resolve(match);
        if (match) watchers.delete(look);
      };
      watchers.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without printing ${pattern}:\n${text.both}`)));
    });
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  return {
    process: child,
    pid,
    ended,
    output: () => text.both,
    printed,
    stop,
    [Symbol.asyncDispose]: () => killTree(child, pid),
  };
}

async function killTree(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const below = descendants(pid);
  for (const each of [pid, ...below]) endProcess(each);
  await gone([pid, ...below]);
}

export interface RunningGateway extends RunningCli {
  readonly url: URL;
}

/** `tooldex serve` on a port that the system chooses; resolves when it says where, which it does once commands find it too. */
export async function serveGateway(args: readonly string[] = [], options: CliOptions = {}): Promise<RunningGateway> {
  const running = startCli(['serve', '--port', '0', ...args], options);
  try {
    const [, port = ''] = await running.printed(/serves MCP at http:\S+:(\d+)\/mcp\n/);
    return { ...running, url: new URL(`http://127.0.0.1:${port}/mcp`) };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}
