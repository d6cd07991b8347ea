/** Batches, which 2025-03-26 had: whatever can be posted alone can be posted together, with the same outcome. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { journalOf } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { CONFORMS, CONFORMS_MODERN, serveRelay } from './relay-gateway.ts';

const VERSION = { 'mcp-protocol-version': '2025-03-26' };
const ask = (id: number | string, method: string, params: JsonObject = {}) => ({ jsonrpc: '2.0', id, method, params });
const byId = (messages: JsonObject[], id: number | string) => messages.find((message) => message.id === id);

describe.each([
  ['legacy', CONFORMS],
  ['modern', CONFORMS_MODERN],
])('a batch to a %s server', (_, server) => {
  it('is answered as its messages would be alone, progress before them', async () => {
    const { client } = await serveRelay({ s: server });
    const { post, open, request } = client('s');
    const session = { ...(await open()), ...VERSION };
    const asked = ['prompts/list', 'resources/list', 'resources/templates/list', 'ping', 'no/such'];
    const alone = [];
    for (const method of asked) alone.push((await request(method, {}, session)).messages.at(-1));
    const progress = ask('p', 'tools/call', { name: 'test_tool_with_progress', _meta: { progressToken: 'own' } });
    const { status, messages } = await post(
      [
        ...asked.map((method, at) => ask(at, method)),
        progress,
        { jsonrpc: '2.0', method: 'notifications/initialized' },
      ],
      session,
    );
    expect(status).toBe(200);
    for (const at of asked.keys()) expect(byId(messages, at)).toEqual({ ...alone[at], id: at });
    expect(byId(messages, 'p')).not.toHaveProperty('result.resultType');
    const tokens = messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params);
    expect(tokens).toMatchObject([{ progressToken: 'own' }, { progressToken: 'own' }, { progressToken: 'own' }]);
    expect(messages.at(-1)).toHaveProperty('id');
  });

  it('may ask the client, and bring its answer', async () => {
    const { client } = await serveRelay({ s: server });
    const { stream, post, open } = client('s');
    const session = { ...(await open({ elicitation: {} })), ...VERSION };
    const call = ask(7, 'tools/call', { name: 'test_elicitation', arguments: { message: 'Who?' } });
    const answers = await stream(session, { method: 'POST', body: JSON.stringify([call, ask(8, 'ping')]) });
    const seen: JsonObject[] = [];
    while (!byId(seen, 7)) {
      const { message } = await answers.next();
      seen.push(message);
      if (message.method !== 'elicitation/create') continue;
      const answer = { jsonrpc: '2.0', id: message.id ?? null, result: { action: 'decline' } };
      expect((await post([answer], session)).status).toBe(202);
    }
    expect(JSON.stringify(byId(seen, 7))).toContain('action=decline');
  });
});

it('#19 #45 a batch cancels what its session asked, and nothing of another', async () => {
  const journal = `${tempDir()}/journal`;
  const server = { fixture: 'never-answers', args: ['--from', 'tools/call', '--journal', journal] };
  const { client } = await serveRelay({ s: server });
  const { post, open } = client('s');
  const [one, other] = [
    { ...(await open()), ...VERSION },
    { ...(await open()), ...VERSION },
  ];
  const call = ask(1, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
  const calls = [one, other].map((session) => post([call], session));
  await expect
    .poll(() => journalOf(journal, 'received').filter(({ method }) => method === 'tools/call'))
    .toHaveLength(2);
  const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
  expect((await post([cancelled], one)).status).toBe(202);
  expect((await calls[0])?.messages).toMatchObject([{ id: 1, error: { data: { code: 'CALL_CANCELLED' } } }]);
  await expect.poll(() => journalOf(journal, 'cancelled')).toHaveLength(1);
  await post([cancelled], other);
  await calls[1];
});

it.each([
  ['an empty one', []],
  ['an initialize in it', [ask(1, 'initialize', { protocolVersion: '2025-03-26', capabilities: {} })]],
  ['what is no message', [ask(1, 'ping'), { hello: 'world' }]],
])('%s is refused as a whole', async (_, batch) => {
  const { client } = await serveRelay({ s: CONFORMS });
  const { post, open } = client('s');
  const { text } = await post(batch, { ...(await open()), ...VERSION });
  expect(JSON.parse(text)).toMatchObject({ error: { code: -32600 } });
});

it('is taken of clients of the old transport, too', async () => {
  const { client } = await serveRelay({ s: CONFORMS });
  const { url, stream } = client('s');
  const answers = await stream({}, {}, '/sse');
  const [, path = ''] = /data: (.+)/.exec((await answers.nextFrame()).text) ?? [];
  const clientInfo = { name: 'tests', version: '1' };
  const first = ask(0, 'initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo });
  for (const body of [first, [ask(1, 'prompts/list'), ask(2, 'ping')]]) {
    const headers = { 'content-type': 'application/json' };
    await fetch(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body) });
    if (body === first) expect((await answers.next()).message).toMatchObject({ id: 0 });
  }
  const both = [(await answers.next()).message, (await answers.next()).message];
  expect(byId(both, 1)).toHaveProperty('result.prompts');
  expect(byId(both, 2)).toMatchObject({ result: {} });
});
