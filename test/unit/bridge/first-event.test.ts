import { describe, expect, it } from 'vitest';
import { readFirstEvent } from '../../../src/bridge/first-event.ts';

const read = (text: string) => {
  const event = readFirstEvent(Buffer.from(text));
  return event.kind === 'data' ? `${event.data} | ${text.slice(event.next)}` : event.kind;
};

describe('the first event of a stream', () => {
  it.each([
    ['data: {}\n\n', '{} | '],
    ['data:{}\n\nrest', '{} | rest'],
    ['data:  x\n\n', ' x | '],
    ['event: message\r\ndata: {}\r\n\r\nrest', '{} | rest'],
    ['id: 1\nretry: 2\ndata: \n\n: c\n\nid: 2\ndata: {}\n\n', '{} | '],
    ['\n\ndata: {}\n\n', '{} | '],
    ['', 'incomplete'],
    ['data: {}', 'incomplete'],
    ['data: {}\n', 'incomplete'],
    ['data: {}\r', 'incomplete'],
    ['data: {}\n\r', 'incomplete'],
    ['data: {}\r\r', 'odd'],
    ['data: {}\ra: b\n\n', 'odd'],
    ['data: {\ndata: }\n\n', 'odd'],
    ['event: own\ndata: {}\n\n', 'odd'],
    ['\ufeffdata: {}\n\n', 'odd'],
    ['data\n\n', 'odd'],
    ['what: ever\n\n', 'odd'],
    ['data: {}\nid: 1\n\n', 'odd'],
    [`data: ${'x'.repeat(10_000)}\n\n`, `${'x'.repeat(10_000)} | `],
    [`:${' '.repeat(10_000)}\n`, 'odd'],
  ])('%j is read as %j', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});
