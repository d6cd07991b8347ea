// @ts-check
/**
 * A BERT encoder (Devlin et al. 2019) with int8 weights: runs what `encoder-layout.ts` has laid out in WebAssembly memory, text
 * by text. Plain CommonJS, since the thread that runs it is started from a file and never bundled.
 */
'use strict';

/** @typedef {import('./encoder-protocol.ts').EncoderSetup} EncoderSetup */
/** @typedef {import('./encoder-protocol.ts').Layer} Layer */
/** @typedef {import('./encoder-protocol.ts').Linear} Linear */
/** @typedef {Record<'quantise' | 'multiply' | 'attend' | 'normalise' | 'gelu', (...operands: number[]) => void>} Operations */

/** Rows are worked on in fours. */
const ROWS = 4;

class EncoderModel {
  /** @param {Omit<EncoderSetup, 'nice'>} setup whose room nobody else writes to */
  constructor({ assembly, plan, memory, layout, room }) {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(assembly), { env: { memory } });
    this.operations = /** @type {Operations} */ (instance.exports);
    this.plan = plan;
    this.layout = layout;
    this.texts = room;
    this.buffer = memory.buffer;
    this.words = {
      rows: new Int8Array(memory.buffer, layout.words.rows),
      scales: this.#floats(layout.words.scales, layout.words.count),
    };
  }

  /** The mean over all tokens, projected where the model has a projection. @param {Int32Array} tokens */
  embed(tokens) {
    const steps = this.steps(tokens);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /**
   * The same in steps of at most a few milliseconds; one text must have ended, or been given up, before the next begins.
   * @param {Int32Array} tokens @returns {Generator<undefined, Float32Array<ArrayBuffer>, undefined>}
   */
  *steps(tokens) {
    const { hidden, epsilon } = this.plan;
    const { positions, embeddingNorm, layers } = this.layout;
    const count = tokens.length;
    const padded = Math.ceil(count / ROWS) * ROWS;
    const { x } = this.texts;
    this.#lookUp(tokens, padded);
    this.operations.normalise(x, positions, padded, hidden, embeddingNorm.weight, embeddingNorm.bias, epsilon);
    for (const layer of layers) yield* this.#layerSteps(layer, count, padded);
    return this.#pool(count);
  }

  /** @param {Layer} layer @param {number} count @param {number} padded @returns {Generator<undefined, void, undefined>} */
  *#layerSteps(layer, count, padded) {
    const { hidden, heads, ffn, epsilon } = this.plan;
    const { attend, gelu, normalise } = this.operations;
    const { x, query, key, value, context, wide, weights } = this.texts;
    this.#quantise(x, padded, hidden);
    this.#multiply(layer.query, padded, query);
    yield;
    this.#multiply(layer.key, padded, key);
    yield;
    this.#multiply(layer.value, padded, value);
    yield;
    const width = hidden / heads;
    for (let at = 0; at < hidden * 4; at += width * 4) {
      attend(query + at, key + at, value + at, context + at, count, padded, width, hidden, weights);
    }
    yield;
    this.#quantise(context, padded, hidden);
    this.#multiply(layer.attentionOutput, padded, query);
    normalise(x, query, padded, hidden, layer.attentionNorm.weight, layer.attentionNorm.bias, epsilon);
    yield;
    this.#quantise(x, padded, hidden);
    this.#multiply(layer.ffnIn, padded, wide);
    yield;
    gelu(wide, padded * ffn);
    this.#quantise(wide, padded, ffn);
    this.#multiply(layer.ffnOut, padded, query);
    yield;
    normalise(x, query, padded, hidden, layer.outputNorm.weight, layer.outputNorm.bias, epsilon);
  }

  /** @param {number} rows @param {number} count @param {number} width */
  #quantise(rows, count, width) {
    this.operations.quantise(rows, count, width, this.texts.rounded, this.texts.scales);
  }

  /** Of the rows that were quantised last. @param {Linear} linear @param {number} count @param {number} out */
  #multiply({ weights, scales, bias, inputs, outputs }, count, out) {
    const { rounded, scales: rowScales } = this.texts;
    this.operations.multiply(rounded, rowScales, count, inputs, weights, scales, bias, outputs, out);
  }

  /** @param {Int32Array} tokens @param {number} padded */
  #lookUp(tokens, padded) {
    const { hidden } = this.plan;
    const { rows, scales } = this.words;
    const x = this.#floats(this.texts.x, padded * hidden);
    for (let row = 0; row < tokens.length; row++) {
      const token = tokens[row] ?? 0;
      const scale = scales[token] ?? 0;
      for (let i = 0; i < hidden; i++) x[row * hidden + i] = (rows[token * hidden + i] ?? 0) * scale;
    }
    x.fill(0, tokens.length * hidden);
  }

  /** @param {number} count */
  #pool(count) {
    const { hidden, dimensions } = this.plan;
    const { projection } = this.layout;
    const { x, wide } = this.texts;
    const rows = this.#floats(x, Math.max(count, ROWS) * hidden);
    const mean = new Float32Array(hidden);
    for (let at = 0; at < count * hidden; at += hidden) {
      for (let i = 0; i < hidden; i++) mean[i] = (mean[i] ?? 0) + (rows[at + i] ?? 0) / count;
    }
    if (!projection) return mean;
    rows.fill(0, 0, ROWS * hidden).set(mean);
    this.#quantise(x, ROWS, hidden);
    this.#multiply(projection, ROWS, wide);
    return Float32Array.from(this.#floats(wide, dimensions));
  }

  /** @param {number} address @param {number} count */
  #floats(address, count) {
    return new Float32Array(this.buffer, address, count);
  }
}

module.exports = { EncoderModel };
