import { expect, it } from 'vitest';
import { createLog, type LogOptions } from '../../../src/observability/log.ts';

function written(options: Partial<LogOptions>): string[] {
  const lines: string[] = [];
  const redact = (text: string) => text.replaceAll('s3cret', '***');
  const log = createLog({ write: (line) => lines.push(line), redact, levelMin: 'warn', ...options });
  log('info', 'too little');
  log('warn', 'the key "s3cret"\nis wrong');
  return lines;
}

it('writes lines for people: time, level, message, what follows indented', () => {
  const lines = written({});
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\d{4}-\S+Z warn {2}the key "\*\*\*"\n {2}is wrong\n$/);
});

it('writes an object a line for programs, whatever the message has', () => {
  const [line = '', ...more] = written({ format: 'json' });
  expect(more).toEqual([]);
  expect(line.trimEnd()).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({ time: expect.any(String), level: 'warn', message: 'the key "***"\nis wrong' });
});

it.each([
  ['text', / info {2}used \[edge-42\]\n$/],
  ['json', /"message":"used","request":"edge-42"\}\n$/],
] as const)('says as %s which request a line is about', (format, expected) => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), redact: (text) => text, levelMin: 'info', format });
  log('info', 'used', 'edge-42');
  expect(lines[0]).toMatch(expected);
});
