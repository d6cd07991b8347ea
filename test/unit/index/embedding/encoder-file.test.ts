import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseEncoder, readEncoderFile } from '../../../../index/embedding/encoder-file.ts';
import { IndexError } from '../../../../index/index-error.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { TINY_TOKENS, tinyEncoder } from '../../../helpers/tiny-encoder.ts';

const parse = (bytes: Buffer) => parseEncoder(new Uint8Array(bytes).buffer);
type Header = Record<string, unknown> & { tensors: Record<string, Record<string, unknown>> };

/** Parses a model whose header somebody has changed. */
const parseChanged = (change: (header: Header) => void) =>
  parse(tinyEncoder(1, (header) => change(header as Header)).bytes);

describe('readEncoderFile', () => {
  it('gives sizes, vocabulary, the place of every tensor, and a digest of the whole', async () => {
    const file = join(tempDir(), 'encoder.bin');
    writeFileSync(file, tinyEncoder().bytes);
    const { name, plan, tokens, sha256 } = await readEncoderFile(file);
    expect({ name, tokens }).toEqual({ name: 'tiny', tokens: TINY_TOKENS });
    expect(plan).toMatchObject({ layers: 2, hidden: 32, heads: 2, ffn: 64, positions: 16, dimensions: 16 });
    expect(Object.keys(plan.tensors)).toHaveLength(4 + 2 * 16 + 1);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('#68 a file that is not there is missing, and says what to do', async () => {
    const error = await readEncoderFile('/nowhere/encoder.bin').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ fault: 'missing', hint: expect.stringContaining('Reinstall') });
  });

  it('#68 a file cut off anywhere is refused, never read beyond its end', () => {
    const { bytes } = tinyEncoder();
    for (let share = 0; share < 1; share += 0.03) {
      expect(() => parse(bytes.subarray(0, Math.floor(bytes.length * share)))).toThrow(IndexError);
    }
  });

  it.each<[string, (header: Header) => void, RegExp]>([
    ['another format', (header) => Object.assign(header, { format: 2 }), /format is not 1/],
    ['no layers', (header) => Object.assign(header, { layers: 0 }), /layers: 0/],
    ['more numbers than the kernel can add', (header) => Object.assign(header, { ffn: 4_096 }), /ffn: 4096/],
    ['heads that do not fit', (header) => Object.assign(header, { heads: 3 }), /3 heads do not share/],
    ['no epsilon', (header) => Object.assign(header, { layerNormEpsilon: 0 }), /layerNormEpsilon/],
    [
      'fewer tokens than rows',
      (header) => Object.assign(header, { tokens: { offset: 8_192, bytes: 64 } }),
      /vocabulary/,
    ],
    [
      'a vocabulary beyond the end',
      (header) => Object.assign(header, { tokens: { offset: 8_192, bytes: 1e9 } }),
      /not lie/,
    ],
    ['a tensor too few', (header) => delete header.tensors['layer.1.key.bias'], /layer\.1\.key\.bias is missing/],
    [
      'a tensor of another shape',
      (header) => Object.assign(header.tensors['layer.0.query.weight'] ?? {}, { shape: [32, 16] }),
      /is not int8 \[32, 32\]/,
    ],
    [
      'a tensor of another type',
      (header) => Object.assign(header.tensors['embeddings.word'] ?? {}, { type: 'float32' }),
      /is not int8/,
    ],
    [
      'an offset between numbers',
      (header) => Object.assign(header.tensors['embeddings.norm.bias'] ?? {}, { offset: 8_193 }),
      /does not lie/,
    ],
    [
      'scales outside',
      (header) => Object.assign(header.tensors['layer.0.ffn_in.weight'] ?? {}, { scales: -64 }),
      /does not lie/,
    ],
    ['a projection that is not there', (header) => delete header.tensors['projection.weight'], /no projection/],
  ])('#68 refuses %s', (_, change, message) => {
    const broken = () => parseChanged(change);
    expect(broken).toThrow(IndexError);
    expect(broken).toThrow(message);
  });

  it('#68 refuses another kind of file', () => {
    expect(() => parse(Buffer.from('PK\x03\x04 something else altogether'))).toThrow(/does not begin/);
  });
});
