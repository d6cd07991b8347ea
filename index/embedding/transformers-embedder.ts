/** Embeds with any ONNX model that transformers.js runs, in a process of its own. The library is the user's installation. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { IndexError } from '../index-error.ts';
import { RestAfterCrash } from '../rest-after-crash.ts';
import { withSignals } from '../with-deadline.ts';
import { DOCUMENT_TEXT_FORM, documentText, plainText } from './document-text.ts';
import type { Embedder } from './embedder.ts';
import { findTransformers } from './transformers-library.ts';
import { type DownloadProgress, type Ready, TransformersLink } from './transformers-link.ts';
import { type ChosenModel, chooseModel, type ModelOptions } from './transformers-model.ts';
import { unitVector } from './unit-vector.ts';

export interface TransformersEmbedderOptions extends ModelOptions {
  /** Where downloaded models are kept. */
  readonly cacheDir: string;
  /** Where the library may be installed: these folders and all above them. The first is named in the hint to install it. */
  readonly libraryFolders: readonly string[];
  /** Environment of the process that runs the model. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Nothing is downloaded: what is not in a folder or in the cache is missing. */
  readonly offline?: boolean | undefined;
  /** Address of another hub, such as a mirror in the company. */
  readonly hub?: string | undefined;
  /** For private models. */
  readonly hubToken?: string | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Texts at once, of unquantized models; 1, since a CPU gains little from more. */
  readonly batchSize?: number | undefined;
  /** Of one batch; 60 seconds. */
  readonly timeoutMs?: number | undefined;
  /** Half of the cores when left out. */
  readonly threads?: number | undefined;
  /** After a crash the process is not started again before this; 1 second, longer each time. */
  readonly restartDelayMs?: number | undefined;
  /** Ends the loading. */
  readonly signal?: AbortSignal | undefined;
}

/** Characters are cut before tokens are counted; no tokenizer makes fewer tokens than one a dozen characters for long. */
const CHARACTERS_PER_TOKEN = 12;

/** They scale by what else is in the batch: in company a text gets another vector (cosine .96 to that it gets alone, MiniLM). */
const DYNAMICALLY_QUANTIZED: ReadonlySet<string> = new Set(['q8', 'int8', 'uint8']);

/** Loads the model, downloading it first if need be. Rejects with IndexError or with the signal's reason. */
export async function createTransformersEmbedder(options: TransformersEmbedderOptions): Promise<Embedder> {
  const model = chooseModel(options);
  const library = findTransformers(options.libraryFolders);
  const start = (signal?: AbortSignal) => startLink(options, { model, library, signal });
  const first = await start(options.signal);
  return new TransformersEmbedder(options, { model, first, start });
}

interface Loaded {
  readonly link: TransformersLink;
  readonly ready: Ready;
  readonly since: number;
}

interface Parts {
  readonly model: ChosenModel;
  readonly first: Loaded;
  readonly start: (signal?: AbortSignal) => Promise<Loaded>;
}

class TransformersEmbedder implements Embedder {
  readonly identity: string;
  readonly dimensions: number;
  readonly #options: TransformersEmbedderOptions;
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  readonly #rest: RestAfterCrash;
  #running: Loaded | undefined;
  #starting: Promise<Loaded> | undefined;

  constructor(options: TransformersEmbedderOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#rest = new RestAfterCrash({ name: 'it', firstMs: options.restartDelayMs ?? 1_000 });
    this.dimensions = parts.first.ready.dimensions;
    this.identity = identityOf(parts.model, parts.first.ready);
    this.#adopt(parts.first);
  }

  embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.#embed(texts, this.#parts.model.prefixes.task, signal);
  }

  embedDocuments(...[documents, signal]: Parameters<Embedder['embedDocuments']>): Promise<Float32Array[]> {
    return this.#embed(documents.map(documentText), this.#parts.model.prefixes.document, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new IndexError('closed', 'The embedder has been closed'));
    await this.#starting?.catch(() => {});
    await this.#running?.link.close();
  }

  /** A batch at a time, so that a request waits for one batch of an index run at most. */
  async #embed(texts: readonly string[], prefix: string, signal?: AbortSignal): Promise<Float32Array[]> {
    const size = DYNAMICALLY_QUANTIZED.has(this.#parts.model.dtype) ? 1 : Math.max(1, this.#options.batchSize ?? 1);
    const longest = this.#parts.model.maxTokens * CHARACTERS_PER_TOKEN;
    const vectors: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += size) {
      const { link } = await withSignals(() => this.#current(), [signal, this.#closing.signal]);
      const batch = texts.slice(start, start + size).map((text) => prefix + plainText(text, longest));
      vectors.push(...this.#unitVectors(await link.embed(batch, signal), batch.length));
    }
    return vectors;
  }

  #unitVectors(values: Float32Array, count: number): Float32Array[] {
    const expected = { dimensions: this.dimensions, source: this.#parts.model.name };
    if (values.length !== count * this.dimensions) {
      throw new IndexError('mismatch', `${expected.source} gave ${values.length} numbers for ${count} texts`);
    }
    return Array.from({ length: count }, (_, i) => {
      return unitVector(values.subarray(i * this.dimensions, (i + 1) * this.dimensions), expected);
    });
  }

  async #current(): Promise<Loaded> {
    if (this.#running) return this.#running;
    this.#starting ??= this.#restart().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #restart(): Promise<Loaded> {
    this.#rest.check();
    try {
      const loaded = await this.#parts.start(this.#closing.signal);
      if (identityOf(this.#parts.model, loaded.ready) !== this.identity) {
        await loaded.link.close();
        const hint = 'Restart Tooldex to index with the new files.';
        throw new IndexError('mismatch', `The files of ${this.#parts.model.name} have changed`, { hint });
      }
      this.#adopt(loaded);
      return loaded;
    } catch (error) {
      this.#rest.crashed(messageOf(error));
      throw error;
    }
  }

  /** A process that ends by itself is started again for the next who asks. */
  #adopt(loaded: Loaded): void {
    const { ended } = loaded.link;
    const onEnd = () => {
      this.#running = undefined;
      this.#rest.crashed(messageOf(ended.reason), performance.now() - loaded.since);
    };
    this.#running = loaded;
    if (ended.aborted) onEnd();
    else ended.addEventListener('abort', onEnd, { once: true });
  }
}

async function startLink(
  options: TransformersEmbedderOptions,
  { model, library, signal }: { model: ChosenModel; library: string; signal: AbortSignal | undefined },
): Promise<Loaded> {
  const { cacheDir, offline = false, hub, hubToken, onProgress = () => {}, timeoutMs = 60_000 } = options;
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / 2));
  const { name: _, prefixes: __, ...request } = model;
  const link = new TransformersLink({
    request: { ...request, library, cacheDir, offline, hub, threads },
    env: hubToken ? { ...options.env, HF_TOKEN: hubToken } : options.env,
    onProgress,
    timeoutMs,
  });
  try {
    return { link, ready: await link.load(signal), since: performance.now() };
  } catch (error) {
    await link.close();
    signal?.throwIfAborted();
    throw loadingFailed(error, model, options);
  }
}

function loadingFailed(
  error: unknown,
  model: ChosenModel,
  { offline, cacheDir }: TransformersEmbedderOptions,
): IndexError {
  const hub = offline
    ? `Allow downloads, or put the files under ${cacheDir}/${model.model}.`
    : 'Check the id, the dtype and the network; a private model needs a token of the hub.';
  const hint = model.isFolder ? 'Check the files of the folder.' : hub;
  const fault = error instanceof IndexError ? error.fault : 'missing';
  return new IndexError(fault, `The model ${model.name} (${model.dtype}) cannot be loaded: ${messageOf(error)}`, {
    hint,
    cause: error,
  });
}

/** Equal for equal files used in the same way, wherever they lie. */
function identityOf({ name, dtype, pooling, prefixes, maxTokens }: ChosenModel, { hash }: Ready): string {
  const use = [hash, prefixes.task, prefixes.document, maxTokens, DOCUMENT_TEXT_FORM];
  const digest = createHash('sha256').update(JSON.stringify(use)).digest('hex').slice(0, 16);
  return `transformers:${name}:${dtype}:${pooling}:${digest}`;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
