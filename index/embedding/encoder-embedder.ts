/** The better of the two built-in embedders: a small BERT encoder of our own, run in WebAssembly on a thread beside the gateway. */
import { type Clock, systemClock } from '../../src/stdx/clock.ts';
import { IndexError } from '../index-error.ts';
import { RestAfterCrash } from '../rest-after-crash.ts';
import { DOCUMENT_TEXT_FORM, documentText } from './document-text.ts';
import type { Embedder } from './embedder.ts';
import { type EncoderFile, readEncoderFile } from './encoder-file.ts';
import { EncoderThread, type Urgency } from './encoder-thread.ts';
import { ENCODER_WASM } from './encoder-wasm.ts';
import { unitVector } from './unit-vector.ts';
import { WordPieces } from './word-pieces.ts';

export interface EncoderEmbedderOptions {
  readonly modelFile: string;
  /** A thread without work ends after so long; the next text starts another. */
  readonly idleMs?: number;
  /** After a crash the thread is not started again before this; 1 second, longer each time. */
  readonly restartDelayMs?: number;
  readonly clock?: Clock;
}

const IDLE_MS = 300_000;

/** Reads and checks the model; rejects with `missing` or `bad-answer`. The thread is started by the first text. */
export async function openEncoderEmbedder(options: EncoderEmbedderOptions): Promise<Embedder> {
  return new EncoderEmbedder(options, await readEncoderFile(options.modelFile));
}

class EncoderEmbedder implements Embedder {
  readonly identity: string;
  readonly dimensions: number;
  readonly #options: EncoderEmbedderOptions;
  readonly #pieces: WordPieces;
  readonly #positions: number;
  readonly #clock: Clock;
  readonly #rest: RestAfterCrash;
  #thread: Promise<EncoderThread> | undefined;
  #isClosed = false;
  #working = 0;
  #cancelIdle: (() => void) | undefined;

  constructor(options: EncoderEmbedderOptions, file: EncoderFile) {
    const { clock = systemClock, restartDelayMs: firstMs = 1_000 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#rest = new RestAfterCrash({ name: 'It', firstMs, clock });
    this.#pieces = new WordPieces(file.tokens);
    this.#positions = file.plan.positions;
    this.dimensions = file.plan.dimensions;
    this.identity = identityOf(file);
  }

  embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    return Promise.all(texts.map((text) => this.#embed(text, 'request', signal)));
  }

  /** One after another, so that a request waits for one document at most. */
  async embedDocuments(...[documents, signal]: Parameters<Embedder['embedDocuments']>): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const document of documents) vectors.push(await this.#embed(documentText(document), 'document', signal));
    return vectors;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#stop();
  }

  async #embed(text: string, urgency: Urgency, signal?: AbortSignal): Promise<Float32Array> {
    signal?.throwIfAborted();
    const tokens = this.#pieces.encode(text, this.#positions);
    this.#cancelIdle?.();
    this.#working++;
    try {
      const thread = await this.#running();
      const values = await thread.embed(tokens, urgency, signal);
      return unitVector(values, { dimensions: this.dimensions, source: 'The built-in encoder' });
    } finally {
      this.#working--;
      if (this.#working === 0) this.#stopWhenIdle();
    }
  }

  #stopWhenIdle(): void {
    this.#cancelIdle = this.#clock.after(this.#options.idleMs ?? IDLE_MS, () => void this.#stop());
  }

  async #stop(): Promise<void> {
    this.#cancelIdle?.();
    const thread = await this.#thread?.catch(() => undefined);
    await thread?.close();
  }

  async #running(): Promise<EncoderThread> {
    if (this.#isClosed) throw new IndexError('closed', 'The built-in encoder has been closed');
    if (!this.#thread) {
      this.#rest.check();
      this.#thread = this.#start();
    }
    return this.#thread;
  }

  /** The file is read again for each life of the thread, which alone keeps it. */
  async #start(): Promise<EncoderThread> {
    try {
      const file = await readEncoderFile(this.#options.modelFile);
      if (identityOf(file) !== this.identity) {
        const hint = 'Restart Tooldex to index with the new file.';
        throw new IndexError('mismatch', 'The file of the built-in encoder has changed', { hint });
      }
      const { plan, bytes } = file;
      const thread = new EncoderThread({ assembly: Buffer.from(ENCODER_WASM, 'base64'), plan, bytes }, this.#clock);
      this.#watch(thread);
      return thread;
    } catch (error) {
      this.#forget(error);
      throw error;
    }
  }

  #watch({ ended }: EncoderThread): void {
    const since = this.#clock.now();
    ended.addEventListener('abort', () => this.#forget(ended.reason, this.#clock.now() - since), { once: true });
  }

  /** The next text starts another thread, unless it died of itself just now. */
  #forget(reason: unknown, livedMs = 0): void {
    this.#thread = undefined;
    if (reason instanceof IndexError && reason.fault === 'closed') return;
    this.#rest.crashed(reason instanceof Error ? reason.message : String(reason), livedMs);
  }
}

/** Equal for equal files read in the same way. */
const identityOf = ({ name, sha256 }: EncoderFile) => `builtin-${name}-${sha256.slice(0, 16)}-${DOCUMENT_TEXT_FORM}`;
