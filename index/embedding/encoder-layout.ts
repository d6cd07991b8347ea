/** Lays the weights of an encoder out in WebAssembly memory, once for all threads, in the order in which `encoder.wat` reads them. */
import type { EncoderLayout, EncoderPlan, Layer, Linear, Norm, Room, TensorPlace } from './encoder-protocol.ts';

export interface LaidOutEncoder {
  readonly plan: Omit<EncoderPlan, 'tensors'>;
  /** Shared between threads; nobody writes to the weights any more. */
  readonly memory: WebAssembly.Memory;
  readonly layout: EncoderLayout;
  /** For the gateway's own thread and for one beside it. */
  readonly rooms: { readonly here: Room; readonly beside: Room };
}

const PAGE = 65_536;
const ALIGNMENT = 16;
/** Rows are worked on in fours, outputs in eights; every address is a multiple of 16. */
const ROWS = 4;
const OUTPUTS = 8;

/** `bytes` are the whole file. Others get their turn on the event loop between two tensors. */
export async function layOutEncoder(plan: EncoderPlan, bytes: ArrayBuffer): Promise<LaidOutEncoder> {
  const { tensors: places, ...sizes } = plan;
  const roomSizes = sizesOfRoom(plan);
  const perRoom = Object.values(roomSizes).reduce((sum, size) => sum + size + ALIGNMENT, 0);
  const missingBias = 4 * plan.dimensions + ALIGNMENT;
  const pages = Math.ceil((bytes.byteLength + missingBias + 2 * perRoom) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const tensors = new TensorWriter(memory.buffer, bytes, places);
  const layout = await writeWeights(tensors, plan);
  const room = () => {
    const addresses = Object.entries(roomSizes).map(([name, size]) => [name, tensors.take(size)]);
    return Object.fromEntries(addresses) as Room;
  };
  return { plan: sizes, memory, layout, rooms: { here: room(), beside: room() } };
}

async function writeWeights(tensors: TensorWriter, plan: EncoderPlan): Promise<EncoderLayout> {
  const words = tensors.words();
  const layers: Layer[] = [];
  for (let i = 0; i < plan.layers; i++) layers.push(await writeLayer(tensors, `layer.${i}`));
  return {
    words,
    positions: tensors.floats('embeddings.position'),
    embeddingNorm: tensors.norm('embeddings.norm'),
    layers,
    projection: plan.tensors['projection.weight'] ? await tensors.linear('projection') : undefined,
  };
}

async function writeLayer(tensors: TensorWriter, name: string): Promise<Layer> {
  return {
    query: await tensors.linear(`${name}.query`),
    key: await tensors.linear(`${name}.key`),
    value: await tensors.linear(`${name}.value`),
    attentionOutput: await tensors.linear(`${name}.attention_output`),
    attentionNorm: tensors.norm(`${name}.attention_norm`),
    ffnIn: await tensors.linear(`${name}.ffn_in`),
    ffnOut: await tensors.linear(`${name}.ffn_out`),
    outputNorm: tensors.norm(`${name}.output_norm`),
  };
}

/** What one text needs, in bytes. */
function sizesOfRoom({ positions, hidden, ffn, dimensions }: EncoderPlan): Record<keyof Room, number> {
  const rows = positions * hidden * 4;
  const narrow = positions * 4;
  return {
    ...{ x: rows, query: rows, key: rows, value: rows, context: rows },
    wide: 4 * Math.max(positions * ffn, ROWS * dimensions),
    rounded: positions * Math.max(hidden, ffn) * 2,
    ...{ scales: narrow, weights: narrow },
  };
}

/** Finds the tensors of a file, copies them to where they belong, and says where that is. */
class TensorWriter {
  readonly #memory: ArrayBuffer;
  readonly #bytes: ArrayBuffer;
  readonly #places: Readonly<Record<string, TensorPlace>>;
  #end = 0;

  constructor(memory: ArrayBuffer, bytes: ArrayBuffer, places: Readonly<Record<string, TensorPlace>>) {
    this.#memory = memory;
    this.#bytes = bytes;
    this.#places = places;
  }

  take(size: number): number {
    const address = this.#end;
    this.#end = Math.ceil((address + size) / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  floats(name: string): number {
    const { offset, shape } = this.#find(name);
    return this.#place(new Float32Array(this.#bytes, offset, product(shape)));
  }

  norm(name: string): Norm {
    return { weight: this.floats(`${name}.weight`), bias: this.floats(`${name}.bias`) };
  }

  /** A bias that the file does not have is zero. */
  async linear(name: string): Promise<Linear> {
    await new Promise(setImmediate);
    const { rows, scales, outputs, inputs } = this.#rows(`${name}.weight`);
    const hasBias = this.#places[`${name}.bias`] !== undefined;
    const bias = hasBias ? this.floats(`${name}.bias`) : this.#place(new Float32Array(outputs));
    return { inputs, outputs, weights: this.#place(packed(rows, outputs, inputs)), scales: this.#place(scales), bias };
  }

  /** As they lie in the file. */
  words(): EncoderLayout['words'] {
    const { rows, scales, outputs } = this.#rows('embeddings.word');
    return { rows: this.#place(rows), scales: this.#place(scales), count: outputs };
  }

  #place(numbers: Int8Array | Float32Array): number {
    const address = this.take(numbers.byteLength);
    new Uint8Array(this.#memory, address).set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return address;
  }

  #rows(name: string) {
    const { offset, scales, shape } = this.#find(name);
    const [outputs = 0, inputs = 0] = shape;
    const rows = new Int8Array(this.#bytes, offset, outputs * inputs);
    return { rows, scales: new Float32Array(this.#bytes, scales, outputs), outputs, inputs };
  }

  #find(name: string): TensorPlace {
    const place = this.#places[name];
    if (!place) throw new Error(`the model has no ${name}`);
    return place;
  }
}

/** For each eight outputs the pairs of inputs, side by side. */
function packed(rows: Int8Array, outputs: number, inputs: number): Int8Array {
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

const product = (shape: readonly number[]) => shape.reduce((all, length) => all * length, 1);
