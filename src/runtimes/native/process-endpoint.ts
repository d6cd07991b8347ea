/** One running local server: its streams, what it said last, and the one way to be rid of it. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Exit, StdioEndpoint } from '../runtime.ts';
import { StderrRing } from '../stderr-ring.ts';
import { within } from '../within.ts';
import { endFamily } from './kill-ladder.ts';
import type { ParentGuard } from './parent-guard.ts';
import type { SpawnedGroup } from './spawn-group.ts';

export interface StopTimes {
  /** From the end of its input to TERM. */
  readonly graceMs: number;
  /** From TERM to KILL. */
  readonly termMs: number;
}

/** What was written to stderr just before the end is still in the pipe when the end is reported. */
const LAST_WORDS_MS = 250;

export class ProcessEndpoint implements StdioEndpoint {
  readonly kind = 'stdio';
  readonly pid: number;
  readonly input: Writable;
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  readonly #spawned: SpawnedGroup;
  readonly #stderr = new StderrRing();
  readonly #times: StopTimes;
  readonly #guard: ParentGuard | undefined;
  readonly #leaderGone: Promise<Exit>;
  #leftInput = false;
  #stopping: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(spawned: SpawnedGroup, times: StopTimes, guard?: ParentGuard) {
    const { child, family } = spawned;
    this.#spawned = spawned;
    this.#times = times;
    this.#guard = guard;
    this.pid = family.group;
    this.input = child.stdin;
    this.output = child.stdout;
    this.#watchInput(child.stdin);
    this.#stderr.drink(child.stderr);
    guard?.add(family.group);
    this.#leaderGone = exitOf(child);
    this.exited = this.#leaderGone.then((exit) => this.#lastWords(exit));
    // At once, because the number of a group that is gone may be given to somebody else.
    void this.#leaderGone.then(() => this.#sweep());
  }

  stderrTail(redact?: (text: string) => string): string[] {
    return this.#stderr.lines(redact);
  }

  get instance(): string {
    return `pid ${this.pid}`;
  }

  onStderr(listener: (chunk: Buffer) => void): void {
    this.#stderr.listen(listener);
  }

  hasLeftInput(): boolean {
    return this.#leftInput;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * On Linux and others the input is a socket, and the system says ECONNRESET to its reader when the other end goes with
   * something unread. Node reads only what it thinks can be read, so it has to be told.
   */
  #watchInput(input: Writable): void {
    input.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' && error.syscall === 'read') this.#leftInput = true;
    });
    if (input instanceof Socket) input._read(0);
  }

  async #stop(): Promise<void> {
    this.input.end();
    await within(this.#times.graceMs, this.#leaderGone);
    await this.#sweep();
    await this.exited;
  }

  #sweep(): Promise<void> {
    this.#sweeping ??= endFamily(this.#spawned.family, this.#times.termMs).then((gone) => {
      if (gone) this.#guard?.remove(this.pid);
    });
    return this.#sweeping;
  }

  async #lastWords(exit: Exit): Promise<Exit> {
    const { stderr } = this.#spawned.child;
    if (!stderr.closed) await within(LAST_WORDS_MS, once(stderr, 'close'));
    return exit;
  }
}

function exitOf(child: ChildProcessWithoutNullStreams): Promise<Exit> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}
