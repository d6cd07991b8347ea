import { describe, expect, it } from 'vitest';
import { parseEncoder } from '../../../../index/embedding/encoder-file.ts';
import model from '../../../../index/embedding/encoder-model.cjs';
import { ENCODER_WASM } from '../../../../index/embedding/encoder-wasm.ts';
import { seeded } from '../../../../index/evaluation/bootstrap.ts';
import { TINY_TOKENS, tinyEncoder } from '../../../helpers/tiny-encoder.ts';

const assembly = Buffer.from(ENCODER_WASM, 'base64');
const bufferOf = (bytes: Buffer) =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;

function load(bytes: Buffer) {
  const buffer = bufferOf(bytes);
  return new model.EncoderModel({ assembly, plan: parseEncoder(buffer).plan, bytes: buffer });
}

const cosine = (a: ArrayLike<number>, b: readonly number[]) => {
  const [ab, aa, bb] = b.reduce(([ab, aa, bb], y, i) => [ab + (a[i] ?? 0) * y, aa + (a[i] ?? 0) ** 2, bb + y * y], [
    0, 0, 0,
  ] as [number, number, number]);
  return ab / Math.sqrt(aa * bb);
};

const randomTokens = (random: () => number, count: number) =>
  Int32Array.from({ length: count }, () => Math.floor(random() * TINY_TOKENS.length));

describe('EncoderModel', () => {
  it('gives the vector of plain float arithmetic, for every length of text', () => {
    const tiny = tinyEncoder(7);
    const encoder = load(tiny.bytes);
    const random = seeded(3);
    for (let length = 1; length <= 16; length++) {
      const tokens = randomTokens(random, length);
      expect(cosine(encoder.embed(tokens), tiny.reference(tokens)), `${length} tokens`).toBeGreaterThan(0.9999);
    }
  });

  it('keeps nothing of one text for the next, however long that was', () => {
    const encoder = load(tinyEncoder(5).bytes);
    const random = seeded(8);
    const short = randomTokens(random, 5);
    const before = encoder.embed(short);
    encoder.embed(randomTokens(random, 16));
    expect(encoder.embed(short)).toEqual(before);
  });

  it('tells other weights and other orders of the same tokens apart', () => {
    const [one, other] = [load(tinyEncoder(1).bytes), load(tinyEncoder(2).bytes)];
    const tokens = Int32Array.from([2, 10, 20, 30, 3]);
    expect(cosine(one.embed(tokens), [...other.embed(tokens)])).toBeLessThan(0.9);
    expect(cosine(one.embed(tokens), [...one.embed(tokens.slice().reverse())])).toBeLessThan(0.999);
  });
});
