/** The static embedding model: a text's vector is the weighted sum of its words' vectors. No layers, hence microseconds. */
import { isObject } from '../../src/stdx/json.ts';
import { IndexError } from '../index-error.ts';
import { SortedLines } from '../lexical/sorted-lines.ts';
import { stem } from '../lexical/stem.ts';
import { gramBuckets, staticWords } from './static-words.ts';

interface WordVector {
  readonly vector: Float32Array;
  readonly weight: number;
}

interface Header {
  readonly dim: number;
  /** Number of stem rows; row 0 stands for every unknown stem. */
  readonly words: number;
  readonly buckets: number;
  /** Bytes of the stems with their rows, a sorted line each. */
  readonly vocab: number;
  /** For each stem row `1` when its words are spelled with n-grams besides. */
  readonly ngram: string;
  /** Of the numbers and stems that follow, whatever the header looks like. */
  readonly sha256: string;
}

/** Words remembered with their vectors; the common ones fill it and stay. */
const CACHED_WORDS = 20_000;

/**
 * Rows for word stems and for hashed character n-grams (fastText, Bojanowski et al. 2017) with a learned weight a stem
 * (in place of SIF's, Arora et al. 2017), as int8 with one scale a row.
 */
export class StaticModel {
  readonly dimensions: number;
  /** Another model has another one. */
  readonly identity: string;
  readonly #header: Header;
  readonly #rowOf: SortedLines;
  readonly #rows: Int8Array;
  readonly #scales: Float32Array;
  readonly #weights: Float32Array;
  readonly #words = new Map<string, WordVector>();

  /**
   * Layout: u32 header length, header JSON, stems, int8 rows, f32 row scales, f32 stem weights; the first three padded to 4
   * bytes, little-endian.
   */
  constructor(bytes: Uint8Array) {
    const { header, start: vocabAt } = readHeader(bytes);
    const rows = header.words + header.buckets;
    const start = align4(vocabAt + header.vocab);
    const scalesAt = align4(start + rows * header.dim);
    const weightsAt = scalesAt + 4 * rows;
    if (bytes.byteLength < weightsAt + 4 * header.words) throw broken('it is shorter than its header says');
    this.#header = header;
    this.dimensions = header.dim;
    this.identity = header.sha256.slice(0, 12);
    this.#rowOf = new SortedLines(bytes.subarray(vocabAt, vocabAt + header.vocab));
    this.#rows = new Int8Array(bytes.buffer, bytes.byteOffset + start, rows * header.dim);
    this.#scales = floats(bytes, scalesAt, rows);
    this.#weights = floats(bytes, weightsAt, header.words);
  }

  /** The weighted sum over the first `limit` words, not normalised; zeros for a text without words. */
  sum(text: string, limit: number): Float32Array {
    const counts = new Map<string, number>();
    for (const word of staticWords(text).slice(0, limit)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const sum = new Float32Array(this.dimensions);
    for (const [word, count] of counts) {
      const { vector, weight } = this.#word(word);
      addScaled(sum, vector, weight * Math.sqrt(count));
    }
    return sum;
  }

  #word(word: string): WordVector {
    const cached = this.#words.get(word);
    if (cached) return cached;
    const row = Number(this.#rowOf.find(stem(word)) ?? 0);
    const vector = new Float32Array(this.dimensions);
    if (row > 0) this.#addRow(vector, row, 1);
    if (row === 0 || this.#header.ngram[row] === '1') {
      const grams = gramBuckets(word, this.#header.buckets);
      for (const bucket of grams) this.#addRow(vector, this.#header.words + bucket, 1 / grams.length);
    }
    const made = { vector, weight: this.#weights[row] ?? 0 };
    if (this.#words.size < CACHED_WORDS) this.#words.set(word, made);
    return made;
  }

  #addRow(vector: Float32Array, row: number, factor: number): void {
    const scale = (this.#scales[row] ?? 0) * factor;
    const start = row * this.dimensions;
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) + (this.#rows[start + i] ?? 0) * scale;
  }
}

export function addScaled(sum: Float32Array, vector: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0) * factor;
}

function readHeader(bytes: Uint8Array): { header: Header; start: number } {
  if (bytes.byteLength < 8) throw broken('it is nearly empty');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (4 + length > bytes.byteLength) throw broken('its header is cut off');
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, start: 4 + length };
}

function parseHeader(json: string): Header {
  const header: unknown = attemptJson(json);
  if (!isObject(header)) throw broken('its header is not JSON');
  const { dim, words, buckets, vocab, ngram, sha256 } = header;
  const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;
  if (!isCount(dim) || !isCount(words) || !isCount(buckets) || !isCount(vocab)) {
    throw broken('its header lacks dim, words, buckets or vocab');
  }
  if (typeof ngram !== 'string' || typeof sha256 !== 'string') throw broken('its header lacks ngram or sha256');
  return { dim, words, buckets, vocab, ngram, sha256 };
}

function attemptJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Copied, because a view needs an offset that is a multiple of 4 and the caller's buffer promises none. */
function floats(bytes: Uint8Array, start: number, count: number): Float32Array {
  return new Float32Array(new Uint8Array(bytes.subarray(start, start + 4 * count)).buffer);
}

const align4 = (offset: number) => offset + ((4 - (offset % 4)) % 4);

const broken = (why: string) =>
  new IndexError('bad-answer', `The built-in static model is broken: ${why}`, {
    hint: 'Reinstall Tooldex, or rebuild the model as index/model/ describes',
  });
