/** Our end of a thread in which the encoder runs: hands it one text at a time, and notices when it dies or halts. */

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../src/stdx/clock.ts';
import { IndexError } from '../index-error.ts';
import type { EncoderReply, EncoderRequest, EncoderSetup } from './encoder-protocol.ts';

interface Job {
  readonly tokens: Int32Array;
  /** Of the caller, who has stopped waiting when it fires. */
  readonly signal: AbortSignal | undefined;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

/** One text takes milliseconds; a thread that takes so long has come to a halt. */
const TIMEOUT_MS = 30_000;
/** The model lies outside the heap, and a text leaves a few kilobytes there; left alone, V8 would let them pile up. In MiB. */
const HEAP = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

/** One thread for one life; whoever holds it makes another when it has ended. */
export class EncoderThread {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #cancelTimeout = () => {};

  constructor(setup: EncoderSetup, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#worker = new Worker(fileURLToPath(new URL('./encoder-program.cjs', import.meta.url)), {
      name: 'encoder',
      workerData: setup,
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: HEAP,
    });
    this.#worker.unref();
    this.#worker.on('message', (reply: EncoderReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => this.#end(`failed: ${error.message}`));
    this.#worker.on('exit', (code) => this.#end(`ended with code ${code}`));
  }

  /** Fires when the thread is no more; its reason says why. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Rejects with the reason of the thread's end. What is aborted before its turn costs nothing, and rejects when that comes. */
  embed(tokens: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.ended.throwIfAborted();
      this.#waiting.push({ tokens, signal, resolve, reject });
      this.#next();
    });
  }

  /** Resolves when the thread is gone. */
  async close(): Promise<void> {
    this.#stop(new IndexError('closed', 'The encoder has been closed'));
    await this.#worker.terminate();
  }

  /** The thread keeps the process alive only while it works. */
  #next(): void {
    if (this.#current) return;
    this.#current = takeLive(this.#waiting);
    if (!this.#current) {
      this.#worker.unref();
      return;
    }
    this.#worker.ref();
    const request: EncoderRequest = { tokens: this.#current.tokens };
    this.#worker.postMessage(request);
    this.#cancelTimeout = this.#clock.after(TIMEOUT_MS, () => this.#giveUp());
  }

  #onReply({ vector }: EncoderReply): void {
    this.#cancelTimeout();
    this.#current?.resolve(vector);
    this.#current = undefined;
    this.#next();
  }

  #giveUp(): void {
    this.#end(`did not embed a text within ${TIMEOUT_MS} ms`);
    void this.#worker.terminate();
  }

  #end(how: string): void {
    this.#stop(new IndexError('unreachable', `The thread that runs the built-in encoder ${how}`));
  }

  /** Only the first reason counts. */
  #stop(reason: IndexError): void {
    this.#cancelTimeout();
    this.#ended.abort(reason);
    this.#current?.reject(reason);
    for (const job of this.#waiting.splice(0)) job.reject(reason);
  }
}

/** The first that somebody still wants; those before it are dropped. */
function takeLive(jobs: Job[]): Job | undefined {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    if (!job.signal?.aborted) return job;
    job.reject(job.signal.reason);
  }
  return undefined;
}
