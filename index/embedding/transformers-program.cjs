// @ts-check
/**
 * The program in which transformers.js runs, a process of its own: its inference blocks the event loop, its native code can
 * crash, and what hangs can be killed. Plain CommonJS, since it is started as a file and never bundled.
 */
'use strict';
const { createHash } = require('node:crypto');
const { createReadStream, existsSync, readdirSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');

/** @typedef {import('./transformers-protocol.ts').LoadRequest} LoadRequest */
/** @typedef {import('./transformers-protocol.ts').Request} Request */
/** @typedef {import('./transformers-protocol.ts').Reply} Reply */
/** @typedef {{ dims: number[], data: Float32Array | BigInt64Array, type: string, to(type: string): Tensor }} Tensor */
/** @typedef {Record<string, Tensor | undefined>} Tensors */
/** @typedef {((texts: readonly string[], options: object) => Tensors) & { model_max_length?: number }} Tokenizer */
/** @typedef {(inputs: Tensors) => Promise<Tensors>} Model */
/** @typedef {{ status: string, file?: string, loaded?: number, total?: number }} ProgressInfo */

/** Folders are loaded by their path; with a path of its own here the library would take another revision for a local copy. */
const NOWHERE = '.no-local-models';
/** Progress is told so often, and once more when a file is complete. */
const PROGRESS_EVERY_MS = 100;
/** A download that nobody has written to for so long has been given up. */
const GIVEN_UP_MS = 600_000;

/** @type {((texts: readonly string[]) => Promise<Float32Array>) | undefined} */
let embed;

process.on('disconnect', () => process.exit());
process.on('message', (/** @type {Request} */ request) => {
  if (request.type === 'load') load(request).catch((error) => send({ type: 'failed', message: messageOf(error) }));
  else answer(request.id, request.texts);
});

/** @param {Reply} reply */
function send(reply) {
  process.send?.(reply);
}

/** @param {number} id @param {readonly string[]} texts */
async function answer(id, texts) {
  try {
    if (!embed) throw new Error('no model is loaded');
    send({ type: 'vectors', id, values: await embed(texts) });
  } catch (error) {
    send({ type: 'refused', id, message: messageOf(error) });
  }
}

/** @param {LoadRequest} request */
async function load(request) {
  const { AutoModel, AutoTokenizer, env } = require(request.library);
  env.allowRemoteModels = !request.offline && !request.isFolder;
  env.localModelPath = join(request.cacheDir, NOWHERE);
  env.cacheDir = request.cacheDir;
  if (request.hub) env.remoteHost = request.hub;
  if (!request.isFolder) removeGivenUp(rootOf(request));
  const files = new Set();
  const options = {
    revision: request.revision,
    dtype: request.dtype,
    cache_dir: request.cacheDir,
    local_files_only: !env.allowRemoteModels,
    session_options: { intraOpNumThreads: request.threads, interOpNumThreads: 1 },
    progress_callback: progressTeller(request, files),
  };
  const tokenizer = await AutoTokenizer.from_pretrained(request.model, options);
  const model = await AutoModel.from_pretrained(request.model, options);
  embed = (texts) => vectorsOf(texts, { tokenizer, model, request });
  const { length } = await embed(['tool']);
  send({ type: 'ready', dimensions: length, hash: await hashOf(rootOf(request), files) });
}

/** Where the library keeps the files of the model. @param {LoadRequest} request */
function rootOf({ model, isFolder, cacheDir, revision }) {
  if (isFolder) return model;
  return revision === 'main' ? join(cacheDir, model) : join(cacheDir, model, revision);
}

/** The library leaves what it had when its process ends in the middle of a download. @param {string} root */
function removeGivenUp(root) {
  const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
  for (const file of files.map((name) => join(root, name))) {
    const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    const isGivenUp = /\.tmp\.\d+\.[^/\\]+$/.test(file) && Date.now() - writtenAt > GIVEN_UP_MS;
    if (isGivenUp) rmSync(file, { force: true });
  }
}

/** Tells of downloads only, not of files that were there. @param {LoadRequest} request @param {Set<string>} files */
function progressTeller(request, files) {
  const root = rootOf(request);
  /** @type {Map<string, number>} */
  const toldAt = new Map();
  return (/** @type {ProgressInfo} */ { status, file, loaded = 0, total = 0 }) => {
    if (!file) return;
    if (!files.has(file)) {
      files.add(file);
      if (!existsSync(join(root, file))) toldAt.set(file, 0);
    }
    const last = toldAt.get(file);
    const now = Date.now();
    if (status !== 'progress' || last === undefined || (loaded < total && now - last < PROGRESS_EVERY_MS)) return;
    toldAt.set(file, now);
    send({ type: 'progress', file, loaded, total });
  };
}

/** @param {readonly string[]} texts @param {{ tokenizer: Tokenizer, model: Model, request: LoadRequest }} loaded */
async function vectorsOf(texts, { tokenizer, model, request }) {
  const max_length = Math.min(request.maxTokens, tokenizer.model_max_length || request.maxTokens);
  const inputs = tokenizer([...texts], { padding: texts.length > 1, truncation: true, max_length });
  const outputs = await model(inputs);
  if (outputs.sentence_embedding) return floats(outputs.sentence_embedding);
  const hidden = outputs.last_hidden_state ?? outputs.token_embeddings ?? outputs.logits;
  if (!hidden || !inputs.attention_mask) throw new Error('the model gives no vectors of its tokens');
  return pooled(hidden, inputs.attention_mask, request.pooling);
}

/** @param {Tensor} hidden texts x tokens x dimensions @param {Tensor} mask texts x tokens @param {string} pooling */
function pooled(hidden, mask, pooling) {
  const [texts = 0, tokens = 0, dimensions = 0] = hidden.dims;
  const data = floats(hidden);
  const result = new Float32Array(texts * dimensions);
  for (let text = 0; text < texts; text++) {
    const counted = chosenTokens(mask.data.subarray(text * tokens, (text + 1) * tokens), pooling);
    for (const token of counted) {
      const from = (text * tokens + token) * dimensions;
      for (let i = 0; i < dimensions; i++) {
        const at = text * dimensions + i;
        result[at] = (result[at] ?? 0) + (data[from + i] ?? 0) / counted.length;
      }
    }
  }
  return result;
}

/** Padding may stand on either side. @param {ArrayLike<number | bigint>} mask @param {string} pooling */
function chosenTokens(mask, pooling) {
  const real = Array.from(mask, Number).flatMap((isReal, token) => (isReal ? [token] : []));
  if (pooling === 'cls') return real.slice(0, 1);
  return pooling === 'last_token' ? real.slice(-1) : real;
}

/** @param {Tensor} tensor */
function floats(tensor) {
  const { data } = tensor.type === 'float32' ? tensor : tensor.to('float32');
  return /** @type {Float32Array} */ (data);
}

/** Weights and tokenizer decide about the vectors. @param {string} root @param {Set<string>} files */
async function hashOf(root, files) {
  const digest = createHash('sha256');
  for (const file of [...files].sort()) {
    if (!/\.onnx|^tokenizer\.json$/.test(file) || !existsSync(join(root, file))) continue;
    digest.update(file);
    for await (const chunk of createReadStream(join(root, file))) digest.update(chunk);
  }
  return digest.digest('hex').slice(0, 16);
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
