/** A thread of the encoder over all its lives: started by the first text, ended when idle, started again when it died. */
import type { Clock } from '../../src/stdx/clock.ts';
import { IndexError } from '../index-error.ts';
import { RestAfterCrash } from '../rest-after-crash.ts';
import type { EncoderSetup } from './encoder-protocol.ts';
import { EncoderThread } from './encoder-thread.ts';

export interface LaneOptions {
  /** What each life begins with. */
  readonly setup: EncoderSetup;
  /** Without work it ends after so long. */
  readonly idleMs: number;
  /** After a crash it is not started again before this, longer each time. */
  readonly restartDelayMs: number;
  readonly clock: Clock;
}

export class EncoderLane {
  readonly #options: LaneOptions;
  readonly #rest: RestAfterCrash;
  #thread: EncoderThread | undefined;
  #isClosed = false;
  #working = 0;
  #cancelIdle: (() => void) | undefined;

  constructor(options: LaneOptions) {
    const { restartDelayMs: firstMs, clock } = options;
    this.#options = options;
    this.#rest = new RestAfterCrash({ name: 'it', firstMs, clock });
  }

  /** Rejects with an IndexError, or with the signal's reason when its turn comes: who must not wait watches the signal. */
  async embed(tokens: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    signal?.throwIfAborted();
    this.#cancelIdle?.();
    this.#working++;
    try {
      return await this.#running().embed(tokens, signal);
    } finally {
      this.#working--;
      if (this.#working === 0) this.#stopWhenIdle();
    }
  }

  /** Resolves when the thread is gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#stop();
  }

  #stopWhenIdle(): void {
    this.#cancelIdle = this.#options.clock.after(this.#options.idleMs, () => void this.#stop());
  }

  async #stop(): Promise<void> {
    this.#cancelIdle?.();
    await this.#thread?.close();
  }

  #running(): EncoderThread {
    if (this.#isClosed) throw new IndexError('closed', 'The built-in encoder has been closed');
    if (!this.#thread) {
      this.#rest.check();
      this.#thread = this.#start();
    }
    return this.#thread;
  }

  #start(): EncoderThread {
    const { setup, clock } = this.#options;
    const thread = new EncoderThread(setup, clock);
    const since = clock.now();
    const { ended } = thread;
    ended.addEventListener('abort', () => this.#forget(ended.reason, clock.now() - since), { once: true });
    return thread;
  }

  /** The next text starts another thread, unless this one died of itself just now. */
  #forget(reason: unknown, livedMs: number): void {
    this.#thread = undefined;
    if (reason instanceof IndexError && reason.fault === 'closed') return;
    this.#rest.crashed(reason instanceof Error ? reason.message : String(reason), livedMs);
  }
}
