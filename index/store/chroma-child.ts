/** A Chroma server of our own: started when it is first needed, started again when it dies, and gone when we are, even by SIGKILL. Processes with the same folder share one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { IndexError } from '../index-error.ts';
import { RestAfterCrash } from '../rest-after-crash.ts';
import {
  type ChromaClaim,
  claimFolder,
  dropClaim,
  type FoundClaim,
  type Heartbeat,
  isElsewhere,
  isForsaken,
  isStillTouched,
  isUsable,
  keepTouching,
  readClaim,
} from './chroma-claim.ts';
import { CHROMA_VERSION, findChroma } from './chroma-program.ts';

export interface ChromaChildOptions {
  /** Folder of Chroma's files; made when missing. Where another process runs a server over it, that one is used. */
  readonly dataDir: string;
  /** Environment that the child inherits; its PATH is where `chroma` and `uvx` are looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Program and first arguments that stand for `chroma`; found by itself when left out. */
  readonly command?: readonly string[] | undefined;
  /** Until it answers; 60 seconds, and 10 minutes through uvx, which downloads it first. */
  readonly startTimeoutMs?: number | undefined;
  /** After a crash it is not started again before this; 1 second, doubled each time up to a minute. */
  readonly restartDelayMs?: number | undefined;
}

export interface ChromaChild {
  /** `http://127.0.0.1:port` of a server that answers; starts it when there is none, also of another process. Rejects with IndexError. */
  address(): Promise<string>;
  /** Resolves when every process of it is gone; another's server stays. */
  close(): Promise<void>;
}

const OUTPUT_TAIL = 600;
const POLL_MS = 50;
/** Another process's server is looked at again after so long: that we cannot hear it end. */
const LOOK_AGAIN_MS = 5_000;
/** Longer than the watcher takes to kill what does not end when asked. */
const END_GRACE_MS = 7_000;

/**
 * Runs the command beside a watcher that reads from the pipe we hold. When we end, however we end, the pipe closes and the
 * watcher ends the process group, first asking, then not. When the command ends by itself nothing of the group stays.
 */
const LIFELINE = `exec 3<&0
trap : TERM
"$@" </dev/null 3<&- &
server=$!
( trap '' TERM; read -r _ <&3; kill -TERM 0; sleep 5; kill -KILL 0 ) >/dev/null 2>&1 &
watcher=$!
status=0
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
echo "exit status $status" >&2
kill -KILL $watcher
wait $watcher 2>/dev/null
kill -KILL 0`;

export function createChromaChild(options: ChromaChildOptions): ChromaChild {
  return new RestartingChroma(options);
}

interface Running {
  readonly process: ChildProcess;
  readonly address: string;
  readonly since: number;
}

/** A server of another process. */
interface Borrowed {
  readonly address: string;
  readonly seenAt: number;
}

class RestartingChroma implements ChromaChild {
  readonly #options: ChromaChildOptions;
  readonly #closing = new AbortController();
  readonly #rest: RestAfterCrash;
  #starting: Promise<string> | undefined;
  #running: Running | undefined;
  #borrowed: Borrowed | undefined;
  #endTouching: () => void = () => {};

  constructor(options: ChromaChildOptions) {
    this.#options = options;
    this.#rest = new RestAfterCrash({ name: 'Chroma', firstMs: options.restartDelayMs ?? 1_000 });
  }

  async address(): Promise<string> {
    this.#closing.signal.throwIfAborted();
    if (this.#running) return this.#running.address;
    if (this.#borrowed && performance.now() - this.#borrowed.seenAt < LOOK_AGAIN_MS) return this.#borrowed.address;
    this.#starting ??= this.#startOrBorrow().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async close(): Promise<void> {
    this.#closing.abort(new IndexError('closed', 'The Chroma server has been stopped'));
    await this.#starting?.catch(() => {});
    if (this.#running) await endGroup(this.#running.process);
  }

  async #startOrBorrow(): Promise<string> {
    this.#rest.check();
    this.#borrowed = undefined;
    const command = this.#options.command ?? findChroma(this.#options.env.PATH ?? '');
    const timeoutMs = this.#options.startTimeoutMs ?? (command[0]?.endsWith('uvx') ? 600_000 : 60_000);
    try {
      const found = await claimOrFind(this.#options.dataDir, timeoutMs, this.#closing.signal);
      if (found.isOurs) return await this.#start(found.claim, { ...this.#options, command, timeoutMs });
      this.#borrowed = { address: found.claim.address, seenAt: performance.now() };
      return this.#borrowed.address;
    } catch (error) {
      this.#rest.crashed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async #start(claim: ChromaClaim, options: StartOptions): Promise<string> {
    const lost = new AbortController();
    const why = new IndexError('unreachable', `Another process has taken over the Chroma folder ${options.dataDir}`);
    this.#endTouching = keepTouching(options.dataDir, claim, () => lost.abort(why));
    try {
      const running = await start(claim.address, options, AbortSignal.any([this.#closing.signal, lost.signal]));
      this.#running = running;
      lost.signal.addEventListener('abort', () => void endGroup(running.process), { once: true });
      if (hasEnded(running.process)) this.#onExit(running, claim);
      else running.process.once('exit', () => this.#onExit(running, claim));
      return running.address;
    } catch (error) {
      this.#drop(claim);
      throw error;
    }
  }

  #drop(claim: ChromaClaim): void {
    this.#endTouching();
    dropClaim(this.#options.dataDir, claim);
  }

  #onExit(running: Running, claim: ChromaClaim): void {
    this.#running = undefined;
    this.#drop(claim);
    this.#rest.crashed('The Chroma server has ended', performance.now() - running.since);
  }
}

type Command = readonly string[];

interface StartOptions extends ChromaChildOptions {
  readonly command: Command;
  readonly timeoutMs: number;
}

type Found = { readonly isOurs: boolean; readonly claim: ChromaClaim };

/** The claim of the process whose server is to be used, which may be this one, where there was none or its process has ended. */
async function claimOrFind(folder: string, timeoutMs: number, signal: AbortSignal): Promise<Found> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const found = readClaim(folder);
    if (!found) {
      const claim = claimFolder(folder, `http://127.0.0.1:${await freePort()}`);
      if (claim) return { isOurs: true, claim };
      continue;
    }
    if (isElsewhere(found)) {
      await dropUnlessTouched(folder, found, signal);
      continue;
    }
    const heartbeat = await ask(found.address);
    if (isUsable(found, heartbeat)) return { isOurs: false, claim: found };
    if (isForsaken(found, heartbeat, timeoutMs)) dropClaim(folder, found);
    else await delay(POLL_MS, undefined, { signal });
  }
  throw new IndexError('unreachable', `The Chroma server of another process over ${folder} does not answer`);
}

/** Two servers over one folder would spoil its files. */
async function dropUnlessTouched(folder: string, found: FoundClaim, signal: AbortSignal): Promise<void> {
  if (!(await isStillTouched(folder, found, signal))) return dropClaim(folder, found);
  const where = `another container or machine (${found.place.split(' ')[0]})`;
  const remedy = 'give both the url of one Chroma as their store, or each a data folder of its own';
  throw new IndexError('unreachable', `The Chroma server over ${folder} is that of ${where}: ${remedy}`);
}

async function start(address: string, options: StartOptions, signal: AbortSignal): Promise<Running> {
  const { command, timeoutMs } = options;
  const { port } = new URL(address);
  const args = ['run', '--path', options.dataDir, '--host', '127.0.0.1', '--port', port];
  const child = spawn('/bin/sh', ['-c', LIFELINE, 'tooldex-chroma', ...command, ...args], {
    detached: true,
    env: { ...options.env, ANONYMIZED_TELEMETRY: 'False', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (text: string) => {
    output = (output + text).slice(-OUTPUT_TAIL);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep);
  child.on('error', () => {});
  try {
    await answering(child, { address, timeoutMs, signal });
    signal.throwIfAborted();
    return { process: child, address, since: performance.now() };
  } catch (error) {
    await endGroup(child);
    signal.throwIfAborted();
    const said = output.trim() ? `; it said: ${output.trim()}` : '';
    throw new IndexError('unreachable', `"${command.join(' ')} run" ${(error as Error).message}${said}`, {
      hint: `Try the command in a terminal. npm's chroma needs glibc 2.38; PyPI's does not (pip install chromadb==${CHROMA_VERSION}).`,
    });
  }
}

/** There is no event for readiness: it is asked until it answers, ends, or time is up. */
async function answering(
  child: ChildProcess,
  wait: { address: string; timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + wait.timeoutMs;
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error('ended before it answered');
    if ((await ask(wait.address)) === 'answers') return;
    await delay(POLL_MS, undefined, { signal: wait.signal });
  }
  throw new Error(`did not answer within ${wait.timeoutMs} ms`);
}

async function ask(address: string): Promise<Heartbeat> {
  try {
    const answer = await fetch(`${address}/api/v2/heartbeat`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok ? 'answers' : 'silent';
  } catch (error) {
    const { cause } = error as { cause?: { code?: unknown } };
    return cause?.code === 'ECONNREFUSED' || !URL.canParse(address) ? 'refused' : 'silent';
  }
}

/** Closes the lifeline, which asks the whole group to end and then makes it; resolves when it has. */
async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.stdin?.destroy();
  await Promise.race([exited, delay(END_GRACE_MS, undefined, { ref: false })]);
  if (!hasEnded(child)) killGroup(pid);
  await exited;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}

const hasEnded = ({ pid, exitCode, signalCode }: ChildProcess) =>
  pid === undefined || exitCode !== null || signalCode !== null;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
