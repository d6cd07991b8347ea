/** Prompts and resources of virtual servers, over real servers that have equal ones, as real clients see them. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { connectClient, type TestClient } from '../../helpers/mcp-client.ts';
import { bearer, type ServedGateway, serveWithAccess } from '../access/serve-access.ts';

const LEGACY = { fixture: 'conforms' };
const MODERN = { fixture: 'conforms', args: ['--era', 'modern'] };
const SERVERS = { one: LEGACY, two: MODERN, plain: { fixture: 'well-behaved' } };
const direct = (servers: string[], more: JsonObject = {}): JsonObject => ({ servers, exposure: 'direct', ...more });
const PROFILES = {
  both: direct(['*'], { tools: { allow: ['test_simple_text', 'add'] } }),
  single: direct(['one']),
  bare: direct(['one'], { prompts: false, resources: false }),
  finder: { servers: ['one'] },
};

const urlOf = ({ port }: ServedGateway, name: string) => new URL(`http://127.0.0.1:${port}/mcp/${name}`);
const names = (list: unknown, key = 'name') => (list as JsonObject[]).map((item) => item[key]);
const promptText = async (client: TestClient, name: string, args: JsonObject = {}) =>
  JSON.stringify(await client.request('prompts/get', { name, arguments: args }));

describe.each(['v1', 'v2-modern'] as const)('a direct profile, for %s,', (kind) => {
  it('#23 has the prompts of all its servers, each under a name of its own', async () => {
    const served = await serveWithAccess(SERVERS, { profiles: PROFILES });
    await using client = await connectClient(kind, urlOf(served, 'both'));
    const { prompts } = await client.request('prompts/list');
    // All pages: five of each, and one of the other.
    expect(names(prompts)).toHaveLength(11);
    expect(names(prompts)).toContain('one_test_simple_prompt');
    expect(new Set(names(prompts)).size).toBe(11);
    expect(await promptText(client, 'two_test_simple_prompt')).toContain('This is a simple prompt for testing.');
    const given = await promptText(client, 'one_test_prompt_with_arguments', { arg1: 'a', arg2: 'b' });
    expect(given).toContain("arg1='a', arg2='b'");
    expect(given).toContain('fixture/kept');
    await expect(client.request('prompts/get', { name: 'test_simple_prompt' })).rejects.toThrow('Unknown prompt');
    const ref = { type: 'ref/prompt', name: 'one_test_prompt_with_arguments' };
    const completed = await client.request('completion/complete', { ref, argument: { name: 'arg1', value: 'par' } });
    expect(completed).toMatchObject({ completion: { values: ['paris', 'park', 'party'] } });
    // Tools are there as before.
    expect((await client.callTool('add', { a: 2, b: 3 })).content[0]?.text).toBe('5');
  });

  it('has their resources under addresses that say whose they are where several have the same', async () => {
    const served = await serveWithAccess(SERVERS, { profiles: PROFILES });
    await using client = await connectClient(kind, urlOf(served, 'both'));
    const { resources } = await client.request('resources/list');
    expect(names(resources, 'uri')).toHaveLength(7);
    const uri = 'tooldex://two/test://static-text';
    expect(names(resources, 'uri')).toContain(uri);
    expect(await client.request('resources/read', { uri })).toMatchObject({
      contents: [{ uri, text: expect.stringContaining('static text') }],
    });
    const { resourceTemplates } = await client.request('resources/templates/list');
    expect(names(resourceTemplates, 'uriTemplate')).toEqual(
      ['one', 'two'].map((name) => `tooldex://${name}/test://template/{id}/data`),
    );
    const expanded = 'tooldex://one/test://template/7/data';
    expect(JSON.stringify(await client.request('resources/read', { uri: expanded }))).toContain('Data for ID: 7');
    for (const unclear of ['test://static-text', 'test://template/7/data'])
      await expect(client.request('resources/read', { uri: unclear })).rejects.toThrow('Several servers have');
    await expect(client.request('resources/read', { uri: 'x://nothing' })).rejects.toThrow('Resource not found');
  });

  it('keeps the addresses and names of a single server as they are', async () => {
    const served = await serveWithAccess(SERVERS, { profiles: PROFILES });
    await using client = await connectClient(kind, urlOf(served, 'single'));
    expect(names((await client.request('resources/list')).resources, 'uri')).toContain('test://static-text');
    expect(names((await client.request('prompts/list')).prompts)).toContain('test_simple_prompt');
    expect(await client.request('resources/read', { uri: 'test://template/7/data' })).toMatchObject({
      contents: [{ uri: 'test://template/7/data' }],
    });
    const ref = { type: 'ref/resource', uri: 'test://template/{id}/data' };
    const completed = await client.request('completion/complete', { ref, argument: { name: 'id', value: 'par' } });
    expect(completed).toMatchObject({ completion: { total: 150 } });
    // What the server itself says of it reaches the client.
    await expect(client.request('resources/read', { uri: 'test://nothing' })).rejects.toThrow('Resource not found');
  });

  it.each(['bare', 'finder'])('has none where it is told so, nor where it has the three tools: %s', async (name) => {
    const served = await serveWithAccess(SERVERS, { profiles: PROFILES });
    await using client = await connectClient(kind, urlOf(served, name));
    for (const method of ['prompts/list', 'resources/list'])
      await expect(client.request(method)).rejects.toThrow(/not found|not support/i);
  });
});

it('shows nobody what is of servers that no rule shows it', async () => {
  const rules = [
    { for: ['key:all'], servers: ['*'], profiles: ['*'] },
    { for: ['key:some'], servers: ['one'], profiles: ['*'] },
  ];
  const served = await serveWithAccess(SERVERS, { profiles: PROFILES, auth: { api_keys: true }, access: { rules } });
  const [all, some] = ['all', 'some'].map((name) => bearer(served.key(name)));
  const ask = async (method: string, params: JsonObject, headers = some) => {
    const { text } = await served.rpc('/mcp/both', { method, params }, headers);
    return JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text);
  };
  expect(names((await ask('prompts/list', {}, all)).result.prompts)).toHaveLength(11);
  expect(names((await ask('prompts/list', {})).result.prompts)).toHaveLength(5);
  expect(names((await ask('resources/list', {})).result.resources, 'uri')).toContain('test://static-text');
  expect(await ask('prompts/get', { name: 'two_test_simple_prompt' })).toMatchObject({ error: { code: -32602 } });
  const other = await ask('resources/read', { uri: 'tooldex://two/test://static-text' });
  expect(other.result).toBeUndefined();
  expect(JSON.stringify(other)).not.toContain('static text');
});

it('leaves out a server that fails, and lists the rest', async () => {
  const servers = { one: LEGACY, broken: { fixture: 'dies-before-initialize' } };
  const served = await serveWithAccess(servers, { profiles: { both: direct(['*']) } });
  await using client = await connectClient('v1', urlOf(served, 'both'));
  expect(names((await client.request('prompts/list')).prompts)).toContain('test_simple_prompt');
});
