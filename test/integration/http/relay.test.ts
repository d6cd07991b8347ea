/** Everything of MCP through `/mcp/<server>`, on real child processes of both eras. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { journalOf } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer } from '../access/serve-access.ts';
import { askModern, CONFORMS, CONFORMS_MODERN, modern, resultOf, serveRelay } from './relay-gateway.ts';

const METHODS: [string, JsonObject][] = [
  ['prompts/list', {}],
  ['prompts/list', { cursor: '3' }],
  ['prompts/get', { name: 'test_simple_prompt' }],
  ['resources/list', {}],
  ['resources/templates/list', {}],
  ['resources/read', { uri: 'test://static-text' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: { name: 'a', value: 'p' } }],
];

describe('a legacy server', () => {
  it('is announced as it announces itself, and answers legacy clients byte for byte', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    expect(resultOf(await c.request('initialize', params))).toMatchObject({
      protocolVersion: '2025-06-18',
      serverInfo: { name: 'conforms' },
      capabilities: { resources: { subscribe: true }, completions: {}, logging: {} },
    });
    for (const [method, given] of METHODS) resultOf(await c.request(method, given));
    const read = await c.post({
      jsonrpc: '2.0',
      id: 'x',
      method: 'resources/read',
      params: { uri: 'test://static-text' },
    });
    expect(read.text).toBe(
      '{"jsonrpc":"2.0","id":"x","result":{"contents":[{"uri":"test://static-text","mimeType":"text/plain","text":"This is the content of the static text resource."}],"odd":{"kept":true}}}',
    );
    const odd = { a: [1, null], _meta: { 'my/key': 1, progressToken: 7 } };
    expect(resultOf(await c.request('odd/method', odd))).toEqual({
      echoed: { a: [1, null], _meta: { 'my/key': 1, progressToken: expect.any(Number) } },
    });
    expect(resultOf(await c.request('ping'))).toEqual({});
    expect(resultOf(await c.request('logging/setLevel', { level: 'debug' }))).toEqual({});
    const missing = await c.request('resources/read', { uri: 'test://nowhere' });
    expect(missing.messages[0]?.error).toMatchObject({ code: -32002, data: { uri: 'test://nowhere' } });
    expect((await c.request('no/such')).messages[0]?.error).toMatchObject({ code: -32601 });
  });

  it('answers clients of 2026-07-28 in their way', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const discovered = resultOf(await askModern(c, 'server/discover'));
    expect(discovered).toMatchObject({ supportedVersions: ['2026-07-28'], capabilities: { prompts: {} }, ttlMs: 0 });
    for (const [method, params] of METHODS) {
      expect(resultOf(await askModern(c, method, { params })), method).toMatchObject({ resultType: 'complete' });
    }
    const missing = await askModern(c, 'resources/read', { params: { uri: 'test://nowhere' } });
    expect(missing.messages[0]?.error).toMatchObject({ code: -32602 });
    expect((await askModern(c, 'no/such')).status).toBe(404);
    expect((await askModern(c, 'ping')).status, 'not part of that revision').toBe(404);
    const { params } = modern('prompts/get', { name: 'test_simple_prompt' });
    const wrong = await c.request('prompts/get', params, modern('prompts/get', { name: 'other' }).headers);
    expect([wrong.status, wrong.messages[0]?.error]).toMatchObject([400, { code: -32020 }]);
  });

  it('keeps tools that the configuration denies out of every lane', async () => {
    const denied = { ...CONFORMS, keys: { tools: { deny: ['test_simple_*'] } } };
    const { client } = await serveRelay({ s: denied });
    const c = client('s');
    const call = { name: 'test_simple_text', arguments: {} };
    const asking = await c.open({ elicitation: {} });
    const names = (result: JsonObject) => (result.tools as { name: string }[]).map(({ name }) => name);
    for (const headers of [{}, asking]) {
      expect(names(resultOf(await c.request('tools/list', {}, headers)))).not.toContain('test_simple_text');
      expect((await c.request('tools/call', call, headers)).messages[0]?.error).toMatchObject({ code: -32602 });
    }
    expect(names(resultOf(await askModern(c, 'tools/list')))).not.toContain('test_simple_text');
    expect((await askModern(c, 'tools/call', { params: call })).messages[0]?.error).toMatchObject({ code: -32602 });
  });

  it('reports progress under the token of the caller, in order and before the result', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const params = { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 'mine' } };
    const session = await c.open();
    const { headers, params: given } = modern('tools/call', params);
    for (const answer of [
      await c.request('tools/call', params, session),
      await c.request('tools/call', given, headers),
    ]) {
      const steps = answer.messages.slice(0, -1).map(({ params: said }) => said);
      expect(steps).toMatchObject([0, 50, 100].map((progress) => ({ progress, progressToken: 'mine' })));
    }
  });
});

describe('a modern server', () => {
  it('answers legacy clients without what is modern, and modern ones with it', async () => {
    const { client } = await serveRelay({ s: CONFORMS_MODERN });
    const c = client('s');
    for (const [method, params] of METHODS) {
      const legacy = resultOf(await c.request(method, params));
      expect(Object.keys(legacy)).not.toContain('resultType');
      expect(Object.keys(legacy)).not.toContain('ttlMs');
      expect(resultOf(await askModern(c, method, { params }))).toMatchObject({ ...legacy, _meta: {} });
    }
    expect(resultOf(await askModern(c, 'resources/list'))).toMatchObject({ ttlMs: 1000, cacheScope: 'public' });
  });

  it('asks a modern client by its own result, and a legacy one on the stream of the call', async () => {
    const { client } = await serveRelay({ s: CONFORMS_MODERN });
    const c = client('s');
    const name = 'test_input_required_result_elicitation';
    const asked = resultOf(
      await askModern(c, 'tools/call', { params: { name, arguments: {} }, capabilities: { elicitation: {} } }),
    );
    expect(asked).toMatchObject({ resultType: 'input_required', inputRequests: { user_name: {} } });
    expect(await callAndAnswer(c, name)).toMatchObject({ content: [{ text: 'Hello, Alice!' }] });
  });
});

type Client = Awaited<ReturnType<typeof serveRelay>>['client'] extends (server: string) => infer C ? C : never;

/** Calls as a legacy client that can be asked, and answers its one question. */
async function callAndAnswer(c: Client, name: string): Promise<JsonObject> {
  const session = await c.open({ elicitation: {} });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name, arguments: {} } });
  const stream = await c.stream(session, { method: 'POST', body });
  const { message } = await stream.next();
  expect(message).toMatchObject({ method: 'elicitation/create', params: { message: 'What is your name?' } });
  const answer = { jsonrpc: '2.0', id: message.id ?? null, result: { action: 'accept', content: { name: 'Alice' } } };
  expect((await c.post(answer, session)).status).toBe(202);
  const last = await stream.next();
  expect(last.message.id).toBe(9);
  return last.message.result as JsonObject;
}

describe('a legacy server that asks', () => {
  it('asks a legacy client that can be asked on the stream of the call', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const result = await callAndAnswer(client('s'), 'test_input_required_result_elicitation');
    expect(result).toMatchObject({ content: [{ text: 'Hello, Alice!' }] });
  });

  it('is told that a client that declared nothing cannot be asked', async () => {
    const { client } = await serveRelay({ s: CONFORMS });
    const c = client('s');
    const call = { name: 'test_elicitation', arguments: { message: 'x' } };
    expect((await c.request('tools/call', call, await c.open())).messages[0]?.error).toMatchObject({ code: -32601 });
  });

  it('hears that the roots of its client have changed, on the instance of that client', async () => {
    const journal = `${tempDir()}/journal`;
    const { client } = await serveRelay({ s: { ...CONFORMS, args: ['--journal', journal] } });
    const c = client('s');
    const [mine, yours] = [await c.open({ roots: { listChanged: true } }), await c.open({ roots: {} })];
    for (const session of [mine, yours])
      resultOf(await c.request('tools/call', { name: 'test_simple_text', arguments: {} }, session));
    const method = 'notifications/roots/list_changed';
    expect((await c.post({ jsonrpc: '2.0', method }, mine)).status).toBe(202);
    const told = () => journalOf(journal, 'received').filter((line) => line.method === method);
    await expect.poll(told).toHaveLength(1);
    const pids = journalOf(journal, 'started').map(({ pid }) => pid);
    expect(pids.slice(-2)[0], 'started for the first of the two').toBe(told()[0]?.pid);
  });

  it('has its call parked for a modern client, which answers once and for itself only', async () => {
    const served = await serveRelay({ s: CONFORMS }, { auth: { api_keys: true } });
    const c = served.client('s');
    const [mine, yours] = [bearer(served.key('mine')), bearer(served.key('yours'))];
    const name = 'test_input_required_result_multiple_inputs';
    const capabilities = { elicitation: {}, sampling: {}, roots: {} };
    const ask = async (extra: JsonObject, who: Record<string, string>) => {
      const { params, headers } = modern('tools/call', { name, arguments: {}, ...extra }, capabilities);
      return c.request('tools/call', params, { ...headers, ...who });
    };
    const { inputRequests, requestState } = resultOf(await ask({}, mine));
    const keys = Object.entries(inputRequests as Record<string, { method: string }>);
    expect(keys.map(([, { method }]) => method).sort()).toEqual([
      'elicitation/create',
      'roots/list',
      'sampling/createMessage',
    ]);
    const inputResponses = Object.fromEntries(keys.map(([key, { method }]) => [key, { said: method }]));
    const back: JsonObject = { requestState: requestState ?? null, inputResponses };
    expect((await ask(back, yours)).messages[0]?.error).toMatchObject({ code: -32602 });
    const first = keys[0]?.[0] ?? '';
    const partly = resultOf(await ask({ requestState: requestState ?? null, inputResponses: { [first]: {} } }, mine));
    expect(Object.keys(partly.inputRequests as JsonObject)).toEqual(keys.slice(1).map(([key]) => key));
    const done = await ask({ requestState: partly.requestState ?? null, inputResponses }, mine);
    expect(resultOf(done)).toMatchObject({ resultType: 'complete', content: [{ type: 'text' }] });
    expect((await ask(back, mine)).messages[0]?.error, 'a state serves once').toMatchObject({ code: -32602 });
  });
});
