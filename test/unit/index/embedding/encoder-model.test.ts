import { describe, expect, it } from 'vitest';
import { parseEncoder } from '../../../../index/embedding/encoder-file.ts';
import { layOutEncoder } from '../../../../index/embedding/encoder-layout.ts';
import model from '../../../../index/embedding/encoder-model.cjs';
import { ENCODER_WASM } from '../../../../index/embedding/encoder-wasm.ts';
import { seeded } from '../../../../index/evaluation/bootstrap.ts';
import { TINY_TOKENS, tinyEncoder } from '../../../helpers/tiny-encoder.ts';

const assembly = Buffer.from(ENCODER_WASM, 'base64');
const bufferOf = (bytes: Buffer) =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;

async function load(bytes: Buffer) {
  const buffer = bufferOf(bytes);
  const { rooms, ...encoder } = await layOutEncoder(parseEncoder(buffer).plan, buffer);
  return new model.EncoderModel({ ...encoder, assembly, room: rooms.here });
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
  it('gives the vector of plain float arithmetic, for every length of text', async () => {
    const tiny = tinyEncoder(7);
    const encoder = await load(tiny.bytes);
    const random = seeded(3);
    for (let length = 1; length <= 16; length++) {
      const tokens = randomTokens(random, length);
      expect(cosine(encoder.embed(tokens), tiny.reference(tokens)), `${length} tokens`).toBeGreaterThan(0.9999);
    }
  });

  it('keeps nothing of one text for the next, however long that was', async () => {
    const encoder = await load(tinyEncoder(5).bytes);
    const random = seeded(8);
    const short = randomTokens(random, 5);
    const before = encoder.embed(short);
    encoder.embed(randomTokens(random, 16));
    expect(encoder.embed(short)).toEqual(before);
  });

  it('tells other weights and other orders of the same tokens apart', async () => {
    const [one, other] = [await load(tinyEncoder(1).bytes), await load(tinyEncoder(2).bytes)];
    const tokens = Int32Array.from([2, 10, 20, 30, 3]);
    expect(cosine(one.embed(tokens), [...other.embed(tokens)])).toBeLessThan(0.9);
    expect(cosine(one.embed(tokens), [...one.embed(tokens.slice().reverse())])).toBeLessThan(0.999);
  });

  it('may be given up in the middle of a text', async () => {
    const encoder = await load(tinyEncoder(5).bytes);
    const random = seeded(8);
    const tokens = randomTokens(random, 5);
    const whole = encoder.embed(tokens);
    const left = encoder.steps(randomTokens(random, 16));
    for (let i = 0; i < 4; i++) expect(left.next().done).toBe(false);
    expect(encoder.embed(tokens)).toEqual(whole);
  });

  it('is run by two at once, who share its weights and nothing else', async () => {
    const buffer = bufferOf(tinyEncoder(5).bytes);
    const { rooms, ...encoder } = await layOutEncoder(parseEncoder(buffer).plan, buffer);
    const [one, other] = [rooms.here, rooms.beside].map(
      (room) => new model.EncoderModel({ ...encoder, assembly, room }),
    );
    const random = seeded(9);
    const [mine, yours] = [randomTokens(random, 16), randomTokens(random, 16)];
    const expected = one?.embed(mine);
    const steps = one?.steps(mine);
    for (let step = steps?.next(); step; step = steps?.next()) {
      other?.embed(yours);
      if (step.done) expect(step.value).toEqual(expected);
      if (step.done) break;
    }
    expect.assertions(1);
  });
});
