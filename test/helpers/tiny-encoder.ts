/** A small encoder with random weights: the bytes of its file, and what plain JavaScript makes of it. */
import { seeded } from '../../index/evaluation/bootstrap.ts';

export const TINY_TOKENS = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]'],
  ...[...'abcdefghijklmnopqrstuvwxyz0123456789.,-!'].flatMap((sign) => [sign, `##${sign}`]),
  ...['send', 'mail', 'file', 'read', '##ing', '##s', 'weather', 'search', 'the', 'in', 'a'],
];

const SIZES = { layers: 2, hidden: 32, heads: 2, ffn: 64, positions: 16, dimensions: 16, vocab: TINY_TOKENS.length };
const EPSILON = 1e-12;

export interface TinyEncoder {
  readonly bytes: Buffer;
  /** Unit vector of the tokens, in float arithmetic without rounding of activations. */
  reference(tokens: ArrayLike<number>): number[];
}

interface Tensor {
  readonly shape: readonly number[];
  /** What the file's numbers stand for. */
  readonly values: number[];
  readonly int8?: { readonly numbers: Int8Array; readonly scales: Float32Array };
}

/** `change` may spoil the header before it is written. */
export function tinyEncoder(seed = 1, change: (header: Record<string, unknown>) => void = () => {}): TinyEncoder {
  const tensors = randomTensors(seeded(seed));
  return { bytes: fileOf(tensors, change), reference: (tokens) => run(tensors, Array.from(tokens)) };
}

function randomTensors(random: () => number): Map<string, Tensor> {
  const { layers, hidden, ffn, positions, dimensions, vocab } = SIZES;
  const tensors = new Map<string, Tensor>();
  const numbers = (count: number, spread: number, middle = 0) =>
    Array.from({ length: count }, () => Math.fround(middle + (random() - 0.5) * spread));
  const floats = (name: string, shape: number[], middle = 0) => {
    const count = shape.reduce((all, length) => all * length, 1);
    tensors.set(name, { shape, values: numbers(count, 0.5, middle) });
  };
  const rows = (name: string, outputs: number, inputs: number) => {
    const int8 = Int8Array.from(numbers(outputs * inputs, 254));
    const scales = Float32Array.from(numbers(outputs, 0.002, 0.004));
    const values = Array.from(int8, (number, at) => number * (scales[Math.floor(at / inputs)] ?? 0));
    tensors.set(name, { shape: [outputs, inputs], values, int8: { numbers: int8, scales } });
  };
  const norm = (name: string) => {
    floats(`${name}.weight`, [hidden], 1);
    floats(`${name}.bias`, [hidden]);
  };
  const linear = (name: string, outputs: number, inputs: number) => {
    rows(`${name}.weight`, outputs, inputs);
    floats(`${name}.bias`, [outputs]);
  };
  rows('embeddings.word', vocab, hidden);
  floats('embeddings.position', [positions, hidden]);
  norm('embeddings.norm');
  for (let i = 0; i < layers; i++) {
    for (const name of ['query', 'key', 'value', 'attention_output']) linear(`layer.${i}.${name}`, hidden, hidden);
    norm(`layer.${i}.attention_norm`);
    linear(`layer.${i}.ffn_in`, ffn, hidden);
    linear(`layer.${i}.ffn_out`, hidden, ffn);
    norm(`layer.${i}.output_norm`);
  }
  rows('projection.weight', dimensions, hidden);
  return tensors;
}

function fileOf(tensors: ReadonlyMap<string, Tensor>, change: (header: Record<string, unknown>) => void): Buffer {
  const parts: Buffer[] = [];
  let end = 8_192; // room for the header
  const put = (part: Buffer) => {
    const offset = end;
    const padded = Buffer.alloc(Math.ceil(part.length / 64) * 64);
    part.copy(padded);
    parts.push(padded);
    end += padded.length;
    return offset;
  };
  const tokens = Buffer.from(TINY_TOKENS.join('\n'));
  const places = Object.fromEntries(
    [...tensors].map(([name, { shape, values, int8 }]) => {
      if (!int8) return [name, { type: 'float32', shape, offset: put(bytesOf(Float32Array.from(values))) }];
      return [name, { type: 'int8', shape, offset: put(bytesOf(int8.numbers)), scales: put(bytesOf(int8.scales)) }];
    }),
  );
  const header = { format: 1, name: 'tiny', ...SIZES, layerNormEpsilon: EPSILON, tensors: places };
  const whole = { ...header, tokens: { offset: put(tokens), bytes: tokens.length } };
  change(whole);
  const json = Buffer.from(JSON.stringify(whole));
  const head = Buffer.alloc(8_192);
  head.write('TDXENC01');
  head.writeUInt32LE(json.length, 8);
  json.copy(head, 12);
  return Buffer.concat([head, ...parts]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength);

type Rows = number[][];

function run(tensors: ReadonlyMap<string, Tensor>, tokens: readonly number[]): number[] {
  const { layers, hidden } = SIZES;
  const values = (name: string) => tensors.get(name)?.values ?? [];
  const row = (name: string, at: number) => values(name).slice(at * hidden, (at + 1) * hidden);
  const norm = (rows: Rows, name: string) =>
    rows.map((x) => layerNorm(x, values(`${name}.weight`), values(`${name}.bias`)));
  const linear = (rows: Rows, name: string) =>
    rows.map((x) => times(values(`${name}.weight`), x, values(`${name}.bias`)));
  let x = norm(
    tokens.map((token, at) => plus(row('embeddings.word', token), row('embeddings.position', at))),
    'embeddings.norm',
  );
  for (let i = 0; i < layers; i++) {
    const name = `layer.${i}`;
    const mixed = attention(linear(x, `${name}.query`), linear(x, `${name}.key`), linear(x, `${name}.value`));
    x = norm(plusRows(x, linear(mixed, `${name}.attention_output`)), `${name}.attention_norm`);
    const wide = linear(x, `${name}.ffn_in`).map((inner) => inner.map(gelu));
    x = norm(plusRows(x, linear(wide, `${name}.ffn_out`)), `${name}.output_norm`);
  }
  const mean = x.reduce(plus).map((number) => number / x.length);
  return unit(times(values('projection.weight'), mean, []));
}

function attention(queries: Rows, keys: Rows, values: Rows): Rows {
  const head = SIZES.hidden / SIZES.heads;
  const part = (x: readonly number[], at: number) => x.slice(at * head, (at + 1) * head);
  return queries.map((query) =>
    Array.from({ length: SIZES.heads }, (_, at) => {
      const weights = keys.map((key) => Math.exp(dot(part(query, at), part(key, at)) / Math.sqrt(head)));
      const sum = weights.reduce((all, weight) => all + weight);
      return values.map((value, i) => part(value, at).map((number) => (number * (weights[i] ?? 0)) / sum)).reduce(plus);
    }).flat(),
  );
}

function layerNorm(x: readonly number[], weight: readonly number[], bias: readonly number[]): number[] {
  const mean = x.reduce((all, number) => all + number) / x.length;
  const variance = x.reduce((all, number) => all + (number - mean) ** 2, 0) / x.length;
  return x.map((number, i) => ((number - mean) / Math.sqrt(variance + EPSILON)) * (weight[i] ?? 0) + (bias[i] ?? 0));
}

const times = (matrix: readonly number[], x: readonly number[], bias: readonly number[]) =>
  Array.from({ length: matrix.length / x.length }, (_, output) => {
    return dot(matrix.slice(output * x.length, (output + 1) * x.length), x) + (bias[output] ?? 0);
  });

/** By numerical integration of the normal density, so that it shares nothing with the kernel's formula. */
function gelu(x: number): number {
  const steps = 400;
  const width = Math.abs(x) / steps;
  let area = 0;
  for (let i = 0; i < steps; i++) area += Math.exp(-(((i + 0.5) * width) ** 2) / 2) * width;
  const half = area / Math.sqrt(2 * Math.PI);
  return x * (0.5 + (x < 0 ? -half : half));
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const plus = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x + (b[i] ?? 0));
const plusRows = (a: Rows, b: Rows) => a.map((x, i) => plus(x, b[i] ?? []));
const unit = (x: readonly number[]) => x.map((number) => number / Math.sqrt(dot(x, x)));
