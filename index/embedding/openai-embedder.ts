/** Embeds through any OpenAI-compatible `/v1/embeddings`: OpenAI itself, Ollama, Text Embeddings Inference, vLLM, LM Studio. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { IndexError } from '../index-error.ts';
import { withSignals } from '../with-deadline.ts';
import { DOCUMENT_TEXT_FORM, documentText, plainText, wellFormed } from './document-text.ts';
import type { Embedder } from './embedder.ts';
import { conventionsOf, type Prefixes } from './known-models.ts';
import { vectorsOf } from './openai-answer.ts';
import { post, TooLarge, type TransportOptions } from './openai-transport.ts';
import { unitVector } from './unit-vector.ts';

export interface OpenAiEmbedderOptions {
  /** Base (`https://api.openai.com/v1`, `http://127.0.0.1:11434/v1`) or the whole address ending in `/embeddings`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
  /** Asked for as `dimensions`. Without it the model's own length is found with one request. */
  readonly dimensions?: number | undefined;
  /** Further headers, as some providers want them (`api-key`). */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Texts a request; 32 is what Text Embeddings Inference allows by default. */
  readonly batchSize?: number | undefined;
  /** Of one attempt; 30 seconds. */
  readonly timeoutMs?: number | undefined;
  /** 3 after the first attempt. */
  readonly retries?: number | undefined;
  /** Those of the model's family when left out. */
  readonly prefixes?: Prefixes | undefined;
  /** Characters of a text that are sent at most; 6,000, about 1,500 tokens of English. */
  readonly maxCharacters?: number | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Waits between attempts; tests replace it. */
  readonly pause?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Somebody waits for the vector of a task: one that cannot be had now is better told of than waited for. */
const TASK_PATIENCE = { retries: 1, longestPauseMs: 600 };
/** Below this a text is no longer halved: the server's refusal has another reason than length. */
const SHORTEST_TEXT = 200;

/** Rejects with IndexError when the options cannot work or, without `dimensions`, when the server does not answer. */
export async function createOpenAiEmbedder(options: OpenAiEmbedderOptions): Promise<Embedder> {
  if (options.model.trim() === '')
    throw new IndexError('invalid-option', 'The embedding model has no name', { hint: 'Set model.' });
  const transport = transportOf(options);
  const dimensions = options.dimensions ?? (await findDimensions(options, transport));
  return new OpenAiEmbedder(options, { dimensions, transport });
}

type Sending = TransportOptions & { readonly prefix: string };

class OpenAiEmbedder implements Embedder {
  readonly identity: string;
  readonly dimensions: number;
  readonly #options: OpenAiEmbedderOptions;
  readonly #transport: TransportOptions;
  readonly #prefixes: Prefixes;
  readonly #closing = new AbortController();

  constructor(options: OpenAiEmbedderOptions, found: { dimensions: number; transport: TransportOptions }) {
    this.#options = options;
    this.#transport = found.transport;
    this.#prefixes = options.prefixes ?? conventionsOf(options.model).prefixes;
    this.dimensions = found.dimensions;
    this.identity = identityOf(options, { ...found, prefixes: this.#prefixes });
  }

  embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const retries = Math.min(this.#transport.retries, TASK_PATIENCE.retries);
    return this.#embed(texts, { prefix: this.#prefixes.task, ...this.#transport, ...TASK_PATIENCE, retries }, signal);
  }

  embedDocuments(...[documents, signal]: Parameters<Embedder['embedDocuments']>): Promise<Float32Array[]> {
    return this.#embed(documents.map(documentText), { prefix: this.#prefixes.document, ...this.#transport }, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new IndexError('closed', 'The embedder has been closed'));
  }

  /** Servers refuse empty texts. */
  #embed(texts: readonly string[], { prefix, ...transport }: Sending, signal?: AbortSignal): Promise<Float32Array[]> {
    const longest = this.#options.maxCharacters ?? 6_000;
    const inputs = texts.map((text) => prefix + (plainText(text, longest) || '?'));
    return withSignals((ending) => this.#embedBatches(inputs, transport, ending), [signal, this.#closing.signal]);
  }

  async #embedBatches(
    texts: readonly string[],
    transport: TransportOptions,
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    const size = Math.max(1, this.#options.batchSize ?? 32);
    const vectors: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += size) {
      vectors.push(...(await this.#embedBatch(texts.slice(start, start + size), transport, signal)));
    }
    return vectors;
  }

  /** What is too large for this server is cut: first the batch into single texts, then the text that is too long. */
  async #embedBatch(
    texts: readonly string[],
    transport: TransportOptions,
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    signal.throwIfAborted();
    try {
      const answer = await post(requestBody(texts, this.#options), transport, signal);
      const expected = {
        dimensions: this.dimensions,
        source: `${transport.endpoint.href} (${this.#options.model})`,
      };
      return vectorsOf(answer, { count: texts.length, source: expected.source }).map((vector) =>
        unitVector(vector, expected),
      );
    } catch (error) {
      const smaller = error instanceof TooLarge ? halves(texts) : undefined;
      if (!smaller) throw error;
      const parts: Float32Array[] = [];
      for (const part of smaller) parts.push(...(await this.#embedBatch(part, transport, signal)));
      return parts;
    }
  }
}

/** Two batches of half the texts, or one text of half the length; nothing when there is nothing left to halve. */
function halves(texts: readonly string[]): string[][] | undefined {
  const middle = Math.ceil(texts.length / 2);
  if (texts.length > 1) return [texts.slice(0, middle), texts.slice(middle)];
  const text = texts[0] ?? '';
  return text.length > SHORTEST_TEXT ? [[wellFormed(text.slice(0, text.length / 2))]] : undefined;
}

const requestBody = (input: readonly string[], { model, dimensions }: OpenAiEmbedderOptions) => ({
  model,
  input,
  encoding_format: 'float',
  ...(dimensions === undefined ? {} : { dimensions }),
});

async function findDimensions(options: OpenAiEmbedderOptions, transport: TransportOptions): Promise<number> {
  const answer = await post(requestBody(['tool'], options), transport, options.signal);
  const [vector] = vectorsOf(answer, { count: 1, source: `${transport.endpoint.href} (${options.model})` });
  return vector?.length ?? 0;
}

function transportOf(options: OpenAiEmbedderOptions): TransportOptions {
  return {
    endpoint: endpointOf(options.url),
    apiKey: options.apiKey || undefined,
    headers: options.headers ?? {},
    timeoutMs: options.timeoutMs ?? 30_000,
    retries: options.retries ?? 3,
    fetch: options.fetch ?? globalThis.fetch,
    pause: options.pause ?? ((ms, signal) => delay(ms, undefined, { signal })),
  };
}

function endpointOf(address: string): URL {
  if (!URL.canParse(address)) throw badAddress('is not an address');
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badAddress('must begin with http:// or https://');
  if (url.username || url.password) throw badAddress('must not carry a user or password');
  const path = url.pathname.replace(/\/+$/, '');
  if (!path.endsWith('/embeddings')) url.pathname = `${path || '/v1'}/embeddings`;
  return url;
}

const badAddress = (trouble: string) =>
  new IndexError('invalid-option', `The address of the embeddings API ${trouble}`, {
    hint: 'Write a base such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1, and the key apart from it.',
  });

/** The address counts: two servers may run different weights under one name. */
function identityOf(
  options: OpenAiEmbedderOptions,
  found: { dimensions: number; transport: TransportOptions; prefixes: Prefixes },
): string {
  const { origin, pathname } = found.transport.endpoint;
  const form = [
    origin,
    pathname,
    found.prefixes.task,
    found.prefixes.document,
    DOCUMENT_TEXT_FORM,
    options.maxCharacters ?? '',
  ];
  const hash = createHash('sha256').update(JSON.stringify(form)).digest('hex').slice(0, 12);
  return `openai:${options.model}:${found.dimensions}:${hash}`;
}
