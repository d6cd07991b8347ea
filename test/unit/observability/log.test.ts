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

it('writes out what a terminal would obey, and makes no two lines of one', () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), redact: (text) => text, levelMin: 'info' });
  log('warn', 'it said \u001b[2J\u001b]0;mine\u0007\r2026 info  all is well\u202e\n\tindented é 字');
  expect(lines.join('')).toContain(
    'said \\u{1B}[2J\\u{1B}]0;mine\\u{7}\\u{D}2026 info  all is well\\u{202E}\n  \tindented é 字\n',
  );
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

it('drops lines that would pile up unread, and says how many as soon as somebody reads again', () => {
  const lines: string[] = [];
  let isFull = false;
  const log = createLog({
    ...{ write: (line: string) => lines.push(line), isFull: () => isFull, redact: (text: string) => text },
    ...{ levelMin: 'info', format: 'json' },
  });
  log('info', 'first');
  isFull = true;
  log('info', 'second');
  log('debug', 'too little to be missed');
  log('error', 'third');
  isFull = false;
  log('info', 'fourth');
  log('info', 'fifth');
  const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
  expect(messages).toEqual(['first', '2 lines of the log were lost: nobody read it in time', 'fourth', 'fifth']);
});
