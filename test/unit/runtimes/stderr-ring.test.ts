import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StderrRing } from '../../../src/runtimes/stderr-ring.ts';

function linesOf(...chunks: Array<string | Buffer>): string[] {
  const ring = new StderrRing();
  for (const chunk of chunks) ring.push(Buffer.from(chunk));
  return ring.lines();
}

describe('the stderr ring', () => {
  it('joins what came in pieces, characters of several bytes too', () => {
    const text = Buffer.from('zürich\nend');
    expect(linesOf(text.subarray(0, 2), text.subarray(2))).toEqual(['zürich', 'end']);
  });

  it('drops colours, bells, overrides of direction and blank lines', () => {
    expect(linesOf('\u001b[31mred\u001b[0m\u0007\r\n\n  \n\ttab\rback\u202e!\n')).toEqual(['red', '  tab', 'back!']);
  });

  it('keeps the last 100 lines, each at most 500 characters', () => {
    const lines = linesOf(Array.from({ length: 300 }, (_, line) => `${line}\n`).join(''), 'x'.repeat(600));
    expect(lines).toHaveLength(100);
    expect(lines[0]).toBe('201');
    expect(lines.at(-1)).toBe(`${'x'.repeat(500)}…`);
  });

  it('#8 holds no more than its limit, however much comes', () => {
    const ring = new StderrRing();
    for (let round = 0; round < 1_000; round++) ring.push(Buffer.alloc(10_000, `${round} `));
    ring.push(Buffer.alloc(5_000_000, 'y'));
    expect(ring.lines()).toEqual(['… a line of more than 16 KiB']);
  });

  it('leaves out the rest of a line whose beginning it has forgotten', () => {
    const lines = linesOf(`${'x'.repeat(20_000)} rest\nnext\n`);
    expect(lines).toEqual(['next']);
    expect(linesOf('first\n', 'x'.repeat(9_000), `${'y'.repeat(9_000)}\nlast`)).toEqual(['last']);
    expect(linesOf('first\n', 'x'.repeat(9_000), `${'y'.repeat(5_000)}\nlast`)[0]).toBe('first');
  });

  it.each(Array.from({ length: 12 }, (_, shift) => shift))(
    'has no part of a secret in it, wherever it is cut: %i',
    (shift) => {
      const secret = 'sekret-0123456789';
      const redact = (text: string) => text.replaceAll(secret, '***');
      const ring = new StderrRing();
      const atCut = `${'-'.repeat(500 - shift)}${secret} and more\n`;
      const atBound = `${secret}${'='.repeat(16 * 1024 - atCut.length - shift - 1)}\n`;
      ring.push(Buffer.from(atBound + atCut));
      const said = ring.lines(redact).join('\n');
      expect(said).toContain('---');
      for (let from = 0; from + 4 <= secret.length; from++) expect(said).not.toContain(secret.slice(from, from + 4));
    },
  );

  it('#8 makes a stream wait that writes too fast, and lets it go on', async () => {
    const stream = new PassThrough();
    const ring = new StderrRing();
    ring.drink(stream);
    const resumed = new Promise((resolve) => {
      stream.once('pause', () => stream.once('resume', () => resolve('resumed')));
    });
    stream.write(Buffer.alloc(2_000_000, 'x'));
    stream.write('after\n');
    expect(await resumed).toBe('resumed');
    stream.end();
  });
});
