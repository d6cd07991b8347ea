/** The smaller of the two built-in embedders, ready at once: our own static model from a file of this repository. */
import { readFile } from 'node:fs/promises';
import { IndexError } from '../index-error.ts';
import type { ToolDocument } from '../tool-document.ts';
import type { Embedder } from './embedder.ts';
import { addScaled, StaticModel } from './static-model.ts';

/** Part of the identity: documents composed in another way give other vectors. */
const COMPOSITION = 'composed1';
/** Words read of a request and of each part of a document. */
const WORDS = { task: 128, name: 32, description: 96, server: 64, parameters: 32 };
/** What each part of a document weighs; a part's length counts by its square root. */
const PARTS = { name: 1, description: 1, server: 0.6, parameters: 0.3 };
/** After so many documents others get their turn on the event loop: about 5 ms. */
const SLICE = 64;

/** Reads the model at once; rejects with `missing` or `bad-answer`. */
export async function openStaticEmbedder(modelFile: string): Promise<Embedder> {
  const bytes = await readFile(modelFile).catch((cause: unknown) => {
    throw new IndexError('missing', `The built-in static model is not at ${modelFile}`, {
      hint: 'Reinstall Tooldex; until then search works with words only',
      cause,
    });
  });
  return new StaticEmbedder(bytes);
}

class StaticEmbedder implements Embedder {
  readonly isImmediate = true;
  readonly identity: string;
  readonly #model: StaticModel;

  constructor(bytes: Uint8Array) {
    this.#model = new StaticModel(bytes);
    this.identity = `builtin-${this.#model.identity}-${COMPOSITION}`;
  }

  get dimensions(): number {
    return this.#model.dimensions;
  }

  async embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    return texts.map((text) => unit(this.#model.sum(text, WORDS.task)));
  }

  async embedDocuments(documents: readonly ToolDocument[], signal?: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const document of documents) {
      if (vectors.length % SLICE === SLICE - 1) await new Promise(setImmediate);
      signal?.throwIfAborted();
      vectors.push(this.#document(document));
    }
    return vectors;
  }

  async close(): Promise<void> {}

  #document({ name, description, server, serverDescription, parameters }: ToolDocument): Float32Array {
    const sum = new Float32Array(this.dimensions);
    const add = (text: string, words: number, weight: number) => {
      const part = this.#model.sum(text, words);
      addScaled(sum, part, weight / Math.sqrt(norm(part) + 1e-6));
    };
    add(name, WORDS.name, PARTS.name);
    add(description, WORDS.description, PARTS.description);
    add(`${server} . ${serverDescription}`, WORDS.server, PARTS.server);
    add(parameters.map((parameter) => parameter.name).join(' '), WORDS.parameters, PARTS.parameters);
    return unit(sum);
  }
}

function norm(vector: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i] ?? 0) * (vector[i] ?? 0);
  return Math.sqrt(squares);
}

/** A text without a single word has no direction; it gets the first axis, which no trained text comes near. */
function unit(vector: Float32Array): Float32Array {
  const length = norm(vector);
  if (length < 1e-9) vector[0] = 1;
  else for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}
