/** Reads the file of an encoder, and trusts nothing in it: what the kernel is handed has the sizes that it reckons with. */

import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isObject } from '../../src/stdx/json.ts';
import { IndexError } from '../index-error.ts';
import type { EncoderPlan, TensorPlace } from './encoder-protocol.ts';
import { SPECIAL_TOKENS } from './word-pieces.ts';

export interface EncoderFile {
  readonly name: string;
  /** Of all bytes, hexadecimal. */
  readonly sha256: string;
  readonly plan: EncoderPlan;
  /** By id. */
  readonly tokens: readonly string[];
  /** The whole file. */
  readonly bytes: ArrayBuffer;
}

const MAGIC = 'TDXENC01';
const HEADER_AT = MAGIC.length + 4;
/** Above these the kernel's sums could overflow, or its memory would not be small any more. */
const MOST = { layers: 24, hidden: 1_024, ffn: 2_048, positions: 512, dimensions: 1_024, vocab: 200_000 };

/**
 * Layout: magic, u32 length of the header, header JSON, tensors at multiples of 64; little-endian. Rejects with `missing` or `bad-answer`.
 */
export async function readEncoderFile(file: string): Promise<EncoderFile> {
  const content = await readFile(file).catch((cause: unknown) => {
    throw new IndexError('missing', `The built-in encoder is not at ${file}`, { hint: REMEDY, cause });
  });
  const bytes = wholeBuffer(content);
  const digest = await webcrypto.subtle.digest('SHA-256', bytes);
  return { ...parseEncoder(bytes), sha256: Buffer.from(digest).toString('hex'), bytes };
}

/** Small files are read into a part of a larger buffer; those are copied. */
function wholeBuffer({ buffer, byteOffset, byteLength }: Buffer<ArrayBuffer>): ArrayBuffer {
  return buffer.byteLength === byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}

/** Throws `bad-answer` for whatever is not as it must be. */
export function parseEncoder(bytes: ArrayBuffer): Pick<EncoderFile, 'name' | 'plan' | 'tokens'> {
  const header = readHeader(bytes);
  const sizes = readSizes(header);
  const { vocab, ...planned } = sizes;
  const tensors = new Map<string, TensorPlace>();
  for (const wanted of tensorsOf(sizes)) {
    const place = placeOf(header.tensors, wanted, bytes.byteLength);
    if (place) tensors.set(wanted.name, place);
  }
  if (!tensors.has('projection.weight') && sizes.dimensions !== sizes.hidden) throw broken('it has no projection');
  const plan = { ...planned, tensors: Object.fromEntries(tensors) };
  const name = typeof header.name === 'string' ? header.name : 'encoder';
  return { name, plan, tokens: readTokens(bytes, header.tokens, vocab) };
}

function readHeader(bytes: ArrayBuffer): Record<string, unknown> {
  if (bytes.byteLength < HEADER_AT) throw broken('it is nearly empty');
  const text = (from: number, length: number) => new TextDecoder().decode(new Uint8Array(bytes, from, length));
  if (text(0, MAGIC.length) !== MAGIC) throw broken('it does not begin as an encoder does');
  const length = new DataView(bytes).getUint32(MAGIC.length, true);
  if (HEADER_AT + length > bytes.byteLength) throw broken('its header is cut off');
  try {
    const header: unknown = JSON.parse(text(HEADER_AT, length));
    if (isObject(header) && header.format === 1) return header;
  } catch {
    throw broken('its header is not JSON');
  }
  throw broken('its format is not 1');
}

type Sizes = Omit<EncoderPlan, 'tensors'> & { readonly vocab: number };

function readSizes(header: Record<string, unknown>): Sizes {
  const size = (key: keyof typeof MOST | 'heads', multipleOf = 1): number => {
    const value = header[key];
    const most = key === 'heads' ? MOST.hidden : MOST[key];
    if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= most && Number(value) % multipleOf === 0) {
      return Number(value);
    }
    throw broken(`its header says ${key}: ${JSON.stringify(value)}`);
  };
  const epsilon = header.layerNormEpsilon;
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) throw broken('its header lacks layerNormEpsilon');
  const [hidden, heads] = [size('hidden', 16), size('heads')];
  if (hidden % (16 * heads) !== 0) throw broken(`${heads} heads do not share ${hidden} numbers in sixteens`);
  return {
    layers: size('layers'),
    ...{ hidden, heads, epsilon },
    ffn: size('ffn', 16),
    positions: size('positions', 4),
    dimensions: size('dimensions', 8),
    vocab: size('vocab'),
  };
}

interface WantedTensor {
  readonly name: string;
  readonly type: 'int8' | 'float32';
  readonly shape: readonly number[];
  readonly isOptional?: boolean;
}

function tensorsOf({ layers, hidden, ffn, vocab, positions, dimensions }: Sizes): WantedTensor[] {
  const rows = (name: string, outputs: number, inputs: number): WantedTensor => {
    return { name, type: 'int8', shape: [outputs, inputs] };
  };
  const floats = (name: string, ...shape: number[]): WantedTensor => ({ name, type: 'float32', shape });
  const norm = (name: string) => [floats(`${name}.weight`, hidden), floats(`${name}.bias`, hidden)];
  const linear = (name: string, outputs: number, inputs: number) => {
    return [rows(`${name}.weight`, outputs, inputs), floats(`${name}.bias`, outputs)];
  };
  const layer = (i: number) => [
    ...['query', 'key', 'value', 'attention_output'].flatMap((name) => linear(`layer.${i}.${name}`, hidden, hidden)),
    ...norm(`layer.${i}.attention_norm`),
    ...linear(`layer.${i}.ffn_in`, ffn, hidden),
    ...linear(`layer.${i}.ffn_out`, hidden, ffn),
    ...norm(`layer.${i}.output_norm`),
  ];
  return [
    rows('embeddings.word', vocab, hidden),
    floats('embeddings.position', positions, hidden),
    ...norm('embeddings.norm'),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    { ...rows('projection.weight', dimensions, hidden), isOptional: true },
  ];
}

function placeOf(tensors: unknown, wanted: WantedTensor, fileSize: number): TensorPlace | undefined {
  const { name, type, shape, isOptional = false } = wanted;
  const found = isObject(tensors) ? tensors[name] : undefined;
  if (found === undefined && isOptional) return undefined;
  if (!isObject(found)) throw broken(`the tensor ${name} is missing`);
  if (found.type !== type || JSON.stringify(found.shape) !== JSON.stringify(shape)) {
    throw broken(`the tensor ${name} is not ${type} [${shape.join(', ')}]`);
  }
  const numbers = shape.reduce((all, length) => all * length, 1);
  const isInt8 = type === 'int8';
  const offset = placed(found.offset, isInt8 ? numbers : 4 * numbers, { name, fileSize });
  return { shape, offset, scales: isInt8 ? placed(found.scales, 4 * (shape[0] ?? 0), { name, fileSize }) : 0 };
}

/** The offset, where so many bytes are within the file. */
function placed(offset: unknown, size: number, { name, fileSize }: { name: string; fileSize: number }): number {
  if (typeof offset === 'number' && Number.isInteger(offset / 4) && offset >= 0 && offset + size <= fileSize) {
    return offset;
  }
  throw broken(`${name} does not lie within its ${fileSize} bytes`);
}

function readTokens(bytes: ArrayBuffer, place: unknown, count: number): string[] {
  const { offset, bytes: length } = isObject(place) ? place : {};
  const size = Number.isInteger(length) && Number(length) > 0 ? Number(length) : Number.POSITIVE_INFINITY;
  const from = placed(offset, size, { name: 'its vocabulary', fileSize: bytes.byteLength });
  const tokens = new TextDecoder().decode(new Uint8Array(bytes, from, size)).split('\n');
  if (tokens.at(-1) === '') tokens.pop();
  if (tokens.length !== count) throw broken(`its vocabulary has ${tokens.length} tokens instead of ${count}`);
  if (SPECIAL_TOKENS.some((token, id) => tokens[id] !== token)) {
    throw broken(`its vocabulary does not begin with ${SPECIAL_TOKENS.join(' ')}`);
  }
  return tokens;
}

const REMEDY = 'Reinstall Tooldex; until then the static model serves';

const broken = (why: string) =>
  new IndexError('bad-answer', `The built-in encoder is broken: ${why}`, { hint: REMEDY });
