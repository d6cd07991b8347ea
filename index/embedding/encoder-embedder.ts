/** A small BERT encoder of our own, run in WebAssembly: requests on the gateway's thread, documents on one beside it. */
import { type Clock, systemClock } from '../../src/stdx/clock.ts';
import { withSignals } from '../with-deadline.ts';
import { DOCUMENT_TEXT_FORM, documentText } from './document-text.ts';
import type { Embedder } from './embedder.ts';
import { type EncoderFile, readEncoderFile } from './encoder-file.ts';
import { EncoderHere } from './encoder-here.ts';
import { EncoderLane } from './encoder-lane.ts';
import { type LaidOutEncoder, layOutEncoder } from './encoder-layout.ts';
import { ENCODER_WASM } from './encoder-wasm.ts';
import { unitVector } from './unit-vector.ts';
import { WordPieces } from './word-pieces.ts';

export interface EncoderEmbedderOptions {
  readonly modelFile: string;
  /** The thread for documents ends when none has come for so long; 10 seconds, since they come in large numbers or not at all. */
  readonly idleMs?: number;
  /** After a crash the thread is not started again before this; 1 second, longer each time. */
  readonly restartDelayMs?: number;
  readonly clock?: Clock;
}

const IDLE_MS = 10_000;
/** Pieces read of a tool, which begins with what matters most: more cost time and found nothing more (ADR 0015). */
const DOCUMENT_PIECES = 48;
/** Calls through the gateway come before the vectors of documents, wherever both want a core. */
const NICE = 10;

/** Reads and checks the model; rejects with `missing` or `bad-answer`. The thread is started by the first document. */
export async function openEncoderEmbedder(options: EncoderEmbedderOptions): Promise<Embedder> {
  const file = await readEncoderFile(options.modelFile);
  return new EncoderEmbedder(options, file, await layOutEncoder(file.plan, file.bytes));
}

/** Both ways to run it read the same weights; each has a room of its own, so that no request waits for a document. */
class EncoderEmbedder implements Embedder {
  readonly identity: string;
  readonly dimensions: number;
  readonly #pieces: WordPieces;
  readonly #positions: number;
  readonly #requests: EncoderHere;
  readonly #documents: EncoderLane;

  constructor(options: EncoderEmbedderOptions, file: EncoderFile, { rooms, ...encoder }: LaidOutEncoder) {
    const { idleMs = IDLE_MS, restartDelayMs = 1_000, clock = systemClock } = options;
    this.#pieces = new WordPieces(file.tokens);
    this.#positions = file.plan.positions;
    this.dimensions = file.plan.dimensions;
    this.identity = identityOf(file);
    const assembly = Buffer.from(ENCODER_WASM, 'base64');
    this.#requests = new EncoderHere({ ...encoder, assembly, room: rooms.here });
    const setup = { ...encoder, assembly, room: rooms.beside, nice: NICE };
    this.#documents = new EncoderLane({ setup, idleMs, restartDelayMs, clock });
  }

  embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const all = (ending: AbortSignal) => Promise.all(texts.map((text) => this.#embedTask(text, ending)));
    return withSignals(all, [signal]);
  }

  /** One after another, so that what is no longer wanted costs no more than one. */
  async embedDocuments(...[documents, signal]: Parameters<Embedder['embedDocuments']>): Promise<Float32Array[]> {
    const all = async (ending: AbortSignal) => {
      const vectors: Float32Array[] = [];
      for (const document of documents) {
        const tokens = this.#pieces.encode(documentText(document), Math.min(DOCUMENT_PIECES, this.#positions));
        vectors.push(this.#unit(await this.#documents.embed(tokens, ending)));
      }
      return vectors;
    };
    return withSignals(all, [signal]);
  }

  async close(): Promise<void> {
    this.#requests.close();
    await this.#documents.close();
  }

  async #embedTask(text: string, signal: AbortSignal): Promise<Float32Array> {
    return this.#unit(await this.#requests.embed(this.#pieces.encode(text, this.#positions), signal));
  }

  #unit(values: Float32Array): Float32Array {
    return unitVector(values, { dimensions: this.dimensions, source: 'The built-in encoder' });
  }
}

/** Equal for equal files read in the same way. */
const identityOf = ({ name, sha256 }: EncoderFile) =>
  `builtin-${name}-${sha256.slice(0, 16)}-${DOCUMENT_TEXT_FORM}-${DOCUMENT_PIECES}`;
