/** What a key has opened ends with the key. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { journaled } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** Open when it resolves. */
function openStream(port: number, path: string, token: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream', ...bearer(token) };
    const outgoing: ClientRequest = request({ host: '127.0.0.1', port, path, headers });
    outgoing.once('response', (response) => response.once('data', () => resolve(response)));
    outgoing.once('error', reject).end();
    onTestFinished(() => void outgoing.destroy());
  });
}

const isOpen = (stream: IncomingMessage) => !stream.destroyed && !stream.complete;

/** More than once: keys are known for a millisecond, in which a clock that is moved by hand may come round twice. */
async function untilEnded(end: Promise<string> | undefined): Promise<void> {
  let isEnded = false;
  void end?.then(() => {
    isEnded = true;
  });
  while (!isEnded) await vi.advanceTimersByTimeAsync(5_000);
}

it('#56 ends the open streams of a key that was revoked, and of nobody else', async () => {
  const { port, key, keys } = await serveWithAccess({ notes: { fixture: 'well-behaved' } });
  const [gone, kept] = [key('gone'), key('kept')];
  const streams = await Promise.all([gone, kept].map((each) => openStream(port, '/mcp/notes/sse', each)));
  const ends = streams.map((stream) => new Promise<string>((resolve) => stream.once('close', () => resolve('ended'))));
  streams[0]?.on('error', () => undefined);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(streams.map(isOpen)).toEqual([true, true]);
  keys.revoke('gone');
  await untilEnded(ends[0]);
  expect(streams.map(isOpen)).toEqual([false, true]);
});

it('#56 ends what was opened with a key that has expired', async () => {
  let laterMs = 0;
  const { now } = Date;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + laterMs);
  onTestFinished(() => clock.mockRestore());
  const { port, keys } = await serveWithAccess({ notes: { fixture: 'well-behaved' } });
  const hour = 3_600_000;
  const token = keys.create({ name: 'short', groups: [], expiresAt: Date.now() + hour }) ?? '';
  const stream = await openStream(port, '/mcp/notes/sse', token);
  stream.on('error', () => undefined);
  const end = new Promise<string>((resolve) => stream.once('close', () => resolve('ended')));
  laterMs = 2 * hour;
  await untilEnded(end);
});

it.each([
  ['/mcp/notes', (given: JsonObject): JsonObject => ({ name: 'wait', arguments: given })],
  ['/mcp', (params: JsonObject) => ({ name: 'use_tool', arguments: { server: 'notes', tool: 'wait', params } })],
])('#56 ends a call at %s that is under way when its key is revoked, and nobody else’s', async (path, paramsOf) => {
  const folder = tempDir('under-way');
  const [journal, file] = [join(folder, 'journal'), join(folder, 'gate')];
  const { key, keys, rpc } = await serveWithAccess({
    notes: { fixture: 'well-behaved', args: ['--journal', journal] },
  });
  const [gone, kept] = [key('gone'), key('kept')];
  const params = paramsOf({ file });
  const [ended, goesOn] = [gone, kept].map((each) => rpc(path, { method: 'tools/call', params }, bearer(each)));
  const end = ended?.then(
    () => 'answered',
    () => 'cut off',
  );
  await journaled(journal, 'waiting', { count: 2 });
  keys.revoke('gone');
  await untilEnded(end);
  expect(await end).toBe('cut off');
  writeFileSync(file, '');
  expect((await goesOn)?.text).toContain('waited');
});

it('#56 ends a stream behind which something else was asked on the same connection', async () => {
  const { port, key, keys } = await serveWithAccess({ notes: { fixture: 'well-behaved' } });
  const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${credential}`;
  const credential = `Authorization: Bearer ${key('gone')}\r\n\r\n`;
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  const end = new Promise<string>((resolve) => socket.once('close', () => resolve('ended')));
  socket.write(ask('/mcp/notes/sse') + ask('/mcp'));
  await once(socket, 'data');
  await vi.advanceTimersByTimeAsync(10_000);
  keys.revoke('gone');
  await untilEnded(end);
});
