/** The bridge against real HTTP servers, made with the official SDKs: streamable HTTP of both eras, and HTTP+SSE. */
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { RemotePeer } from '../../../src/bridge/open-remote.ts';
import { openSession } from '../../../src/bridge/open-session.ts';
import { failure } from '../../helpers/failure.ts';
import { greeter } from '../../helpers/greeter.ts';
import { listen } from '../../helpers/listen.ts';

const hello = { name: 'greet', arguments: { name: 'Ada' } };
const greeting = [{ type: 'text', text: 'Hello, Ada' }];

async function open(url: URL, options: Partial<RemotePeer> & { startTimeoutMs?: number } = {}) {
  const { startTimeoutMs = 20_000, ...endpoint } = options;
  const session = await openSession(
    { kind: 'remote', url, transport: 'auto', headers: {}, ...endpoint },
    { server: 'far', clientInfo: { name: 'tooldex-test', version: '1.0.0' }, startTimeoutMs },
  );
  onTestFinished(() => session.close('the test is over'));
  return session;
}

/** The SDK's own server, which refuses calls whose headers and arguments differ. */
function regionServer(region: () => unknown): RequestListener {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'regions', version: '1' });
    const size = { type: 'integer', 'x-mcp-header': 'Size' };
    const inputSchema = fromJsonSchema<{ region: string; size: number }>({
      type: 'object',
      properties: { region: region(), size } as Record<string, object>,
    });
    server.registerTool('where', { inputSchema }, async (args) => ({
      content: [{ type: 'text', text: `${args.region} ${args.size}` }],
    }));
    return server;
  });
  return toNodeHandler(handler);
}

/** Lists whatever it is given. */
function bareModernServer(tools: unknown): RequestListener {
  return async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const { id, method } = JSON.parse(text) as { id: number; method: string };
    const found = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
    const common = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    const result = { ...common, ...(method === 'tools/list' ? { tools } : found) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  };
}

function legacyServer(onCall: () => void = () => {}): LegacyServer {
  const server = new LegacyServer({ name: 'legacy', version: '1' });
  server.registerTool('greet', { inputSchema: { name: z.string() } }, async ({ name }, { sendNotification, _meta }) => {
    onCall();
    const progressToken = _meta?.progressToken;
    if (progressToken !== undefined) {
      for (const progress of [1, 2]) {
        await sendNotification({ method: 'notifications/progress', params: { progressToken, progress } });
      }
    }
    return { content: [{ type: 'text', text: `Hello, ${name}` }] };
  });
  return server;
}

/** With sessions, as most remote servers are; `sessions` can be emptied to make it forget. */
function sessionServer(
  sessions: Map<string, StreamableHTTPServerTransport>,
  [status, text]: readonly [number, string] = [404, 'no such session'],
): RequestListener {
  return async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && !known) {
      response.writeHead(status).end(text);
      return;
    }
    const transport =
      known ??
      new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (name) => void sessions.set(name, transport),
      });
    if (!known) await legacyServer().connect(transport as never);
    await transport.handleRequest(request, response);
  };
}

function sseServer(seenHeaders: unknown[] = []): RequestListener {
  const transports = new Map<string, SSEServerTransport>();
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    seenHeaders.push(request.headers.authorization);
    if (request.method === 'GET') {
      const transport = new SSEServerTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      return await legacyServer().connect(transport as never);
    }
    const transport = transports.get(url.searchParams.get('sessionId') ?? '');
    if (!transport) return void response.writeHead(404).end('nothing here');
    await transport.handlePostMessage(request, response);
  };
}

describe('a remote server', () => {
  it('#42 of the modern era is listed and called', async () => {
    const session = await open(await listen(greeter()));
    expect(session.facts).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      serverInfo: { name: 'greeter' },
    });
    expect((await session.listTools()).map(({ name }) => name)).toEqual(['greet']);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
  });

  it('#42 of the modern era gets arguments as headers where its tools want that, whether they were listed or not', async () => {
    let region: unknown = { type: 'string', 'x-mcp-header': 'Region' };
    const url = await listen(regionServer(() => region));
    const call = { name: 'where', arguments: { region: 'ümlaut', size: 3 } };
    const answer = [{ type: 'text', text: 'ümlaut 3' }];
    const unlisted = await open(url);
    expect((await unlisted.request('tools/call', call)).content).toEqual(answer);
    const listed = await open(url);
    expect(await listed.listTools()).toHaveLength(1);
    expect((await listed.request('tools/call', call)).content).toEqual(answer);
    region = { type: 'string', 'x-mcp-header': 'Zone' };
    expect((await listed.request('tools/call', call)).content).toEqual(answer);
  });

  it('of the modern era that declares such headers wrongly has no such tool', async () => {
    const properties = { region: { type: 'object', 'x-mcp-header': 'Region' } };
    const tools = [
      { name: 'good', inputSchema: { type: 'object' } },
      { name: 'bad', inputSchema: { type: 'object', properties } },
    ];
    const session = await open(await listen(bareModernServer(tools)));
    expect((await session.listTools()).map(({ name }) => name)).toEqual(['good']);
    const error = await failure(session.request('tools/call', { name: 'bad', arguments: {} }));
    expect(error).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    expect(error.message).toContain('region');
  });

  it('#42 with sessions is listed and called, progress in order before the result', async () => {
    const session = await open(await listen(sessionServer(new Map())));
    expect(session.facts).toMatchObject({ era: 'legacy', protocolVersion: '2025-11-25' });
    const seen: unknown[] = [];
    const result = await session.request('tools/call', hello, { onProgress: ({ progress }) => seen.push(progress) });
    expect(result.content).toEqual(greeting);
    expect(seen).toEqual([1, 2]);
  });

  it('#42 that knows only HTTP+SSE is found by falling back, with its headers on every request', async () => {
    const seen: unknown[] = [];
    const session = await open(await listen(sseServer(seen)), { headers: { authorization: 'Bearer secret' } });
    expect(session.facts.era).toBe('legacy');
    expect((await session.listTools()).map(({ name }) => name)).toEqual(['greet']);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
    expect(new Set(seen)).toEqual(new Set(['Bearer secret']));
  });

  it('is not asked over HTTP+SSE when it is configured to be streamable', async () => {
    const error = await failure(open(await listen(sseServer()), { transport: 'streamable-http' }));
    expect(error.code).toBe('START_FAILED');
    expect(error.data).toMatchObject({ httpStatus: 404 });
  });

  it('#37 that forgot the session gets one new one, lists are asked again, calls are not', async () => {
    const sessions = new Map<string, StreamableHTTPServerTransport>();
    const methods: unknown[] = [];
    const serveOne = sessionServer(sessions);
    const url = await listen((request, response) => {
      if (request.headers['mcp-session-id'] === undefined && request.method === 'POST') methods.push('opened');
      return serveOne(request, response);
    });
    const session = await open(url);
    // The question of the modern era, and the opening itself.
    const before = methods.length;
    sessions.clear();
    const lists = Array.from({ length: 20 }, () => session.listTools());
    const call = failure(session.request('tools/call', hello));
    for (const tools of await Promise.all(lists)) expect(tools.map(({ name }) => name)).toEqual(['greet']);
    expect(await call).toMatchObject({ code: 'SERVER_CRASHED', data: { stateLost: true } });
    expect((await call).message).toContain('no longer knows this session');
    expect(methods.length - before).toBe(1);
    expect(sessions.size).toBe(1);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
  });

  it.each(['Bad Request: No valid session ID provided', 'Invalid or missing session ID', 'Session not found'])(
    '#37 that says 400 %j for a session that it forgot gets a new one too',
    async (message) => {
      const sessions = new Map<string, StreamableHTTPServerTransport>();
      const refusal = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message } });
      const session = await open(await listen(sessionServer(sessions, [400, refusal])));
      sessions.clear();
      expect(await failure(session.request('tools/call', hello))).toMatchObject({ data: { stateLost: true } });
      expect((await session.request('tools/call', hello)).content).toEqual(greeting);
    },
  );

  it('#37 whose 400 is about something else keeps its session', async () => {
    const sessions = new Map<string, StreamableHTTPServerTransport>();
    const serveOne = sessionServer(sessions);
    const state = { isPicky: false };
    const url = await listen((request, response) => {
      if (!state.isPicky) return serveOne(request, response);
      response.writeHead(400).end('the argument "session" is too long');
    });
    const session = await open(url);
    const before = [...sessions.keys()];
    state.isPicky = true;
    expect((await failure(session.request('tools/call', hello))).code).toBe('UPSTREAM_ERROR');
    state.isPicky = false;
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
    expect([...sessions.keys()]).toEqual(before);
  });

  it('#37 that forgot the session and opens no new one ends it, so that the next call connects anew', async () => {
    const sessions = new Map<string, StreamableHTTPServerTransport>();
    const state = { isGone: false };
    const serveOne = sessionServer(sessions);
    const url = await listen((request, response) =>
      state.isGone ? void response.writeHead(404).end() : serveOne(request, response),
    );
    const session = await open(url);
    state.isGone = true;
    await failure(session.request('tools/call', hello));
    expect(await session.closed).toMatchObject({ code: 'SERVER_CRASHED' });
    expect((await failure(session.request('tools/call', hello))).code).toBe('SERVER_CRASHED');
  });

  it.each([
    ['tools/list', 3],
    ['tools/call', 1],
  ])('that is down for a moment is asked %s %i times', async (method, times) => {
    const state = { downFor: 0, asked: 0 };
    const modern = greeter();
    const url = await listen((request, response) => {
      if (request.headers['mcp-method'] === method) state.asked++;
      if (state.downFor-- <= 0) return void modern(request, response);
      request.resume();
      response.writeHead(503).end();
    });
    const session = await open(url);
    await session.listTools();
    Object.assign(state, { downFor: 2, asked: 0 });
    const outcome = session.request(method, method === 'tools/call' ? hello : {}).catch((error: unknown) => error);
    if (method === 'tools/call') expect(await outcome).toMatchObject({ code: 'UPSTREAM_ERROR' });
    else expect(await outcome).toHaveProperty('tools');
    expect(state.asked).toBe(times);
  });

  it.each([
    [401, 'credentials'],
    [403, 'credentials'],
    [500, 'try again later'],
  ])('that answers %i is not taken for an old one, and the hint says what to do', async (status, hint) => {
    const methods: unknown[] = [];
    const url = await listen((request, response) => {
      methods.push(request.method);
      request.resume();
      response.writeHead(status).end('no');
    });
    const error = await failure(open(url));
    expect(error.code).toBe('START_FAILED');
    expect(error.data).toEqual({ httpStatus: status });
    expect(error.hint).toContain(hint);
    expect(methods).toEqual(['POST']);
  });

  it('that is not there is an error that says so', async () => {
    const error = await failure(open(new URL('http://127.0.0.1:9/mcp')));
    expect(error.code).toBe('START_FAILED');
    expect(error.message).toMatch(/could not be reached/);
    expect(error.hint).toContain('url');
  });

  it.each(['auto', 'sse'] as const)('#2 that never answers (%s) is given up in time', async (transport) => {
    const error = await failure(open(await listen(() => {}), { transport, startTimeoutMs: 300 }));
    expect(error.code).toBe('START_TIMEOUT');
  });

  it('#45 is told of a cancellation', async () => {
    let hangUp: () => void = () => {};
    const hungUp = new Promise<void>((resolve) => {
      hangUp = resolve;
    });
    const modern = greeter();
    const url = await listen((request, response) => {
      if (request.headers['mcp-method'] !== 'tools/call') return void modern(request, response);
      response.on('close', hangUp);
      abort.abort();
    });
    const abort = new AbortController();
    const session = await open(url);
    const error = await failure(session.request('tools/call', hello, { signal: abort.signal }));
    expect(error.code).toBe('CALL_CANCELLED');
    await hungUp;
  });
});
