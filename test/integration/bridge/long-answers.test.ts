/** Answers of remote servers that do not end, whichever way the call went: none is held beyond a bound, and none outlives its session. */
import type { ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../src/bridge/open-session.ts';
import { type Lane, openBy, serveCalls } from '../../helpers/called-server.ts';
import { failure } from '../../helpers/failure.ts';
import { listen } from '../../helpers/listen.ts';

const MIB = 1024 * 1024;
const LANES: readonly Lane[] = ['fetch', 'post'];
const EVENTS = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const CALL = { name: 'say', arguments: {} };

const event = (message: object) => `data: ${JSON.stringify(message)}\n\n`;
const answerTo = (id: number) => ({ jsonrpc: '2.0', id, result: { content: [] } });

/** More than anybody may hold, unless somebody hangs up; then the end, so that nothing waits for ever. */
async function pour(response: ServerResponse, into: NodeJS.WritableStream, end: string): Promise<void> {
  const chunk = Buffer.alloc(MIB, 'x');
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  for (let sent = 0; sent < 48 && !response.destroyed; sent++) {
    if (!into.write(chunk)) await Promise.race([drained(into), closed]);
  }
  into.end(end);
}

const drained = (stream: NodeJS.WritableStream) => new Promise<void>((resolve) => stream.once('drain', resolve));

const ENDLESS: readonly [string, string, (response: ServerResponse, id: number) => unknown][] = [
  [
    'JSON',
    'PROTOCOL_VIOLATION',
    (response, id) => {
      response.writeHead(200, JSON_TYPE).write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[],"x":"`);
      return pour(response, response, '"}}');
    },
  ],
  [
    'JSON that is packed',
    'PROTOCOL_VIOLATION',
    (response, id) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
      const packed = createGzip();
      packed.pipe(response);
      packed.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[],"x":"`);
      return pour(response, packed, '"}}');
    },
  ],
  [
    'an event',
    'PROTOCOL_VIOLATION',
    (response, id) => {
      response.writeHead(200, EVENTS).write(`data: {"jsonrpc":"2.0","id":${id},"result":{"content":[],"x":"`);
      return pour(response, response, '"}}\n\n');
    },
  ],
  ['an error', 'UPSTREAM_ERROR', (response) => pour(response.writeHead(500), response, '')],
];

const GOING_ON: readonly [string, (id: number) => string[]][] = [
  ['a plain one', (id) => [event(answerTo(id))]],
  ['one that is not plain', (id) => [event({ jsonrpc: '2.0', method: 'notifications/message' }), event(answerTo(id))]],
];

/** A server of HTTP+SSE whose answers to calls do not end. */
function servePouring(): Promise<URL> {
  let stream: ServerResponse | undefined;
  return listen(async (request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, EVENTS);
      return void stream.write('event: endpoint\ndata: /messages\n\n');
    }
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    response.writeHead(202).end();
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    const facts = { protocolVersion: '2024-11-05', serverInfo: { name: 's', version: '1' }, capabilities: {} };
    if (method === 'initialize') stream?.write(event({ jsonrpc: '2.0', id, result: facts }));
    if (method === 'tools/call' && stream) {
      stream.write(`data: {"jsonrpc":"2.0","id":${id},"result":{"content":[],"x":"`);
      await pour(stream, stream, '"}}\n\n');
    }
  });
}

describe('an answer of a remote server', () => {
  it.each(LANES.flatMap((lane) => ENDLESS.map(([what, code, answer]) => ({ lane, what, code, answer }))))(
    'is not read beyond 32 MiB: $what by way of $lane',
    async ({ lane, what, code, answer }) => {
      let wasCutOff = false;
      const { url } = await serveCalls((response, id) => {
        response.on('close', () => {
          wasCutOff = !response.writableFinished;
        });
        void answer(response, id);
      });
      const session = await openBy(url, lane);
      const error = await failure(session.request('tools/call', CALL, { timeoutMs: 20_000 }));
      expect(error.code).toBe(code);
      if (code === 'PROTOCOL_VIOLATION') expect(error.hint).toBe('Ask it for less at once.');
      // What is packed is so short that all of it has come.
      if (!what.includes('packed')) await expect.poll(() => wasCutOff).toBe(true);
    },
  );

  it('is not read beyond 32 MiB on the one stream of HTTP+SSE, which ends with it', async () => {
    const session = await openSession(
      { kind: 'remote', url: await servePouring(), transport: 'sse', headers: {} },
      { server: 'far', clientInfo: { name: 'tooldex-test', version: '1.0.0' }, startTimeoutMs: 20_000 },
    );
    onTestFinished(() => session.close('the test is over'));
    const error = await failure(session.request('tools/call', CALL, { timeoutMs: 20_000 }));
    expect(error.message).toBe('Server "far" answered with more than 32 MiB, which is not read');
    expect(error.code).toBe('PROTOCOL_VIOLATION');
    expect(await session.closed).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it.each(LANES)('as a stream may be longer in all, message by message, by way of %s', async (lane) => {
    const note = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(MIB) } };
    const { url } = await serveCalls(async (response, id) => {
      response.writeHead(200, EVENTS);
      for (let sent = 0; sent < 40; sent++) if (!response.write(event(note))) await drained(response);
      response.end(event(answerTo(id)));
    });
    const session = await openBy(url, lane);
    expect(await session.request('tools/call', CALL, { timeoutMs: 20_000 })).toEqual({ content: [] });
  });

  it.each(LANES)('that is packed and does not end is given up with its call, by way of %s', async (lane) => {
    let hangUp = () => {};
    const hungUp = new Promise<void>((resolve) => {
      hangUp = resolve;
    });
    const abort = new AbortController();
    const { url } = await serveCalls((response) => {
      response.on('close', hangUp).writeHead(200, { ...EVENTS, 'content-encoding': 'gzip' });
      const packed = createGzip();
      packed.pipe(response);
      packed.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } }));
      packed.flush();
    });
    const session = await openBy(url, lane);
    session.onNotification(() => abort.abort());
    const error = await failure(session.request('tools/call', CALL, { timeoutMs: 20_000, signal: abort.signal }));
    expect(error.code).toBe('CALL_CANCELLED');
    await hungUp;
  });

  it.each(LANES.flatMap((lane) => GOING_ON.map(([what, messages]) => ({ lane, what, messages }))))(
    'that goes on as a stream holds no connection for long: $what by way of $lane',
    async ({ lane, messages }) => {
      const open = new Set<ServerResponse>();
      const { url } = await serveCalls((response, id) => {
        open.add(response.on('close', () => open.delete(response)).writeHead(200, EVENTS));
        for (const message of messages(id)) response.write(message);
      });
      const session = await openBy(url, lane);
      for (let time = 0; time < 5; time++) {
        expect(await session.request('tools/call', CALL, { timeoutMs: 20_000 })).toEqual({ content: [] });
      }
      await expect.poll(() => open.size).toBe(0);
      expect(await session.request('tools/call', CALL, { timeoutMs: 20_000 })).toEqual({ content: [] });
    },
  );

  it('that goes on as a stream holds no connection for long when it opens a session, or a further one', async () => {
    const open = new Set<ServerResponse>();
    let sessions = 0;
    const url = await listen(async (request, response) => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const { id = 0, method } = (body === '' ? {} : JSON.parse(body)) as { id?: number; method?: string };
      if (request.method === 'GET') return void response.writeHead(405).end();
      if (method === undefined || method.startsWith('notifications/')) return void response.writeHead(202).end();
      if (method === 'initialize') {
        open.add(response.on('close', () => open.delete(response)));
        response.writeHead(200, { ...EVENTS, 'mcp-session-id': `${++sessions}` });
        const facts = { protocolVersion: '2025-11-25', serverInfo: { name: 's', version: '1' }, capabilities: {} };
        return void response.write(event({ jsonrpc: '2.0', id, result: facts }));
      }
      if (request.headers['mcp-session-id'] === '1') return void response.writeHead(404).end();
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(answerTo(id)));
    });
    const session = await openBy(url, 'post');
    expect((await failure(session.request('tools/call', CALL, { timeoutMs: 20_000 }))).code).toBe('SERVER_CRASHED');
    expect(await session.request('tools/call', CALL, { timeoutMs: 20_000 })).toEqual({ content: [] });
    expect(sessions).toBe(2);
    await expect.poll(() => open.size).toBe(0);
  });

  it.each(LANES)('may be followed by a notification on its stream, by way of %s', async (lane) => {
    const { url } = await serveCalls((response, id) => {
      response.writeHead(200, EVENTS).write(event(answerTo(id)));
      response.write(event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }));
    });
    const session = await openBy(url, lane);
    const told = new Promise<string>((resolve) => session.onNotification(resolve));
    await session.request('tools/call', CALL, { timeoutMs: 20_000 });
    expect(await told).toBe('notifications/tools/list_changed');
  });

  it.each(GOING_ON)('that goes on as a stream ends with the session: %s', async (_, messages) => {
    for (const lane of LANES) {
      let hangUp = () => {};
      const hungUp = new Promise<void>((resolve) => {
        hangUp = resolve;
      });
      const { url } = await serveCalls((response, id) => {
        response.on('close', hangUp).writeHead(200, EVENTS);
        for (const message of messages(id)) response.write(message);
      });
      const session = await openBy(url, lane);
      expect(await session.request('tools/call', CALL, { timeoutMs: 20_000 })).toEqual({ content: [] });
      await session.close('the test wants it');
      await hungUp;
    }
  });
});
