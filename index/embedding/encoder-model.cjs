// @ts-check
/**
 * A BERT encoder (Devlin et al. 2019) with int8 weights: lays a model out in WebAssembly memory and runs it, text by text.
 * Plain CommonJS, since the thread that runs it is started from a file and never bundled.
 */
'use strict';

/** @typedef {import('./encoder-protocol.ts').EncoderPlan} EncoderPlan */
/** @typedef {import('./encoder-protocol.ts').EncoderSetup} EncoderSetup */
/** @typedef {import('./encoder-protocol.ts').TensorPlace} TensorPlace */
/** @typedef {Record<'quantise' | 'multiply' | 'attend' | 'normalise' | 'gelu', (...operands: number[]) => void>} Operations */
/** @typedef {Record<'x' | 'query' | 'key' | 'value' | 'context' | 'wide' | 'rounded' | 'scales' | 'weights', number>} Room */
/** @typedef {{ weights: number, scales: number, bias: number, inputs: number, outputs: number }} Linear */
/** @typedef {{ weight: number, bias: number }} Norm */
/**
 * @typedef {object} Layer
 * @property {Linear} query @property {Linear} key @property {Linear} value @property {Linear} attentionOutput
 * @property {Norm} attentionNorm @property {Linear} ffnIn @property {Linear} ffnOut @property {Norm} outputNorm
 */

const PAGE = 65_536;
/** Rows are worked on in fours, outputs in eights; every address is a multiple of 16. */
const ROWS = 4;
const OUTPUTS = 8;
const ALIGNMENT = 16;

class EncoderModel {
  /** @param {Omit<EncoderSetup, 'nice'>} setup whose bytes are needed no longer afterwards */
  constructor({ assembly, plan, bytes }) {
    this.plan = plan;
    const room = roomFor(plan);
    const memory = new WebAssembly.Memory({ initial: Math.ceil((bytes.byteLength + room.total) / PAGE) });
    this.buffer = memory.buffer;
    this.end = 0;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(assembly), { env: { memory } });
    this.operations = /** @type {Operations} */ (instance.exports);
    const tensors = new Tensors(bytes, plan.tensors, (numbers) => this.#place(numbers));
    this.words = this.#keep(tensors.rows('embeddings.word'));
    this.positions = tensors.floats('embeddings.position');
    this.embeddingNorm = tensors.norm('embeddings.norm');
    this.layers = Array.from({ length: plan.layers }, (_, i) => tensors.layer(`layer.${i}`));
    this.projection = plan.tensors['projection.weight'] ? tensors.linear('projection') : undefined;
    const addresses = Object.entries(room.parts).map(([name, size]) => [name, this.#take(size)]);
    this.texts = /** @type {Room} */ (Object.fromEntries(addresses));
  }

  /** The mean over all tokens, projected where the model has a projection. @param {Int32Array} tokens */
  embed(tokens) {
    const { hidden, epsilon } = this.plan;
    const { normalise } = this.operations;
    const count = tokens.length;
    const padded = Math.ceil(count / ROWS) * ROWS;
    const { x } = this.texts;
    this.#lookUp(tokens, padded);
    normalise(x, this.positions, padded, hidden, this.embeddingNorm.weight, this.embeddingNorm.bias, epsilon);
    for (const layer of this.layers) this.#runLayer(layer, count, padded);
    return this.#pool(count);
  }

  /** @param {Layer} layer @param {number} count @param {number} padded */
  #runLayer(layer, count, padded) {
    const { hidden, heads, ffn, epsilon } = this.plan;
    const { attend, gelu, normalise } = this.operations;
    const { x, query, key, value, context, wide, weights } = this.texts;
    this.#quantise(x, padded, hidden);
    this.#multiply(layer.query, padded, query);
    this.#multiply(layer.key, padded, key);
    this.#multiply(layer.value, padded, value);
    const width = hidden / heads;
    for (let at = 0; at < hidden * 4; at += width * 4) {
      attend(query + at, key + at, value + at, context + at, count, padded, width, hidden, weights);
    }
    this.#quantise(context, padded, hidden);
    this.#multiply(layer.attentionOutput, padded, query);
    normalise(x, query, padded, hidden, layer.attentionNorm.weight, layer.attentionNorm.bias, epsilon);
    this.#quantise(x, padded, hidden);
    this.#multiply(layer.ffnIn, padded, wide);
    gelu(wide, padded * ffn);
    this.#quantise(wide, padded, ffn);
    this.#multiply(layer.ffnOut, padded, query);
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
    const x = this.#floats(this.texts.x, padded * hidden).fill(0);
    for (const [row, token] of tokens.entries()) {
      const scale = this.words.scales[token] ?? 0;
      for (let i = 0; i < hidden; i++) x[row * hidden + i] = (this.words.rows[token * hidden + i] ?? 0) * scale;
    }
  }

  /** @param {number} count */
  #pool(count) {
    const { hidden, dimensions } = this.plan;
    const rows = this.#floats(this.texts.x, count * hidden);
    const mean = new Float32Array(hidden);
    for (const [at, number] of rows.entries()) mean[at % hidden] = (mean[at % hidden] ?? 0) + number / count;
    if (!this.projection) return mean;
    const { x, wide } = this.texts;
    this.#floats(x, ROWS * hidden)
      .fill(0)
      .set(mean);
    this.#quantise(x, ROWS, hidden);
    this.#multiply(this.projection, ROWS, wide);
    return this.#floats(wide, dimensions).slice();
  }

  /** Copies numbers into the memory; returns their address. @param {Int8Array | Float32Array} numbers */
  #place(numbers) {
    const address = this.#take(numbers.byteLength);
    new Uint8Array(this.buffer, address).set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return address;
  }

  /** Copies rows to where their file is not needed any more. @param {{ rows: Int8Array, scales: Float32Array }} words */
  #keep({ rows, scales }) {
    return {
      rows: new Int8Array(this.buffer, this.#place(rows), rows.length),
      scales: this.#floats(this.#place(scales), scales.length),
    };
  }

  /** @param {number} size in bytes */
  #take(size) {
    const address = this.end;
    this.end = Math.ceil((address + size) / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  /** @param {number} address @param {number} count */
  #floats(address, count) {
    return new Float32Array(this.buffer, address, count);
  }
}

/** Finds the tensors of a file, and puts them where `place` says: each is asked for once. */
class Tensors {
  /**
   * @param {ArrayBuffer} bytes @param {Readonly<Record<string, TensorPlace>>} places
   * @param {(numbers: Int8Array | Float32Array) => number} place returns the address
   */
  constructor(bytes, places, place) {
    this.bytes = bytes;
    this.places = places;
    this.place = place;
  }

  /** @param {string} name */
  floats(name) {
    const { offset, shape } = this.#find(name);
    return this.place(new Float32Array(this.bytes, offset, product(shape)));
  }

  /** @param {string} name @returns {Norm} */
  norm(name) {
    return { weight: this.floats(`${name}.weight`), bias: this.floats(`${name}.bias`) };
  }

  /** A bias that the file does not have is zero. @param {string} name @returns {Linear} */
  linear(name) {
    const { rows, scales, outputs, inputs } = this.rows(`${name}.weight`);
    const hasBias = this.places[`${name}.bias`] !== undefined;
    const bias = hasBias ? this.floats(`${name}.bias`) : this.place(new Float32Array(outputs));
    return { inputs, outputs, weights: this.place(packed(rows, outputs, inputs)), scales: this.place(scales), bias };
  }

  /** @param {string} name @returns {Layer} */
  layer(name) {
    return {
      query: this.linear(`${name}.query`),
      key: this.linear(`${name}.key`),
      value: this.linear(`${name}.value`),
      attentionOutput: this.linear(`${name}.attention_output`),
      attentionNorm: this.norm(`${name}.attention_norm`),
      ffnIn: this.linear(`${name}.ffn_in`),
      ffnOut: this.linear(`${name}.ffn_out`),
      outputNorm: this.norm(`${name}.output_norm`),
    };
  }

  /** As they lie in the file. @param {string} name */
  rows(name) {
    const { offset, scales, shape } = this.#find(name);
    const [outputs = 0, inputs = 0] = shape;
    const rows = new Int8Array(this.bytes, offset, outputs * inputs);
    return { rows, scales: new Float32Array(this.bytes, scales, outputs), outputs, inputs };
  }

  /** @param {string} name */
  #find(name) {
    const place = this.places[name];
    if (!place) throw new Error(`the model has no ${name}`);
    return place;
  }
}

/** What one text needs, in bytes by name, and a bias that no file holds. @param {EncoderPlan} plan */
function roomFor({ positions, hidden, ffn, dimensions }) {
  const rows = positions * hidden * 4;
  const wide = Math.max(positions * ffn, ROWS * dimensions);
  const narrow = positions * 4;
  const parts = {
    ...{ x: rows, query: rows, key: rows, value: rows, context: rows, wide: wide * 4 },
    ...{ rounded: positions * Math.max(hidden, ffn) * 2, scales: narrow, weights: narrow },
  };
  const sizes = Object.values(parts);
  const total = sizes.reduce((sum, size) => sum + size + ALIGNMENT, dimensions * 4 + ALIGNMENT);
  return { parts, total };
}

/**
 * In the order in which `multiply` reads: for each eight outputs the pairs of inputs, side by side.
 * @param {Int8Array} rows @param {number} outputs @param {number} inputs
 */
function packed(rows, outputs, inputs) {
  const numbers = new Int8Array(rows.length);
  let to = 0;
  for (let first = 0; first < outputs; first += OUTPUTS) {
    for (let input = 0; input < inputs; input += 2) {
      for (let at = first * inputs + input; at < (first + OUTPUTS) * inputs; at += inputs) {
        numbers[to++] = rows[at] ?? 0;
        numbers[to++] = rows[at + 1] ?? 0;
      }
    }
  }
  return numbers;
}

/** @param {readonly number[]} shape */
function product(shape) {
  return shape.reduce((all, length) => all * length, 1);
}

module.exports = { EncoderModel };
