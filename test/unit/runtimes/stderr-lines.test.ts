import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StderrLines } from '../../../src/runtimes/stderr-lines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function heard(): { lines: StderrLines; said: string[]; push: (text: string | Buffer) => void } {
  const said: string[] = [];
  const redact = (text: string) => text.replaceAll('s3cret', '***');
  const lines = new StderrLines({ redact, say: (line) => said.push(line) });
  return { lines, said, push: (text) => lines.push(Buffer.from(text)) };
}

it('joins what came in pieces, and says the last line when nothing follows', () => {
  const { lines, said, push } = heard();
  const text = Buffer.from('zürich\nlast');
  push(text.subarray(0, 2));
  push(text.subarray(2));
  expect(said).toEqual(['zürich']);
  lines.end();
  expect(said).toEqual(['zürich', 'last']);
});

it('#54 masks a secret that comes in pieces, in colours, or where the line is cut', () => {
  const { said, push } = heard();
  push('key s3c');
  push('ret!\nkey s3\u001b[31mcret\u001b[0m\u202e\u0007\n');
  push(`${'x'.repeat(497)}s3cret and more\n`);
  expect(said).toEqual(['key ***!', 'key ***', `${'x'.repeat(497)}***…`]);
});

it('#8 says a hundred lines a second, and how much it left out', () => {
  const { said, push } = heard();
  for (let line = 0; line < 150; line++) push(`${line}\n`);
  expect(said).toHaveLength(100);
  push('y'.repeat(1_000_000));
  vi.advanceTimersByTime(1_000);
  expect(said.slice(100)).toEqual([`(${1_000_000 + 50 * 4} bytes left out)`]);
  push('\nagain\n');
  expect(said.at(-1)).toBe('again');
});

it('#8 tells at the end what it left out, and holds no line without an end', () => {
  const { lines, said, push } = heard();
  for (let round = 0; round < 100; round++) push('z'.repeat(100_000));
  push('\n');
  expect(said).toEqual([`${'z'.repeat(500)}…`]);
  push('a\n'.repeat(1_000));
  lines.end();
  expect(said).toHaveLength(101);
  expect(said.at(-1)).toBe('(901 bytes left out)');
});
