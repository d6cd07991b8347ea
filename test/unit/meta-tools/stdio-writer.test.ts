/** What is kept for a client that reads late, or never. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StdioWriter } from '../../../src/meta-tools/stdio-writer.ts';

const MIB = 1024 * 1024;

/** A pipe whose other end reads when the test says so. */
function setUp() {
  const lines: string[] = [];
  const events: string[] = [];
  let taken: (() => void)[] = [];
  let isReading = false;
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      if (chunk !== '') lines.push(chunk);
      if (isReading) done();
      else taken.push(done);
    },
  });
  const read = async () => {
    isReading = true;
    for (const done of taken) done();
    taken = [];
    await new Promise((resolve) => output.write('', resolve));
  };
  const writer = new StdioWriter({
    output,
    onBehind: () => events.push('behind'),
    onRead: () => events.push('read'),
  });
  return { writer, output, lines, events, read };
}

const CHANGED = 'notifications/tools/list_changed';
const long = (bytes: number) => `${'x'.repeat(bytes)}\n`;
const changed = { jsonrpc: '2.0', method: CHANGED } as const;

describe('a client that does not read', () => {
  it('is not read from any more, until it has read all', async () => {
    const { writer, events, read } = setUp();
    writer.answer(1, long(MIB / 2), 'utf8');
    expect(events).toEqual([]);
    writer.answer(2, long(MIB), 'utf8');
    writer.answer(3, long(MIB), 'utf8');
    expect(events).toEqual(['behind']);
    await read();
    expect(events).toEqual(['behind', 'read']);
  });

  it('misses progress and log messages, hears each announcement once, and gets every answer', async () => {
    const { writer, lines, read } = setUp();
    writer.answer(1, long(2 * MIB), 'utf8');
    for (let at = 0; at < 1_000; at++) {
      writer.say('progress\n');
      writer.send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: at } });
      writer.send(changed);
    }
    writer.send({ jsonrpc: '2.0', id: 'ping', result: {} });
    await read();
    expect(lines.slice(1)).toEqual([
      `${JSON.stringify({ jsonrpc: '2.0', id: 'ping', result: {} })}\n`,
      `${JSON.stringify(changed)}\n`,
    ]);
    writer.send(changed);
    writer.say('progress\n');
    await writer.flushed();
    expect(lines.slice(3)).toEqual([`${JSON.stringify(changed)}\n`, 'progress\n']);
  });

  it('gets an error instead of what would take more memory than there is for it', async () => {
    const { writer, output, lines, read } = setUp();
    for (let id = 1; id <= 100; id++) writer.answer(id, long(MIB), 'utf8');
    expect(output.writableLength).toBeLessThan(34 * MIB);
    await read();
    expect(lines).toHaveLength(100);
    const refused = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    expect(refused.length).toBeGreaterThan(60);
    expect(refused[0]).toMatchObject({ jsonrpc: '2.0', error: { code: -31014, data: { code: 'SERVER_BUSY' } } });
    expect(refused.at(-1)).toMatchObject({ id: 100 });
    writer.answer(101, 'short\n', 'utf8');
    await writer.flushed();
    expect(lines.at(-1)).toBe('short\n');
  });

  it('is told nothing after its end', async () => {
    const { writer, output } = setUp();
    output.destroy();
    writer.answer(1, 'late\n', 'utf8');
    await writer.flushed();
  });
});
