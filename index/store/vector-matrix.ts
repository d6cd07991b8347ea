/** Exact nearest vectors in memory: int8 on WASM SIMD narrows down, full precision decides. */
import { BestFew, type IsBefore, type Ranked } from '../best-few.ts';
import { DOT_PRODUCT_WASM } from './dot-product-wasm.ts';

/** Rows come in blocks, so that growing never copies what is there. */
const BLOCK_ROWS = 1024;
const PAGE = 65_536;
/** The assembly takes so many numbers a turn. */
const STRIDE = 32;
const LEVELS = 127;
const INT16_MAX = 32_767;
const INT32_MAX = 2_147_483_647;
/** What a whole number leaves of a number, at most a half either way, is kept in steps of one in so many. */
const REST_LEVELS = 32_767;
const FINER = 2 * REST_LEVELS;
/** Of the histogram of scores, on each side of zero; the assembly knows them too. */
const STEPS = 256;
/** Below every score. */
const NOTHING = -3e38;
/** Above what float32 sums can be off. */
const ROUNDING = 1e-5;

/** Where the parts of a block begin in WASM memory, and views of them for writing. */
interface Block {
  readonly rows: Int8Array;
  /** What the rounding of `rows` left: both together are as precise as float32, which would take two bytes more. */
  readonly rests: Int16Array;
  readonly scales: Float32Array;
  readonly scores: Float32Array;
  /** Rows to compute in full, numbered within the block. */
  readonly list: Uint32Array;
}

export interface RowChoice {
  readonly accept?: (row: number) => boolean;
  /** Decides between equal products; without it the lower row. */
  readonly isBefore?: IsBefore;
}

/** Rows are unit vectors numbered 0 to `size` without holes. */
export class VectorMatrix {
  readonly dimensions: number;
  readonly #padded: number;
  /** The query has as many as its numbers are wide, or as the sums of the assembly bear: finer than the rows, so that it adds next to no error. */
  readonly #queryLevels: number;
  readonly #memory: WebAssembly.Memory;
  readonly #assembly: Assembly;
  readonly #addresses: number[] = [];
  #blocks: Block[] = [];
  #size = 0;
  /** Longest rounding error of a row as a vector. */
  #errorMax = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#padded = Math.ceil(dimensions / STRIDE) * STRIDE;
    this.#queryLevels = Math.min(INT16_MAX, Math.floor(INT32_MAX / (LEVELS * this.#padded)));
    // The query comes first: as int16 numbers for the scan, then as float32 numbers; then the histogram.
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil((6 * this.#padded + 4 * (2 * STEPS + 1)) / PAGE) });
    this.#assembly = assemble(this.#memory);
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
    const { rounded, rest, scales, at } = this.#row(row);
    const scale = Math.fround(quantise(vector, rounded, LEVELS));
    scales[at] = scale;
    for (let i = 0; i < vector.length; i++) {
      rest[i] = clamped(Math.round(((vector[i] ?? 0) / scale - (rounded[i] ?? 0)) * FINER));
    }
    this.#errorMax = Math.max(this.#errorMax, errorOf(this.vector(row), rounded, scale));
  }

  /** The last row takes the place of `row`. */
  removeSwapping(row: number): void {
    const last = this.#size - 1;
    const [from, to] = [this.#row(last), this.#row(row)];
    to.rounded.set(from.rounded);
    to.rest.set(from.rest);
    to.scales[to.at] = from.scales[from.at] ?? 0;
    this.#size--;
  }

  /** A copy, to a float32's precision of its largest number. */
  vector(row: number): Float32Array {
    const { rounded, rest, scales, at } = this.#row(row);
    const scale = scales[at] ?? 0;
    const vector = new Float32Array(this.dimensions);
    for (let i = 0; i < vector.length; i++) vector[i] = ((rounded[i] ?? 0) + (rest[i] ?? 0) / FINER) * scale;
    return vector;
  }

  /**
   * The `limit` rows of highest dot product among those that the choice accepts, best first, as if every product had been
   * computed in full: whatever the rounding error could still lift among them is computed so (filter and refine, as in the
   * VA-file: Weber, Schek and Blott 1998). By the inequality of Cauchy and Schwarz a product is off by no more than the
   * lengths of the two rounding errors together.
   */
  nearest(vector: Float32Array, limit: number, { accept, isBefore }: RowChoice = {}): Ranked[] {
    const { error, ceiling } = this.#scan(vector);
    if (accept) this.#reject((row) => !accept(row));
    const floor = Math.max(NOTHING, this.#roughFloor(limit, ceiling) - 2 * error);
    const best = new BestFew(limit, isBefore);
    for (let block = 0; block < this.#blocks.length; block++) this.#offerExact(block, floor, best);
    return best.sorted();
  }

  /**
   * A rough score that at least `limit` rows reach, or minus infinity: a histogram tells it in one pass where a heap
   * would sort. No score is above the ceiling.
   */
  #roughFloor(limit: number, ceiling: number): number {
    if (limit >= this.#size) return Number.NEGATIVE_INFINITY;
    const counts = new Uint32Array(this.#memory.buffer, 6 * this.#padded, 2 * STEPS + 1).fill(0);
    const perStep = ceiling / STEPS;
    for (const [block, { scores }] of this.#blocks.entries()) {
      this.#assembly.count(scores.byteOffset, this.#countIn(block), 1 / perStep, counts.byteOffset);
    }
    let reached = 0;
    for (let step = 2 * STEPS; step >= 0; step--) {
      reached += counts[step] ?? 0;
      if (reached >= limit) return (step - STEPS) * perStep;
    }
    return Number.NEGATIVE_INFINITY;
  }

  /** Fills the rough scores of all blocks; returns how far any of them can be from the exact product, and how high. */
  #scan(vector: Float32Array): { error: number; ceiling: number } {
    const buffer = this.#memory.buffer;
    const rounded = new Int16Array(buffer, 0, this.#padded);
    const scale = quantise(vector, rounded, this.#queryLevels);
    new Float32Array(buffer, 2 * this.#padded, this.#padded).fill(0).set(vector);
    for (const [block, { rows, scales, scores }] of this.#blocks.entries()) {
      const count = this.#countIn(block);
      this.#assembly.scan(0, rows.byteOffset, scales.byteOffset, count, this.#padded, scores.byteOffset, scale);
    }
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    const ownError = errorOf(vector, rounded, scale);
    const error = this.#errorMax * length + ownError * (1 + this.#errorMax) + ROUNDING;
    return { error, ceiling: length + error };
  }

  #offerExact(block: number, floor: number, best: BestFew): void {
    const { rows, rests, scales, scores, list } = this.#blocks[block] ?? NO_BLOCK;
    const first = block * BLOCK_ROWS;
    const listed = this.#assembly.reach(scores.byteOffset, this.#countIn(block), floor, list.byteOffset);
    if (listed === 0) return;
    const kept = [rows.byteOffset, rests.byteOffset, scales.byteOffset];
    this.#assembly.exact(2 * this.#padded, ...kept, list.byteOffset, listed, this.#padded, scores.byteOffset);
    for (let i = 0; i < listed; i++) {
      const [row, score] = [first + (list[i] ?? 0), scores[i] ?? 0];
      if (best.wants(row, score)) best.put(row, score);
    }
  }

  /** Takes rows out of the running, below every floor. */
  #reject(isRejected: (row: number) => boolean): void {
    for (const [block, { scores }] of this.#blocks.entries()) {
      const count = this.#countIn(block);
      for (let i = 0; i < count; i++) if (isRejected(block * BLOCK_ROWS + i)) scores[i] = Number.NEGATIVE_INFINITY;
    }
  }

  /** Blocks stay when their rows have gone. */
  #countIn(block: number): number {
    return Math.max(0, Math.min(BLOCK_ROWS, this.#size - block * BLOCK_ROWS));
  }

  #row(row: number) {
    const { rows, rests, scales } = this.#blocks[Math.floor(row / BLOCK_ROWS)] ?? NO_BLOCK;
    const at = row % BLOCK_ROWS;
    const part = [at * this.#padded, (at + 1) * this.#padded] as const;
    return { rounded: rows.subarray(...part), rest: rests.subarray(...part), scales, at };
  }

  /** Growing the memory detaches all views, so they are made anew. */
  #addBlock(): void {
    const bytes = BLOCK_ROWS * (12 + 3 * this.#padded);
    this.#addresses.push(this.#memory.grow(Math.ceil(bytes / PAGE)) * PAGE);
    this.#blocks = this.#addresses.map((address) => blockAt(this.#memory.buffer, address, this.#padded));
  }
}

const EMPTY = new Float32Array(0);
const NO_BLOCK: Block = {
  rows: new Int8Array(0),
  rests: new Int16Array(0),
  scales: EMPTY,
  scores: EMPTY,
  list: new Uint32Array(0),
};

function blockAt(buffer: ArrayBuffer, address: number, padded: number): Block {
  const numbers = BLOCK_ROWS * padded;
  return {
    rows: new Int8Array(buffer, address, numbers),
    rests: new Int16Array(buffer, address + numbers, numbers),
    scales: new Float32Array(buffer, address + 3 * numbers, BLOCK_ROWS),
    scores: new Float32Array(buffer, address + 3 * numbers + 4 * BLOCK_ROWS, BLOCK_ROWS),
    list: new Uint32Array(buffer, address + 3 * numbers + 8 * BLOCK_ROWS, BLOCK_ROWS),
  };
}

/** The functions of dot-product.wat, which says what each argument is. */
type Assembly = Readonly<Record<'scan' | 'count' | 'reach' | 'exact', (...values: readonly number[]) => number>>;

function assemble(memory: WebAssembly.Memory): Assembly {
  const module = new WebAssembly.Module(Buffer.from(DOT_PRODUCT_WASM, 'base64'));
  const { scan, count, reach, exact } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  return { scan: checked(scan), count: checked(count), reach: checked(reach), exact: checked(exact) };
}

function checked(exported: unknown): Assembly['scan'] {
  if (typeof exported !== 'function') throw new TypeError('dot-product.wat lacks a function');
  return exported as Assembly['scan'];
}

const clamped = (whole: number) => Math.max(-REST_LEVELS, Math.min(REST_LEVELS, whole));

/** Whole numbers from minus `levels` to `levels`, and the scale that brings them back. */
function quantise(vector: Float32Array, into: Int8Array | Int16Array, levels: number): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i] ?? 0));
  const scale = (largest || 1) / levels;
  for (let i = 0; i < vector.length; i++) into[i] = Math.round((vector[i] ?? 0) / scale);
  return scale;
}

/** Length of the difference between a vector and what its whole numbers say. */
function errorOf(vector: Float32Array, rounded: Int8Array | Int16Array, scale: number): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += ((vector[i] ?? 0) - (rounded[i] ?? 0) * scale) ** 2;
  return Math.sqrt(squares);
}
