/** What servers with a workspace learn when they ask for roots, at every door and in both eras. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { askModern, CONFORMS, CONFORMS_MODERN, resultOf, serveRelay } from '../http/relay-gateway.ts';
import { openTestGateway } from './open-gateway.ts';

const ASKS_ROOTS = 'test_input_required_result_list_roots';
const ASKS_MORE = 'test_input_required_result_multiple_inputs';
const ERAS = [
  ['2025-11-25', CONFORMS],
  ['2026-07-28', CONFORMS_MODERN],
] as const;
const within = (server: typeof CONFORMS) => ({ s: { ...server, keys: { workspace: 'notes' } } });
const uri = (path: string) => pathToFileURL(path).href;
const rootsIn = ({ content }: JsonObject) => JSON.parse((content as [{ text: string }])[0].text).client_roots;

describe.each(ERAS)('a server of %s with a workspace', (_, server) => {
  it('is told that folder when an agent calls it through use_tool', async () => {
    const { call, config } = await openTestGateway(within(server));
    const { result } = await call('use_tool', { server: 's', tool: ASKS_ROOTS, params: {} });
    expect(rootsIn(result)).toEqual({ roots: [{ uri: uri(join(config.workspaceRoot, 'notes')), name: 'notes' }] });
  });

  it('is told that folder by each principal, if each has its own', async () => {
    const keys = { workspace: { folder: 'notes', per: 'principal' } };
    const { call } = await openTestGateway({ s: { ...server, keys } });
    const asked = async (id: string) => {
      const principal = { ...LOCAL, id };
      const { result } = await call('use_tool', { server: 's', tool: ASKS_ROOTS, params: {} }, { principal });
      return rootsIn(result).roots[0].uri;
    };
    const [ada, bob] = [await asked('key:ada'), await asked('key:bob')];
    expect([ada, bob]).toEqual([
      expect.stringMatching(/\/notes\/key-ada-/),
      expect.stringMatching(/\/notes\/key-bob-/),
    ]);
  });

  it('is told of the roots of a client at its own door only those inside, else the workspace', async () => {
    const { client, config } = await serveRelay(within(server));
    const folder = join(config.workspaceRoot, 'notes');
    mkdirSync(join(folder, 'project'), { recursive: true });
    const inside = { uri: uri(join(folder, 'project')), name: 'Mine' };
    const answers: [JsonObject[], JsonObject[]][] = [
      [[{ uri: 'file:///etc' }, inside], [inside]],
      [[{ uri: 'file:///etc' }], [{ uri: uri(folder), name: 'notes' }]],
    ];
    for (const [theirs, told] of answers) {
      const c = client('s');
      const session = await c.open({ roots: {} });
      const params = { name: ASKS_ROOTS, arguments: {} };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params });
      const stream = await c.stream(session, { method: 'POST', body });
      const { message } = await stream.next();
      expect(message).toMatchObject({ method: 'roots/list' });
      await c.post({ jsonrpc: '2.0', id: message.id ?? null, result: { roots: theirs } }, session);
      const { message: last } = await stream.next();
      expect(rootsIn(last.result as JsonObject)).toEqual({ roots: told });
    }
  });

  it('is told that folder behind a client that has no roots, and the client is asked for the rest', async () => {
    const { client, config } = await serveRelay(within(server));
    const capabilities = { elicitation: {}, sampling: {} };
    const ask = async (extra: JsonObject) =>
      resultOf(
        await askModern(client('s'), 'tools/call', {
          params: { name: ASKS_MORE, arguments: {}, ...extra },
          capabilities,
        }),
      );
    const { inputRequests, requestState } = await ask({});
    const asked = Object.entries(inputRequests as Record<string, { method: string }>);
    expect(asked.map(([, { method }]) => method).toSorted()).toEqual(['elicitation/create', 'sampling/createMessage']);
    const inputResponses = Object.fromEntries(asked.map(([key, { method }]) => [key, { said: method }]));
    const result = await ask({ inputResponses, requestState: requestState ?? null });
    expect(rootsIn(result)).toEqual({ roots: [{ uri: uri(join(config.workspaceRoot, 'notes')), name: 'notes' }] });
  });
});

it('#52 a modern server does not believe a caller who tells of roots before it asked', async () => {
  const { client, config } = await serveRelay(within(CONFORMS_MODERN));
  const inputResponses = { client_roots: { roots: [{ uri: 'file:///' }] } };
  const answer = await askModern(client('s'), 'tools/call', {
    params: { name: ASKS_ROOTS, arguments: {}, inputResponses },
    capabilities: { roots: {} },
  });
  expect(rootsIn(resultOf(answer))).toEqual({
    roots: [{ uri: uri(join(config.workspaceRoot, 'notes')), name: 'notes' }],
  });
});

describe('a server without a workspace', () => {
  it.each(ERAS)('of %s learns the roots of its client, whatever they are, and none without one', async (_, server) => {
    const { client } = await serveRelay({ s: server });
    const c = client('s');
    const session = await c.open({ roots: {} });
    const params = { name: ASKS_ROOTS, arguments: {} };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params });
    const stream = await c.stream(session, { method: 'POST', body });
    const { message } = await stream.next();
    const result = { roots: [{ uri: 'file:///etc' }] };
    await c.post({ jsonrpc: '2.0', id: message.id ?? null, result }, session);
    expect(rootsIn((await stream.next()).message.result as JsonObject)).toEqual(result);
    const alone = await c.request('tools/call', params, await c.open());
    expect(alone.messages.at(-1)?.error).toBeDefined();
  });
});
