/** A small BERT encoder of our own, run in WebAssembly on threads beside the gateway's. */
import { type Clock, systemClock } from '../../src/stdx/clock.ts';
import { IndexError } from '../index-error.ts';
import { withSignals } from '../with-deadline.ts';
import { DOCUMENT_TEXT_FORM, documentText } from './document-text.ts';
import type { Embedder } from './embedder.ts';
import { type EncoderFile, readEncoderFile } from './encoder-file.ts';
import { EncoderLane } from './encoder-lane.ts';
import type { EncoderSetup } from './encoder-protocol.ts';
import { ENCODER_WASM } from './encoder-wasm.ts';
import { unitVector } from './unit-vector.ts';
import { WordPieces } from './word-pieces.ts';

export interface EncoderEmbedderOptions {
  readonly modelFile: string;
  /** The thread for requests ends when none has come for so long; 5 minutes. */
  readonly idleMs?: number;
  /** After a crash a thread is not started again before this; 1 second, longer each time. */
  readonly restartDelayMs?: number;
  readonly clock?: Clock;
}

const IDLE_MS = 300_000;
/** Documents come in large numbers or not at all. */
const INDEXING_IDLE_MS = 10_000;
/** Calls through the gateway come before the vectors of documents, wherever both want a core; somebody waits for a request's. */
const NICE = { request: 0, document: 10 };

/** Reads and checks the model; rejects with `missing` or `bad-answer`. Threads are started by the first texts. */
export async function openEncoderEmbedder(options: EncoderEmbedderOptions): Promise<Embedder> {
  return new EncoderEmbedder(options, await readEncoderFile(options.modelFile));
}

/** Requests and documents have a thread each, so that no request waits for a document. */
class EncoderEmbedder implements Embedder {
  readonly identity: string;
  readonly dimensions: number;
  readonly #modelFile: string;
  readonly #pieces: WordPieces;
  readonly #positions: number;
  readonly #requests: EncoderLane;
  readonly #documents: EncoderLane;

  constructor(options: EncoderEmbedderOptions, file: EncoderFile) {
    const { modelFile, idleMs = IDLE_MS, restartDelayMs = 1_000, clock = systemClock } = options;
    this.#modelFile = modelFile;
    this.#pieces = new WordPieces(file.tokens);
    this.#positions = file.plan.positions;
    this.dimensions = file.plan.dimensions;
    this.identity = identityOf(file);
    const common = { restartDelayMs, clock };
    this.#requests = new EncoderLane({ ...common, idleMs, setup: () => this.#setup(NICE.request) });
    this.#documents = new EncoderLane({
      ...common,
      idleMs: Math.min(idleMs, INDEXING_IDLE_MS),
      setup: () => this.#setup(NICE.document),
    });
  }

  embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const all = (ending: AbortSignal) => Promise.all(texts.map((text) => this.#embed(this.#requests, text, ending)));
    return withSignals(all, [signal]);
  }

  /** One after another, so that what is no longer wanted costs no more than one. */
  async embedDocuments(...[documents, signal]: Parameters<Embedder['embedDocuments']>): Promise<Float32Array[]> {
    const all = async (ending: AbortSignal) => {
      const vectors: Float32Array[] = [];
      for (const document of documents) {
        vectors.push(await this.#embed(this.#documents, documentText(document), ending));
      }
      return vectors;
    };
    return withSignals(all, [signal]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests.close(), this.#documents.close()]);
  }

  async #embed(lane: EncoderLane, text: string, signal: AbortSignal): Promise<Float32Array> {
    const values = await lane.embed(this.#pieces.encode(text, this.#positions), signal);
    return unitVector(values, { dimensions: this.dimensions, source: 'The built-in encoder' });
  }

  /** The file is read again for each life of a thread, which alone keeps it. */
  async #setup(nice: number): Promise<EncoderSetup> {
    const file = await readEncoderFile(this.#modelFile);
    if (identityOf(file) !== this.identity) {
      const hint = 'Restart Tooldex to index with the new file.';
      throw new IndexError('mismatch', 'The file of the built-in encoder has changed', { hint });
    }
    const { plan, bytes } = file;
    return { assembly: Buffer.from(ENCODER_WASM, 'base64'), plan, bytes, nice };
  }
}

/** Equal for equal files read in the same way. */
const identityOf = ({ name, sha256 }: EncoderFile) => `builtin-${name}-${sha256.slice(0, 16)}-${DOCUMENT_TEXT_FORM}`;
