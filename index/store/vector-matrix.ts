/** Exact nearest vectors in memory: int8 on WASM SIMD narrows down, full precision decides. */
import { BestFew, type Ranked } from '../best-few.ts';
import { DOT_PRODUCT_WASM } from './dot-product-wasm.ts';

/** Rows come in blocks, so that growing never copies what is there. */
const BLOCK_ROWS = 1024;
const PAGE = 65_536;
/** The query's int16 numbers live in the first page. */
const DIMENSIONS_MAX = PAGE / 2;
/** The assembly takes so many numbers a turn. */
const STRIDE = 32;
const LEVELS = 127;
/** Above the rounding of a float32 sum. */
const ROUNDING = 1e-5;

interface Block {
  readonly scales: Float32Array;
  readonly rows: Int8Array;
  readonly scores: Float32Array;
  readonly exact: Float32Array;
}

/** Rows are unit vectors numbered 0 to `size` without holes. */
export class VectorMatrix {
  readonly dimensions: number;
  readonly #padded: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #scan: Scan;
  readonly #addresses: number[] = [];
  readonly #exact: Float32Array[] = [];
  #size = 0;
  #scaleMax = 0;
  #absoluteSumMax = 0;

  constructor(dimensions: number) {
    if (dimensions > DIMENSIONS_MAX)
      throw new RangeError(`Vectors of ${dimensions} numbers, more than ${DIMENSIONS_MAX}`);
    this.dimensions = dimensions;
    this.#padded = Math.ceil(dimensions / STRIDE) * STRIDE;
    this.#scan = instantiate(this.#memory);
  }

  get size(): number {
    return this.#size;
  }

  /** Returns the row of the new vector. */
  push(vector: Float32Array): number {
    if (this.#size === this.#addresses.length * BLOCK_ROWS) this.#addBlock();
    this.set(this.#size, vector);
    return this.#size++;
  }

  set(row: number, vector: Float32Array): void {
    const { scales, rows, exact } = this.#block(Math.floor(row / BLOCK_ROWS));
    const at = row % BLOCK_ROWS;
    exact.set(vector, at * this.dimensions);
    const { scale, absoluteSum } = quantise(vector, rows.subarray(at * this.#padded, (at + 1) * this.#padded));
    scales[at] = scale;
    this.#scaleMax = Math.max(this.#scaleMax, scale);
    this.#absoluteSumMax = Math.max(this.#absoluteSumMax, absoluteSum);
  }

  /** The last row takes the place of `row`. */
  removeSwapping(row: number): void {
    const last = this.#size - 1;
    if (row !== last) this.set(row, this.vector(last));
    this.#size--;
  }

  /** A view, valid until the next change. */
  vector(row: number): Float32Array {
    const exact = this.#exact[Math.floor(row / BLOCK_ROWS)] ?? new Float32Array(0);
    const at = (row % BLOCK_ROWS) * this.dimensions;
    return exact.subarray(at, at + this.dimensions);
  }

  /**
   * The `limit` rows of highest dot product among those that `accept` takes, best first, as if every product had been
   * computed in full: whatever could still be among them within the bound of the quantisation error is computed so.
   */
  nearest(vector: Float32Array, limit: number, accept?: (row: number) => boolean): Ranked[] {
    const error = this.#scanAll(vector);
    const rough = new BestFew(limit);
    this.#eachScore((row, score) => {
      if (rough.wants(row, score) && (!accept || accept(row))) rough.put(row, score);
    });
    const floor = rough.threshold - 2 * error;
    const best = new BestFew(limit);
    this.#eachScore((row, score) => {
      if (score < floor || (accept && !accept(row))) return;
      const similarity = dot(vector, this.vector(row));
      if (best.wants(row, similarity)) best.put(row, similarity);
    });
    return best.sorted();
  }

  /** Fills the scores of all blocks; returns how far any of them can be from the exact product. */
  #scanAll(vector: Float32Array): number {
    const query = new Int8Array(this.#padded);
    const { scale, absoluteSum } = quantise(vector, query);
    new Int16Array(this.#memory.buffer, 0, this.#padded).set(query);
    for (let block = 0; block < this.#addresses.length; block++) {
      const { scales, rows, scores } = this.#block(block);
      const count = Math.min(BLOCK_ROWS, this.#size - block * BLOCK_ROWS);
      if (count > 0) this.#scan(0, rows.byteOffset, scales.byteOffset, count, this.#padded, scores.byteOffset);
      for (let i = 0; i < count; i++) scores[i] = (scores[i] ?? 0) * scale;
    }
    const cross = (this.dimensions * scale * this.#scaleMax) / 4;
    return (this.#scaleMax * absoluteSum + scale * this.#absoluteSumMax) / 2 + cross + ROUNDING;
  }

  #eachScore(visit: (row: number, score: number) => void): void {
    for (let block = 0; block < this.#addresses.length; block++) {
      const { scores } = this.#block(block);
      const first = block * BLOCK_ROWS;
      const count = Math.min(BLOCK_ROWS, this.#size - first);
      for (let i = 0; i < count; i++) visit(first + i, scores[i] ?? 0);
    }
  }

  /** Views are made anew each time because growing the memory detaches older ones. */
  #block(index: number): Block {
    const address = this.#addresses[index] ?? 0;
    const buffer = this.#memory.buffer;
    return {
      scales: new Float32Array(buffer, address, BLOCK_ROWS),
      scores: new Float32Array(buffer, address + 4 * BLOCK_ROWS, BLOCK_ROWS),
      rows: new Int8Array(buffer, address + 8 * BLOCK_ROWS, BLOCK_ROWS * this.#padded),
      exact: this.#exact[index] ?? new Float32Array(0),
    };
  }

  #addBlock(): void {
    const bytes = BLOCK_ROWS * (8 + this.#padded);
    this.#addresses.push(this.#memory.grow(Math.ceil(bytes / PAGE)) * PAGE);
    this.#exact.push(new Float32Array(BLOCK_ROWS * this.dimensions));
  }
}

type Scan = (...addresses: readonly number[]) => void;

function instantiate(memory: WebAssembly.Memory): Scan {
  const module = new WebAssembly.Module(Buffer.from(DOT_PRODUCT_WASM, 'base64'));
  const { scan } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  if (typeof scan !== 'function') throw new TypeError('The assembled dot product has no function `scan`');
  return scan as Scan;
}

/** Whole numbers of -127 to 127 with one scale, so that number x scale is within half a scale of the original. */
function quantise(vector: Float32Array, into: Int8Array): { scale: number; absoluteSum: number } {
  let largest = 0;
  let absoluteSum = 0;
  for (const number of vector) {
    const size = Math.abs(number);
    if (size > largest) largest = size;
    absoluteSum += size;
  }
  const scale = largest / LEVELS;
  for (let i = 0; i < vector.length; i++) into[i] = scale === 0 ? 0 : Math.round((vector[i] ?? 0) / scale);
  return { scale, absoluteSum };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
