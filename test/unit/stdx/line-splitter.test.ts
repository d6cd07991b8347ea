import { expect, it } from 'vitest';
import { LineSplitter } from '../../../src/stdx/line-splitter.ts';

function split(chunks: readonly Buffer[], lineBytesMax = 1000) {
  const lines: string[] = [];
  const splitter = new LineSplitter(lineBytesMax);
  const isFine = chunks.every((chunk) => splitter.push(chunk, (line) => lines.push(line.toString())));
  return { lines, isFine, rest: splitter.rest().toString() };
}

it('#6 gives the same lines however the bytes are cut', () => {
  const text = 'a\n\n{"t":"é日本😀\u2028"}\r\nlast';
  const bytes = Buffer.from(text);
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    expect(split(chunks)).toEqual({ lines: ['a', '', '{"t":"é日本😀\u2028"}\r'], isFine: true, rest: 'last' });
  }
});

it('#7 refuses a line that is too long, whether it ends or not, and no shorter one', () => {
  const fits = Buffer.from(`${'x'.repeat(10)}\n`);
  const over = Buffer.from(`${'x'.repeat(11)}\n`);
  expect(split([fits, fits], 10)).toMatchObject({ isFine: true, lines: ['x'.repeat(10), 'x'.repeat(10)] });
  expect(split([over], 10).isFine).toBe(false);
  expect(split([Buffer.from('x'.repeat(6)), Buffer.from('x'.repeat(6))], 10).isFine).toBe(false);
  expect(split([Buffer.from('x'.repeat(6)), over], 10).isFine).toBe(false);
});
