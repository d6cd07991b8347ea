import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { createMcpEndpoint } from '../../../src/http/mcp-endpoint.ts';
import { createSdkLane } from '../../../src/http/sdk-lane.ts';
import type { ToolOffer } from '../../../src/meta-tools/tool-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { passing } from '../../helpers/passing-offer.ts';

const LIMITS = { bodyBytesMax: 64 * 1024, onError: () => undefined };
const tool = { name: 'echo', description: 'd', inputSchema: { type: 'object' } };

function offer(changes: Partial<ToolOffer> = {}): ToolOffer {
  return {
    identity: { name: 'tooldex', title: 'Tooldex', version: '1.2.3' },
    instructions: 'do this',
    listTtlMs: 1_000,
    list: async () => ({ tools: [tool] }),
    call: async ({ name, arguments: given }, { onProgress }) => {
      if (name === 'fail') throw new GatewayError('TOOL_UNKNOWN', 'no such tool', { hint: 'look again' });
      const odd = ODD_RESULTS[String(name)];
      if (odd) return odd;
      if (name === 'missing') {
        const rpc = { code: -32002, message: 'no resource' };
        throw new GatewayError('UPSTREAM_ERROR', 'said no', { data: { rpc } });
      }
      if (name === 'upstream') {
        throw new GatewayError('UPSTREAM_ERROR', 'said no', {
          data: { rpc: { code: -32050, message: 'no', data: { a: 1 } } },
        });
      }
      onProgress?.({ progress: 1, message: 'one' });
      onProgress?.({ progress: 2, total: 2, unknown: true });
      const content: JsonObject[] = [
        { type: 'text', text: 'done', extra: 1 },
        { type: 'hologram', data: 'x' },
      ];
      return { content, given: given ?? null, isError: false };
    },
    ...changes,
  };
}

/** What offers behind 2026-07-28 may answer besides. */
const ODD_RESULTS: Readonly<Record<string, JsonObject>> = {
  typed: { content: [], resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'x' }, y: 1 } },
  other: { content: [], resultType: 'task', _meta: { y: 1 } },
  listed: { content: [], structuredContent: [1] },
  worded: { content: [{ type: 'text', text: 'one' }], structuredContent: [1] },
  nothing: {},
};

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<number> {
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** Whether results are waited for or come as bytes is the plain lane's own affair. */
const WAYS: readonly [string, (tools: ToolOffer) => ToolOffer][] = [
  ['where calls are waited for', (tools) => tools],
  ['where calls are passed on', passing],
];

function lanesOf(made: (tools: ToolOffer) => ToolOffer) {
  const bothLanes = async (tools = offer()): Promise<{ plain: number; sdk: number }> => {
    const endpoint = createMcpEndpoint(() => made(tools), LIMITS);
    const lane = createSdkLane(() => tools, LIMITS);
    const plain = await listen((request, response) => endpoint.handle({ request, response, principal: LOCAL }));
    const sdk = await listen((request, response) => lane.handle({ request, response, principal: LOCAL }, undefined));
    return { plain, sdk };
  };
  /** Both, when the plain lane knows the client: it lets the SDK judge its envelope once. */
  const bothModern = async (tools = offer()): Promise<{ plain: number; sdk: number }> => {
    const ports = await bothLanes(tools);
    await post(ports.plain, rpc('tools/list', modernParams()), modernHeaders('tools/list'));
    return ports;
  };
  return { bothLanes, bothModern };
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly messages: JsonObject[];
}

async function post(port: number, body: unknown, headers: Record<string, string> = HEADERS): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body: text });
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  return {
    status: response.status,
    type,
    headers: response.headers,
    messages: messagesOf(type, await response.text()),
  };
}

function messagesOf(type: string, text: string): JsonObject[] {
  if (text === '') return [];
  if (type !== 'text/event-stream') return [JSON.parse(text) as JsonObject];
  return [...text.matchAll(/^data: (.+)$/gm)].map((match) => JSON.parse(match[1] ?? '') as JsonObject);
}

const rpc = (method: string, params: JsonObject = {}, id: number | string = 1): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };

const KEY = 'io.modelcontextprotocol/';
const ENVELOPE = {
  [`${KEY}protocolVersion`]: '2026-07-28',
  [`${KEY}clientInfo`]: { name: 'c', version: '1' },
  [`${KEY}clientCapabilities`]: {},
};
const modernParams = (params: JsonObject = {}, meta: JsonObject = {}) => ({
  ...params,
  _meta: { ...ENVELOPE, ...meta },
});
const modernHeaders = (method: string, name?: string): Record<string, string> => ({
  ...HEADERS,
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
});

type Asked = readonly [method: string, params: JsonObject, headers?: Record<string, string>, more?: JsonObject];
const call = (name: string, meta?: JsonObject): Asked => [
  'tools/call',
  modernParams({ name, arguments: { a: 1 } }, meta),
];

describe.each(WAYS)('plain lane, 2026-07-28, %s', (_way, made) => {
  const { bothModern } = lanesOf(made);

  it.each<[string, Asked]>([
    ['server/discover', ['server/discover', modernParams()]],
    ['tools/list', ['tools/list', modernParams()]],
    ['tools/list with a cursor', ['tools/list', modernParams({ cursor: '' })]],
    ['a call', call('echo')],
    ['a call with progress', call('echo', { progressToken: 'p' })],
    ['a call with a progress token that is none', call('echo', { progressToken: {} })],
    ['a call with a fraction as progress token', call('echo', { progressToken: 1.5 })],
    ['a call with traces', call('echo', { traceparent: '00-1-2-3' })],
    ['a call with a level of the log', call('echo', { [`${KEY}logLevel`]: 'info' })],
    ['a call with a level that is none', call('echo', { [`${KEY}logLevel`]: 'loud' })],
    ['a call that fails', call('fail')],
    ['a call that fails upstream', call('upstream')],
    ['a call that finds nothing', call('missing')],
    ...Object.keys(ODD_RESULTS).map((name): [string, Asked] => [`a call with a result like ${name}`, call(name)]),
    ['a call without a name', ['tools/call', modernParams(), { 'mcp-name': 'echo' }]],
    ['a call with another name in its header', ['tools/call', modernParams({ name: 'echo' }), { 'mcp-name': 'x' }]],
    [
      'a call with its name encoded',
      ['tools/call', modernParams({ name: 'echo' }), { 'mcp-name': '=?base64?ZWNobw==?=' }],
    ],
    ['a call with answers', ['tools/call', modernParams({ name: 'echo', inputResponses: {}, requestState: 's' })]],
    ['another method in the header', ['tools/list', modernParams(), { 'mcp-method': 'tools/call' }]],
    ['another version in the header', ['tools/list', modernParams(), { 'mcp-protocol-version': '2025-11-25' }]],
    ['another version in the envelope', ['tools/list', modernParams({}, { [`${KEY}protocolVersion`]: '2025-11-25' })]],
    ['no envelope', ['tools/list', {}]],
    ['an envelope without capabilities', ['tools/list', { _meta: { [`${KEY}protocolVersion`]: '2026-07-28' } }]],
    ['clientInfo that is none', ['tools/list', modernParams({}, { [`${KEY}clientInfo`]: { name: 1 } })]],
    ['more capabilities', ['tools/list', modernParams({}, { [`${KEY}clientCapabilities`]: { elicitation: {} } })]],
    ['a session id', ['tools/list', modernParams(), { 'mcp-session-id': 'x' }]],
    ['only JSON accepted', ['tools/list', modernParams(), { accept: 'application/json' }]],
    ['another content type', ['tools/list', modernParams(), { 'content-type': 'text/plain' }]],
    ['a fractional id', ['tools/list', modernParams(), {}, { id: 1.5 }]],
    ['a text as id', ['tools/list', modernParams(), {}, { id: 'é' }]],
    ['no id', ['tools/list', modernParams(), {}, { id: null }]],
    ['another member', ['tools/list', modernParams(), {}, { extra: 1 }]],
    ['a method that was taken away', ['ping', modernParams()]],
    ['a method that nobody knows', ['resources/list', modernParams()]],
  ])('answers %s with what the SDK answers', async (_, [method, params, headers = {}, more = {}]) => {
    const { plain, sdk } = await bothModern();
    const name = typeof params.name === 'string' ? params.name : undefined;
    const ask = (port: number) =>
      post(port, { ...rpc(method, params), ...more }, { ...modernHeaders(method, name), ...headers });
    const [ours, theirs] = [await ask(plain), await ask(sdk)];
    expect(ours.status).toBe(theirs.status);
    expect(ours.messages).toEqual(theirs.messages);
  });

  it('says of profiles what they have besides, and that their lists may change', async () => {
    const others = { capabilities: { prompts: {}, completions: {} }, request: async () => ({}) };
    const { plain, sdk } = await bothModern(offer({ others, onChange: () => () => undefined, listTtlMs: 0 }));
    for (const method of ['server/discover', 'tools/list']) {
      const ask = (port: number) => post(port, rpc(method, modernParams()), modernHeaders(method));
      expect((await ask(plain)).messages).toEqual((await ask(sdk)).messages);
    }
  });

  it('answers a known client as JSON, until something is said before the result', async () => {
    const { plain } = await bothModern();
    const ask = (meta: JsonObject) =>
      post(plain, rpc('tools/call', modernParams({ name: 'echo' }, meta)), modernHeaders('tools/call', 'echo'));
    expect([(await ask({})).type, (await ask({ progressToken: 1 })).type]).toEqual([
      'application/json',
      'text/event-stream',
    ]);
  });
});

describe.each(WAYS)('plain lane, %s', (_way, made) => {
  const { bothLanes } = lanesOf(made);

  it.each<[string, unknown]>([
    ['initialize', rpc('initialize', client)],
    ['initialize at a version that nobody knows', rpc('initialize', { ...client, protocolVersion: '1999-01-01' })],
    ['initialize without its params', rpc('initialize')],
    ['ping', rpc('ping', {}, 'text-id')],
    ['tools/list', rpc('tools/list')],
    ['tools/call', rpc('tools/call', { name: 'echo', arguments: { a: 1 } })],
    ['tools/call with progress', rpc('tools/call', { name: 'echo', _meta: { progressToken: 'p' } })],
    ['a call that fails', rpc('tools/call', { name: 'fail' })],
    ['a call that fails upstream', rpc('tools/call', { name: 'upstream' })],
    ['a call without a name', rpc('tools/call')],
    ['an unknown method', rpc('resources/list')],
    ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }],
    ['a batch', [rpc('ping'), rpc('tools/list', {}, 2)]],
    ['JSON that is no message', { hello: 'world' }],
    ['a fractional id', { ...rpc('ping'), id: 1.5 }],
    ['text that is no JSON', '{"jsonrpc":'],
  ])('answers %s with what the SDK answers', async (_, body) => {
    const { plain, sdk } = await bothLanes();
    const [ours, theirs] = [await post(plain, body), await post(sdk, body)];
    expect(ours.status).toBe(theirs.status);
    const withoutWords = (messages: JsonObject[]) =>
      messages.map(({ error, ...rest }) => ({ ...rest, code: (error as JsonObject)?.code }));
    expect(withoutWords(ours.messages)).toEqual(withoutWords(theirs.messages));
  });

  it.each<[string, Record<string, string>]>([
    ['no accept header', { 'content-type': 'application/json' }],
    ['another content type', { ...HEADERS, 'content-type': 'text/plain' }],
    ['an unknown protocol version', { ...HEADERS, 'mcp-protocol-version': '1999-01-01' }],
    ['the modern protocol version', { ...HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' }],
  ])('leaves a request with %s to the SDK', async (_, headers) => {
    const { plain, sdk } = await bothLanes();
    const [ours, theirs] = [await post(plain, rpc('tools/list'), headers), await post(sdk, rpc('tools/list'), headers)];
    expect({ status: ours.status, messages: ours.messages }).toEqual({
      status: theirs.status,
      messages: theirs.messages,
    });
  });

  it('streams progress before the result, with fields and content that nobody knows untouched (#47)', async () => {
    const { plain } = await bothLanes();
    const answer = await post(plain, rpc('tools/call', { name: 'echo', _meta: { progressToken: 7 } }));
    expect(answer.type).toBe('text/event-stream');
    expect(answer.messages.map((message) => (message.params as JsonObject)?.progress)).toEqual([1, 2, undefined]);
    expect(answer.messages[1]?.params).toEqual({ progress: 2, total: 2, unknown: true, progressToken: 7 });
    expect(answer.messages[2]?.result).toMatchObject({ content: [{ extra: 1 }, { type: 'hologram' }] });
  });

  it('keeps from a legacy client what only a modern server says with each result (#47)', async () => {
    const meta = { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '1' } };
    const answers = [
      { content: [], resultType: 'complete', _meta: meta },
      { content: [], _meta: { ...meta, own: 1 } },
    ];
    const { plain } = await bothLanes(offer({ call: async () => answers.shift() ?? {} }));
    const ask = async () => (await post(plain, rpc('tools/call', { name: 'echo' }))).messages[0]?.result;
    expect([await ask(), await ask()]).toEqual([{ content: [] }, { content: [], _meta: { own: 1 } }]);
  });

  it('cancels the call that a client names in its own session, and no other (#19, #45)', async () => {
    const aborted: string[] = [];
    let waiting = 0;
    let bothWait: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      bothWait = resolve;
    });
    const tools = offer({
      call: ({ name }, { signal }) =>
        new Promise((resolve) => {
          waiting += 1;
          if (waiting === 2) bothWait();
          signal.addEventListener('abort', () => {
            aborted.push(String(name));
            resolve({ content: [] });
          });
        }),
    });
    const { plain } = await bothLanes(tools);
    const session = async () => (await post(plain, rpc('initialize', client))).headers.get('mcp-session-id') ?? '';
    const [a, b] = [await session(), await session()];
    expect(a).not.toBe(b);
    const first = post(plain, rpc('tools/call', { name: 'a' }), { ...HEADERS, 'mcp-session-id': a });
    const second = post(plain, rpc('tools/call', { name: 'b' }), { ...HEADERS, 'mcp-session-id': b });
    await both;
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    expect((await post(plain, cancelled, { ...HEADERS, 'mcp-session-id': b })).status).toBe(202);
    await second;
    expect(aborted).toEqual(['b']);
    await post(plain, cancelled, { ...HEADERS, 'mcp-session-id': a });
    await first;
    expect(aborted).toEqual(['b', 'a']);
  });

  it('gives up a call whose client has gone away (#36)', async () => {
    let gone: () => void = () => undefined;
    const aborted = new Promise<void>((resolve) => {
      gone = resolve;
    });
    let called: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      called = resolve;
    });
    const tools = offer({
      call: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          called();
          signal.addEventListener('abort', () => {
            gone();
            reject(signal.reason);
          });
        }),
    });
    const { plain } = await bothLanes(tools);
    const request = httpRequest({ port: plain, path: '/mcp', method: 'POST', headers: HEADERS }).on(
      'error',
      () => undefined,
    );
    request.end(JSON.stringify(rpc('tools/call', { name: 'x' })));
    await reached;
    request.destroy();
    await aborted;
  });

  it('refuses a body that is too large, and lives (#44)', async () => {
    const { plain } = await bothLanes();
    const answer = await post(plain, rpc('tools/call', { name: 'x'.repeat(100_000) }));
    expect(answer.status).toBe(413);
    expect((await post(plain, rpc('ping'))).status).toBe(200);
  });

  it.each([
    ['lists', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ])('refuses ten thousand %s inside one another, and lives (#44)', async (_, body) => {
    const { plain } = await bothLanes();
    expect((await post(plain, body)).status).toBe(400);
    expect((await post(plain, rpc('ping'))).status).toBe(200);
  });

  it('answers GET and DELETE as a server without streams and sessions does', async () => {
    const { plain, sdk } = await bothLanes();
    for (const method of ['GET', 'DELETE']) {
      const [ours, theirs] = await Promise.all(
        [plain, sdk].map((port) => fetch(`http://127.0.0.1:${port}/mcp`, { method, headers: HEADERS })),
      );
      expect(ours?.status).toBe(theirs?.status);
      expect(await ours?.json()).toEqual(await theirs?.json());
    }
  });
});
