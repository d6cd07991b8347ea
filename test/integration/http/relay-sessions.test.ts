/** Sessions of legacy clients: streams, what comes unasked, resumption, and that nothing crosses between them. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { journalOf } from '../../helpers/fixture-server.ts';
import { gone, isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer } from '../access/serve-access.ts';
import { CONFORMS, CONFORMS_MODERN, modern, resultOf, serveRelay } from './relay-gateway.ts';

const change = { name: 'change_resource', arguments: { uri: 'test://watched-resource' } };
const watched = { uri: 'test://watched-resource' };

describe('a session', () => {
  it('#41 is known to its owner and under its server only, until it is ended', async () => {
    const served = await serveRelay({ s: CONFORMS, t: CONFORMS }, { auth: { api_keys: true } });
    const [mine, yours] = [bearer(served.key('mine')), bearer(served.key('yours'))];
    const c = served.client('s');
    const session = await c.open({}, mine);
    const status = async (client: typeof c, headers: Record<string, string>) =>
      (await client.request('ping', {}, headers)).status;
    expect(await status(c, session)).toBe(200);
    expect(await status(c, { ...session, ...yours })).toBe(404);
    expect(await status(served.client('t'), session)).toBe(404);
    expect(await status(c, { ...mine, 'mcp-session-id': 'made-up' })).toBe(404);
    expect((await c.stream({ ...session, ...yours })).status).toBe(404);
    expect((await fetch(c.url, { method: 'DELETE', headers: { ...session, ...yours } })).status).toBe(404);
    expect((await fetch(c.url, { method: 'DELETE', headers: session })).status).toBe(200);
    expect(await status(c, session)).toBe(404);
  });

  it('#39 has one stream of its own; a second is refused and the first goes on', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const session = await c.open();
    const first = await c.stream(session);
    expect((await c.stream(session)).status).toBe(409);
    await c.request('tools/call', { name: 'test_trigger_prompt_change', arguments: {} }, session);
    expect((await first.next()).message).toMatchObject({ method: 'notifications/prompts/list_changed' });
    expect((await c.stream({})).status, 'without a session there is no stream').toBe(405);
  });

  it('#40 goes on after an event that it names, and hears nothing of any other session', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const [a, b] = [await c.open({ roots: {} }), await c.open({ roots: {} })];
    const stream = await c.stream(a);
    const say = () => c.request('tools/call', { name: 'test_trigger_prompt_change', arguments: {} }, a);
    await say();
    const { id } = await stream.next();
    stream.close();
    await say();
    const again = await c.stream({ ...a, 'last-event-id': id });
    expect(again.status).toBe(200);
    expect((await again.next()).id).not.toBe(id);
    expect((await c.stream({ ...b, 'last-event-id': id })).status, "another session's event").toBe(400);
    expect((await c.stream({ ...b, 'last-event-id': 'x' })).status).toBe(400);
  });

  it('#40 fetches the rest of an answer whose stream broke off', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const session = await c.open();
    const main = await c.stream(session);
    const params = { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 1 } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params });
    const answer = await c.stream(session, { method: 'POST', body });
    const { id } = await answer.next();
    answer.close();
    const rest = await c.stream({ ...session, 'last-event-id': id });
    const messages = [await rest.next(), await rest.next(), await rest.next()].map(({ message }) => message);
    expect(messages).toMatchObject([
      { params: { progress: 50 } },
      { params: { progress: 100 } },
      { id: 5, result: {} },
    ]);
    main.close();
  });
});

it('#34 a session that nobody uses is over after `listen.session_timeout`, and its own instance with it', async () => {
  const journal = `${tempDir()}/journal`;
  const server = { ...CONFORMS, args: ['--journal', journal] };
  const { client } = await serveRelay({ s: server }, { listen: { session_timeout: '200ms' } });
  const c = client('s');
  const session = await c.open({ elicitation: {} });
  await c.request('prompts/list', {}, session);
  await gone(journalOf(journal, 'started').map(({ pid }) => pid));
  expect((await c.request('ping', {}, session)).status).toBe(404);
});

describe('a question', () => {
  it('#46 is answered after the client came back, and the result follows on the new stream', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const session = await c.open({ elicitation: {} });
    const params = { name: 'test_elicitation', arguments: { message: 'Who?' } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params });
    const broken = await c.stream(session, { method: 'POST', body });
    const { message, id } = await broken.next();
    broken.close();
    const resumed = await c.stream({ ...session, 'last-event-id': id });
    await c.post({ jsonrpc: '2.0', id: message.id ?? null, result: { action: 'accept', content: { a: 1 } } }, session);
    const text = 'Elicitation completed: action=accept, content={"a":1}';
    expect((await resumed.next()).message).toMatchObject({ id: 5, result: { content: [{ text }] } });
  });
});

describe('headers', () => {
  it('#43 of the protocol are checked: version, method, doubles; batches are answered', async () => {
    const { client, ask } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    expect((await c.request('prompts/list', {}, { 'mcp-protocol-version': '1999-01-01' })).status).toBe(400);
    const { params, headers } = modern('prompts/list');
    const { 'mcp-protocol-version': version = '', ...unversioned } = headers;
    const missing = await c.request('prompts/list', params, unversioned);
    expect([missing.status, missing.messages[0]?.error]).toMatchObject([400, { code: -32020 }]);
    const other = await c.request('prompts/list', params, { ...headers, 'mcp-method': 'tools/list' });
    expect([other.status, other.messages[0]?.error]).toMatchObject([400, { code: -32020 }]);
    const doubled = await ask('/mcp/s', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': [version, '2025-11-25'],
      },
      body: { jsonrpc: '2.0', id: 1, method: 'ping' },
    });
    expect(doubled.status).toBe(400);
    const batch = await c.post([{ jsonrpc: '2.0', id: 1, method: 'ping' }], { 'mcp-protocol-version': '2025-03-26' });
    expect([batch.status, batch.text]).toMatchObject([200, expect.stringContaining('"result":{}')]);
  });

  it.each(['/mcp', '/mcp/s', '/mcp/s/messages'])(
    '#43 that say a body is encoded are refused at %s, and why',
    async (path) => {
      const { port } = await serveRelay({ s: CONFORMS });
      const body = gzipSync('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
      const post = (encoding: string, given: Uint8Array | string) => {
        const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
        const init = { method: 'POST', headers: { ...headers, 'content-encoding': encoding } };
        return fetch(`http://127.0.0.1:${port}${path}`, { ...init, body: given });
      };
      const answer = await post('gzip', body);
      expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
      expect(await answer.json()).toMatchObject({
        error: { message: expect.stringContaining('Content-Encoding gzip') },
      });
      expect((await post('identity', '{"jsonrpc":"2.0","id":1,"method":"ping"}')).status).not.toBe(415);
    },
  );

  it.each([
    ['PUT', '/mcp/s', 'GET, POST, DELETE'],
    ['GET', '/mcp/s', 'GET, POST, DELETE'],
    ['DELETE', '/mcp/s', 'GET, POST, DELETE'],
    ['GET', '/mcp', 'POST'],
    ['POST', '/mcp/s/sse', 'GET'],
    ['GET', '/mcp/s/messages', 'POST'],
  ])('#43 say what there is besides %s at %s', async (method, ...[path, allowed]) => {
    const { port } = await serveRelay({ s: CONFORMS });
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
  });

  it.each(['TRACE', 'OPTIONS', 'HEAD', 'PUT'])('#43 refuse %s as what they do not know', async (method) => {
    const { ask } = await serveRelay({ s: CONFORMS });
    for (const path of ['/mcp', '/mcp/s']) {
      const { status, headers } = await ask(path, { method });
      expect([status, headers.allow]).toEqual([405, path === '/mcp' ? 'POST' : 'GET, POST, DELETE']);
    }
  });
});

describe.each([
  ['legacy', CONFORMS],
  ['modern', CONFORMS_MODERN],
])('subscriptions to a %s server', (_era, server) => {
  it('reach the session that subscribed and no other', async () => {
    const { client } = await serveRelay({ s: server });
    const c = client('s');
    const [a, b] = [await c.open(), await c.open()];
    const [heard, unheard] = [await c.stream(a), await c.stream(b)];
    expect(resultOf(await c.request('resources/subscribe', watched, a))).toEqual({});
    expect(resultOf(await c.request('tools/call', change, b))).toMatchObject({ content: [{ text: 'told' }] });
    expect((await heard.next()).message).toMatchObject({ method: 'notifications/resources/updated', params: watched });
    expect(resultOf(await c.request('resources/unsubscribe', watched, a))).toEqual({});
    await c.request('tools/call', change, b);
    await c.request('tools/call', { name: 'test_trigger_tool_change', arguments: {} }, b);
    for (const stream of [heard, unheard])
      expect((await stream.next()).message).toMatchObject({ method: 'notifications/tools/list_changed' });
  });

  it('are renewed after a crash, and what may have been missed is told as a change', async () => {
    const journal = `${tempDir()}/journal`;
    const { client } = await serveRelay({ s: { ...server, args: [...(server.args ?? []), '--journal', journal] } });
    const c = client('s');
    const session = await c.open();
    const stream = await c.stream(session);
    await c.request('resources/subscribe', watched, session);
    const updated = { method: 'notifications/resources/updated', params: watched };
    for (let round = 1; round <= 2; round++) {
      process.kill(journalOf(journal, 'started').at(-1)?.pid ?? 0, 'SIGKILL');
      expect((await stream.next()).message).toMatchObject(updated);
      expect(resultOf(await c.request('tools/call', change, session))).toMatchObject({ content: [{ text: 'told' }] });
      expect((await stream.next()).message).toMatchObject(updated);
    }
  });

  it('are renewed when anybody wants the server after a stop on purpose, and not before', async () => {
    const journal = `${tempDir()}/journal`;
    const args = [...(server.args ?? []), '--journal', journal];
    const { client, ask } = await serveRelay({ s: { ...server, args } });
    const c = client('s');
    const session = await c.open();
    const stream = await c.stream(session);
    await c.request('resources/subscribe', watched, session);
    const pid = journalOf(journal, 'started').at(-1)?.pid ?? 0;
    const stopped = await ask('/api/servers/s/stop', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect(stopped.status).toBe(200);
    await gone([pid]);
    expect(journalOf(journal, 'started').at(-1)?.pid, 'nobody has wanted it').toBe(pid);
    await c.request('tools/call', { name: 'test_simple_text', arguments: {} });
    expect((await stream.next()).message).toMatchObject({
      method: 'notifications/resources/updated',
      params: watched,
    });
    await c.request('tools/call', change, session);
    expect((await stream.next()).message).toMatchObject({
      method: 'notifications/resources/updated',
      params: watched,
    });
  });

  it('are not needed to hear that a list has changed', async () => {
    const { client } = await serveRelay({ s: server });
    const c = client('s');
    const session = await c.open();
    const stream = await c.stream(session);
    await c.request('prompts/list', {}, session);
    await c.request('tools/call', { name: 'test_trigger_tool_change', arguments: {} }, session);
    expect((await stream.next()).message).toMatchObject({ method: 'notifications/tools/list_changed' });
  });

  it('reach a listener of 2026-07-28 as far as it named them', async () => {
    const { client } = await serveRelay({ s: server });
    const c = client('s');
    const notifications = { promptsListChanged: true, resourceSubscriptions: [watched.uri] };
    const { params, headers } = modern('subscriptions/listen', { notifications });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params });
    const stream = await c.stream(headers, { method: 'POST', body });
    const _meta = { 'io.modelcontextprotocol/subscriptionId': 'sub' };
    expect((await stream.next()).message).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications, _meta },
    });
    for (const name of ['test_trigger_tool_change', 'test_trigger_prompt_change'])
      await c.request('tools/call', { name, arguments: {} });
    expect((await stream.next()).message).toMatchObject({
      method: 'notifications/prompts/list_changed',
      params: { _meta },
    });
    await c.request('tools/call', change);
    expect((await stream.next()).message).toMatchObject({ params: { ...watched, _meta } });
  });

  it('of a listener of 2026-07-28 outlast those of a session to the same resource', async () => {
    const { client } = await serveRelay({ s: server });
    const c = client('s');
    const { params, headers } = modern('subscriptions/listen', {
      notifications: { resourceSubscriptions: [watched.uri] },
    });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params });
    const stream = await c.stream(headers, { method: 'POST', body });
    await stream.next();
    const session = await c.open();
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      expect(resultOf(await c.request(method, watched, session))).toEqual({});
    expect(resultOf(await c.request('tools/call', change, session))).toMatchObject({ content: [{ text: 'told' }] });
    expect((await stream.next()).message).toMatchObject({ params: watched });
  });
});

describe.each([
  ['legacy', CONFORMS],
  ['modern', CONFORMS_MODERN],
])('the level of log messages of a %s server', (_era, server) => {
  const logging = { name: 'test_logging_tool', arguments: {} };
  const logged = { method: 'notifications/message', params: { level: 'info', data: 'logged' } };

  it.each<JsonObject>([{}, { elicitation: {} }])(
    'is that of each session (%j), also after a crash',
    async (capabilities) => {
      const journal = `${tempDir()}/journal`;
      const { client } = await serveRelay({ s: { ...server, args: [...(server.args ?? []), '--journal', journal] } });
      const c = client('s');
      const [much, little] = [await c.open(capabilities), await c.open(capabilities)];
      resultOf(await c.request('logging/setLevel', { level: 'debug' }, much));
      resultOf(await c.request('logging/setLevel', { level: 'error' }, little));
      for (let round = 1; round <= 2; round++) {
        for (const [session, said] of [
          [little, []],
          [much, [logged]],
          [little, []],
        ] as const) {
          const { messages } = await c.request('tools/call', logging, session);
          expect(messages.slice(0, -1)).toMatchObject(said);
          expect(messages.at(-1)).toMatchObject({ result: { content: [{ text: 'logged' }] } });
        }
        for (const { pid } of journalOf(journal, 'started')) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      }
    },
  );

  it('is what a client of 2026-07-28 says with the call', async () => {
    const { client } = await serveRelay({ s: server });
    const c = client('s');
    for (const [level, said] of [
      ['error', []],
      ['info', [logged]],
      [undefined, []],
    ] as const) {
      const _meta: JsonObject = level ? { 'io.modelcontextprotocol/logLevel': level } : {};
      const { params, headers } = modern('tools/call', { ...logging, _meta });
      const { messages } = await c.request('tools/call', params, headers);
      expect(messages.slice(0, -1)).toMatchObject(said);
    }
  });
});

describe('log messages of a shared server', () => {
  it('reach a session that neither set a level nor has a stream', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const { messages } = await c.request('tools/call', { name: 'say_unasked', arguments: {} }, await c.open());
    expect(messages).toMatchObject([
      { params: { data: 'for the caller' } },
      { result: { content: [{ text: 'said' }] } },
    ]);
  });

  it.each([
    ['passes as bytes', 1],
    ['has to be parsed', 'é'],
  ])('reach a client without a session on the stream of its call, which %s', async (_how, id) => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    await c.request('tools/list');
    const params = { name: 'say_unasked', arguments: {} };
    const { type, messages } = await c.post({ jsonrpc: '2.0', id, method: 'tools/call', params });
    expect(type).toBe('text/event-stream');
    expect(messages).toMatchObject([
      { method: 'notifications/message', params: { data: 'for the caller' } },
      { id, result: { content: [{ text: 'said' }] } },
    ]);
    const silent = await c.request('tools/call', { name: 'test_simple_text', arguments: {} });
    expect(silent.type).toBe('application/json');
  });

  it('go to the caller on whose call they came', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const [a, b] = [await c.open(), await c.open()];
    const [, other] = [await c.stream(a), await c.stream(b)];
    const said = await c.request('tools/call', { name: 'say_unasked', arguments: {} }, a);
    expect(said.messages[0]).toMatchObject({ method: 'notifications/message', params: { data: 'for the caller' } });
    await c.request('tools/call', { name: 'test_trigger_tool_change', arguments: {} }, a);
    expect((await other.next()).message, 'the log message did not come').toMatchObject({
      method: 'notifications/tools/list_changed',
    });
  });
});
