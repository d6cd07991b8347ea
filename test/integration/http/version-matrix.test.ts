/** Every version of the protocol on either side of `/mcp/<server>`: opened, listed, called, told of progress and asked. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { askModern, CONFORMS, CONFORMS_MODERN, type RelayClient, resultOf, serveRelay } from './relay-gateway.ts';

const LEGACY = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;
/** Since this version clients name it with each request. */
const NAMED_SINCE = '2025-06-18';

const SERVERS = {
  ...Object.fromEntries(LEGACY.map((version) => [version, { ...CONFORMS, args: ['--version', version] }])),
  '2026-07-28': CONFORMS_MODERN,
};

const ASKS = { name: 'test_input_required_result_elicitation', arguments: {} };
const PROGRESS = { name: 'test_tool_with_progress', arguments: {} };
const HELLO = { content: [{ type: 'text', text: 'Hello, Alice!' }] };
const ALICE: JsonObject = { action: 'accept', content: { name: 'Alice' } };

/** Opened as a client of this version would, which gets what it asked for. */
async function open(client: RelayClient, protocolVersion: string): Promise<Record<string, string>> {
  const params = { protocolVersion, capabilities: { elicitation: {} }, clientInfo: { name: 'tests', version: '1' } };
  const opened = await client.request('initialize', params);
  expect(resultOf(opened)).toMatchObject({ protocolVersion, serverInfo: { name: 'conforms' } });
  const named: Record<string, string> =
    protocolVersion >= NAMED_SINCE ? { 'mcp-protocol-version': protocolVersion } : {};
  const session = { 'mcp-session-id': opened.session, ...named };
  expect((await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, session)).status).toBe(202);
  return session;
}

/** The result of a call in which the client is asked its name on the way. */
async function callAsked(client: RelayClient, session: Record<string, string>): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: ASKS });
  const stream = await client.stream(session, { method: 'POST', body });
  const { message } = await stream.next();
  expect(message).toMatchObject({ method: 'elicitation/create', params: { message: 'What is your name?' } });
  const answer = { jsonrpc: '2.0', id: message.id ?? null, result: ALICE };
  expect((await client.post(answer, session)).status).toBe(202);
  return (await stream.next()).message.result;
}

/** The same for a client of 2026-07-28, whose call comes back with the question. */
async function callParked(client: RelayClient): Promise<unknown> {
  const capabilities = { elicitation: {} };
  const asked = resultOf(await askModern(client, 'tools/call', { params: ASKS, capabilities }));
  expect(asked).toMatchObject({ resultType: 'input_required' });
  const names = Object.keys(asked.inputRequests as JsonObject);
  const inputResponses = Object.fromEntries(names.map((name) => [name, ALICE]));
  const params: JsonObject = {
    ...ASKS,
    inputResponses,
    ...('requestState' in asked && { requestState: asked.requestState ?? null }),
  };
  return resultOf(await askModern(client, 'tools/call', { params, capabilities }));
}

const methodsOf = (messages: readonly JsonObject[]) => new Set(messages.slice(0, -1).map(({ method }) => method));

describe.each(Object.keys(SERVERS))('a server of %s', (server) => {
  it('serves clients of every version alike', async () => {
    const { client } = await serveRelay(SERVERS);
    const c = client(server);
    const _meta = { progressToken: 'p' };
    for (const version of LEGACY) {
      const session = await open(c, version);
      expect(resultOf(await c.request('tools/list', {}, session)).tools, version).not.toEqual([]);
      const { messages } = await c.request('tools/call', { ...PROGRESS, _meta }, session);
      expect(methodsOf(messages), version).toEqual(new Set(['notifications/progress']));
      expect(await callAsked(c, session), version).toMatchObject(HELLO);
    }
    expect(resultOf(await askModern(c, 'tools/list')).tools).not.toEqual([]);
    const { messages } = await askModern(c, 'tools/call', { params: { ...PROGRESS, _meta } });
    expect(methodsOf(messages)).toEqual(new Set(['notifications/progress']));
    expect(await callParked(c)).toMatchObject({ ...HELLO, resultType: 'complete' });
  });
});
