/** Our end of the process in which transformers.js runs: starts it, speaks to it, notices when it dies or hangs, ends it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { IndexError } from '../index-error.ts';
import { withDeadline, withSignals } from '../with-deadline.ts';
import type { LoadRequest, Reply, Request } from './transformers-protocol.ts';

export interface DownloadProgress {
  readonly file: string;
  /** Bytes of this file so far, and altogether; 0 when the hub does not say. */
  readonly loaded: number;
  readonly total: number;
}

export interface LinkOptions {
  readonly request: Omit<LoadRequest, 'type'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Of one batch. */
  readonly timeoutMs: number;
}

export interface Ready {
  readonly dimensions: number;
  readonly hash: string;
}

interface Waiting {
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (error: IndexError) => void;
}

const OUTPUT_TAIL = 500;
const EXIT_GRACE_MS = 2_000;

/** One process for one life; whoever holds it makes another when it has ended. */
export class TransformersLink {
  readonly #options: LinkOptions;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended = new AbortController();
  #output = '';
  #lastId = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#child = fork(fileURLToPath(new URL('./transformers-program.cjs', import.meta.url)), [], {
      env: { ...options.env },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_TAIL);
      });
    }
    this.#child.on('message', (reply: Reply) => this.#onReply(reply));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(`ended with ${signal ?? `code ${code}`}`));
  }

  /** Fires when the process is no more; its reason says why. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Resolves when the model answers. Rejects with IndexError or with the signal's reason. */
  load(signal?: AbortSignal): Promise<Ready> {
    return withSignals(
      () =>
        new Promise<Ready>((resolve, reject) => {
          this.#child.on('message', (reply: Reply) => {
            if (reply.type === 'ready') resolve({ dimensions: reply.dimensions, hash: reply.hash });
            if (reply.type === 'failed') reject(new IndexError('missing', reply.message));
          });
          this.#send({ type: 'load', ...this.#options.request });
        }),
      [signal, this.ended],
    );
  }

  /** All vectors of the batch one after another. A batch that takes too long ends the process: what hangs stays hung. */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> {
    const ms = this.#options.timeoutMs;
    const expired = () => {
      const error = new IndexError(
        'timeout',
        `${this.#options.request.model} did not embed ${texts.length} texts within ${ms} ms`,
      );
      this.#ended.abort(error);
      this.#child.kill('SIGKILL');
      return error;
    };
    const id = ++this.#lastId;
    const work = () =>
      new Promise<Float32Array>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#send({ type: 'embed', id, texts });
      });
    try {
      return await withSignals((ending) => withDeadline(work, { ms, expired, signal: ending }), [signal, this.ended]);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Resolves when the process is gone. */
  async close(): Promise<void> {
    this.#ended.abort(new IndexError('closed', 'The embedder has been closed'));
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const exited = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await Promise.race([exited, delay(EXIT_GRACE_MS, undefined, { ref: false })]);
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** A message to a process that has just ended is lost; its end is told by `exit`. */
  #send(request: Request): void {
    if (this.#child.connected) this.#child.send(request, () => {});
  }

  #onReply(reply: Reply): void {
    if (reply.type === 'progress')
      this.#options.onProgress({ file: reply.file, loaded: reply.loaded, total: reply.total });
    if (reply.type === 'vectors') this.#waiting.get(reply.id)?.resolve(reply.values);
    if (reply.type === 'refused') this.#waiting.get(reply.id)?.reject(new IndexError('bad-answer', reply.message));
  }

  #end(how: string): void {
    const said = this.#output.trim() ? `; it said: ${this.#output.trim()}` : '';
    this.#ended.abort(
      new IndexError('unreachable', `The process that runs ${this.#options.request.model} ${how}${said}`),
    );
  }
}
