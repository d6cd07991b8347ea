/** The stream that outlives its connections, against responses that a test holds in its hands. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { KeptRoom } from '../../../src/http/kept-room.ts';
import { RelayStream } from '../../../src/http/relay-stream.ts';

/** As much of a response as a stream needs; `unread` is what its client has not taken. */
class FakeResponse extends EventEmitter {
  text = '';
  unread = 0;
  destroyed = false;
  isEnded = false;
  readonly writableEnded = false;
  get writableLength(): number {
    return this.unread;
  }
  writeHead(): this {
    return this;
  }
  flushHeaders(): void {}
  write(text: string): void {
    this.text += text;
  }
  end(): void {
    this.isEnded = true;
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  get said(): string[] {
    return [...this.text.matchAll(/"method":"(\w+)"/g)].map((match) => match[1] ?? '');
  }
}

function connect(stream: RelayStream, after: number): FakeResponse | undefined {
  const response = new FakeResponse();
  return stream.connect(response as unknown as ServerResponse, after) ? response : undefined;
}

describe('a stream', () => {
  it('sends again what came after the event that is named', () => {
    const stream = new RelayStream('1', new KeptRoom());
    const first = connect(stream, 0);
    for (const method of ['a', 'b', 'c']) stream.send({ method });
    first?.destroy();
    stream.send({ method: 'd' });
    expect(stream.freshFrom, 'what no connection has carried').toBe(3);
    expect(connect(stream, 1)?.said).toEqual(['b', 'c', 'd']);
    expect(connect(stream, 9), 'an event that never was').toBeUndefined();
  });

  it('#40 keeps a bounded number of bytes and events, and admits that older ones are gone', () => {
    const stream = new RelayStream('1', new KeptRoom());
    for (let count = 0; count < 5_000; count++) stream.send({ method: 'x' });
    expect(connect(stream, 3_999), 'one too old').toBeUndefined();
    expect(connect(stream, 4_000)?.said).toHaveLength(1_000);
    const large = new RelayStream('2', new KeptRoom());
    for (let count = 0; count < 100; count++) large.send({ method: 'x', text: 'y'.repeat(100_000) });
    const kept = connect(large, large.freshFrom);
    expect(kept?.said.length).toBe(10);
  });

  it('#40 counts what it keeps as it is sent, whatever the script', () => {
    const stream = new RelayStream('1', new KeptRoom());
    for (let count = 0; count < 100; count++) stream.send({ method: 'x', text: '字'.repeat(100_000) });
    expect(connect(stream, stream.freshFrom)?.said.length).toBe(3);
  });

  it('keeps a last message that is larger than all it may keep', () => {
    const stream = new RelayStream('1', new KeptRoom());
    stream.send({ method: 'small' });
    stream.send({ method: 'large', text: 'y'.repeat(5_000_000) });
    expect(connect(stream, 1)?.said).toEqual(['large']);
  });

  it('#40 forgets what all streams together have no room for, those that said nothing for longest first', () => {
    const room = new KeptRoom(1_000_000);
    const streams = Array.from({ length: 5 }, (_, n) => new RelayStream(String(n), room));
    for (const stream of streams) stream.send({ method: 'x', text: 'y'.repeat(300_000) });
    expect(streams.map((stream) => connect(stream, 0) !== undefined)).toEqual([false, false, true, true, true]);
    const [first] = streams;
    first?.send({ method: 'z' });
    expect(first && connect(first, 1)?.said, 'what came since is kept').toEqual(['z']);
    expect(first && connect(first, 0), 'what is gone is admitted').toBeUndefined();
  });

  it('#40 one that forgot all goes on for a client that names no event, and leaves its room to others', () => {
    const room = new KeptRoom(1_000);
    const stream = new RelayStream('0', room);
    stream.send({ method: 'lost', text: 'y'.repeat(800) });
    const other = new RelayStream('0', room);
    other.send({ method: 'x', text: 'y'.repeat(800) });
    const late = connect(stream, stream.freshFrom);
    other.forget();
    stream.send({ method: 'next', text: 'y'.repeat(800) });
    expect(late?.said).toEqual(['next']);
    expect(connect(stream, 1)?.said).toEqual(['next']);
  });

  it('cuts off a client that does not read, which can come back', () => {
    const stream = new RelayStream('1', new KeptRoom());
    const lazy = connect(stream, 0);
    if (lazy) lazy.unread = 5 * 1024 * 1024;
    stream.send({ method: 'a' });
    expect([lazy?.destroyed, stream.isConnected]).toEqual([true, false]);
    expect(connect(stream, 0)?.said).toEqual(['a']);
  });

  it('ends a connection that comes for the rest of what is over', () => {
    const stream = new RelayStream('1', new KeptRoom());
    stream.send({ method: 'a' });
    stream.end();
    expect(connect(stream, 0)).toMatchObject({ said: ['a'], isEnded: true });
    expect(stream.isDone).toBe(true);
  });
});
