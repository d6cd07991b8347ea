import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { LineWriter } from '../../../src/bridge/line-writer.ts';
import { toByteText } from '../../../src/stdx/json-cursor.ts';
import { settled } from '../../helpers/fake-clock.ts';

/** A stream that keeps what it gets, or, deaf, never takes any of it. */
function stream(isDeaf = false) {
  const writes: string[] = [];
  const writable = new Writable({
    write(chunk, _, done) {
      writes.push(String(chunk));
      if (!isDeaf) done();
    },
  });
  return { writes, writable };
}

it('writes all messages of one turn at once, in order', async () => {
  const { writes, writable } = stream();
  const writer = new LineWriter(writable);
  for (const json of ['1', '"é"', '{}']) expect(writer.write(toByteText(json))).toBe(true);
  expect(writes).toEqual([]);
  await settled();
  expect(writes).toEqual(['1\n"é"\n{}\n']);
  writer.write('2');
  await settled();
  expect(writes).toHaveLength(2);
});

it('#9 refuses more once enough waits for a reader that does not read', async () => {
  const writer = new LineWriter(stream(true).writable);
  const message = 'x'.repeat(1024 * 1024);
  let taken = 0;
  while (taken < 100 && writer.write(message)) {
    taken++;
    await settled();
  }
  expect(taken).toBeGreaterThan(10);
  expect(taken).toBeLessThan(20);
});

it('takes one message of any size when nothing waits', () => {
  expect(new LineWriter(stream().writable).write('x'.repeat(40 * 1024 * 1024))).toBe(true);
});

it('#10 drops what comes after the end', async () => {
  const { writes, writable } = stream();
  writable.destroy();
  expect(new LineWriter(writable).write('late')).toBe(true);
  await settled();
  expect(writes).toEqual([]);
});

/** A stream whose writes fail from `after` on, as those to a process that is gone do. */
function breaking(after: number): Writable {
  let writes = 0;
  const writable = new Writable({ write: (_chunk, _, done) => done(++writes > after ? new Error('EPIPE') : null) });
  return writable.on('error', () => {});
}

it('knows which requests never left, and nothing of those that may have been read', async () => {
  const writer = new LineWriter(breaking(1));
  writer.write('1', 1);
  await settled();
  writer.write('2', 2);
  writer.write('note');
  writer.write('3', 3);
  await settled();
  writer.write('4', 4);
  await settled();
  writer.write('5', 5);
  expect(writer.unread(false)).toEqual([2, 3, 4, 5]);
});

it('knows of a long write that failed only that its last request was not read whole', async () => {
  const writer = new LineWriter(breaking(0));
  writer.write('x'.repeat(4000), 1);
  writer.write('x'.repeat(4000), 2);
  await settled();
  expect(writer.unread(false)).toEqual([2]);
});

it('takes the last request for unread when something was, unless something else came after it', async () => {
  const writer = new LineWriter(stream().writable);
  writer.write('1', 1);
  writer.write('2', 2);
  await settled();
  expect(writer.unread(true)).toEqual([2]);
  expect(writer.unread(false)).toEqual([]);
  writer.write('note');
  await settled();
  expect(writer.unread(true)).toEqual([]);
});
