import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { bearer, type Reply, serveWithAccess } from './serve-access.ts';

const SERVERS = {
  open: { fixture: 'well-behaved', keys: { description: 'Echoes and adds for everybody' } },
  vault: { fixture: 'well-behaved', keys: { description: 'Keeps the crown jewels' } },
};
const RULES: JsonObject = {
  auth: { api_keys: true },
  access: {
    rules: [
      { for: ['key:boss'], servers: ['*'] } as JsonObject,
      { for: ['key:guest'], tools: ['open:echo'], add: 'never' },
    ],
  },
};

const resultOf = ({ text }: Reply) => JSON.parse(text).result as JsonObject;
const errorOf = ({ text }: Reply) => JSON.parse(text).error as JsonObject;
const call = (name: string, given: JsonObject) => ({ method: 'tools/call', params: { name, arguments: given } });

async function served() {
  const { rpc, key, ask } = await serveWithAccess(SERVERS, RULES);
  const as = (token: string) => ({
    use: async (name: string, given: JsonObject) =>
      JSON.stringify(resultOf(await rpc('/mcp', call(name, given), bearer(token)))),
    rpc: (path: string, request: { method: string; params?: JsonObject }) => rpc(path, request, bearer(token)),
    get: (path: string) => ask(path, { headers: bearer(token) }),
  });
  const boss = as(key('boss'));
  const guest = as(key('guest'));
  for (const server of Object.keys(SERVERS)) await boss.use('add_mcp_server', { mcp_server_name: server });
  return { boss, guest };
}

describe('what one may not see does not exist (#51)', () => {
  it('in search, its counts and its hints', async () => {
    const { boss, guest } = await served();
    const task = { task_description: 'echo a text back', limit: 20, max_tokens: 5000 };
    expect(await boss.use('search_mcp_server', task)).toContain('vault');
    const answer = await guest.use('search_mcp_server', task);
    expect(answer).toContain('echo');
    expect(answer).toContain('1 tools searched');
    expect(answer).not.toContain('vault');
    const nothing = await guest.use('search_mcp_server', { task_description: 'zzxqj wvvk' });
    expect(nothing).not.toContain('vault');
    const named = await guest.use('search_mcp_server', { task_description: 'echo', server: 'vault' });
    const unknown = await guest.use('search_mcp_server', { task_description: 'echo', server: 'nault' });
    expect(named.replaceAll('vault', 'nault')).toBe(unknown);
  });

  it('for calls: a hidden tool and a hidden server fail as ones that are not there', async () => {
    const { guest, boss } = await served();
    const use = (server: string, tool: string, text = 'hello') =>
      guest.use('use_tool', { mcp_server_name: server, mcp_tool_name: tool, params: { text } });
    expect(await use('open', 'echo')).toContain('hello');
    const sum = { mcp_server_name: 'open', mcp_tool_name: 'add', params: { a: 1, b: 2 } };
    expect(await boss.use('use_tool', sum)).toContain('3');
    expect((await use('open', 'add')).replaceAll('add', 'xyz')).toBe(
      (await use('open', 'xyz')).replaceAll('add_', 'xyz_'),
    );
    expect((await use('vault', 'echo')).replaceAll('vault', 'nault')).toBe(await use('nault', 'echo'));
    const anywhere = await guest.use('use_tool', { mcp_tool_name: 'echo', params: { text: 'only mine' } });
    expect(anywhere).toContain('only mine');
  });

  it('in the menu, in added servers and on direct endpoints', async () => {
    const { guest, boss } = await served();
    expect((await boss.rpc('/mcp', { method: 'tools/list' })).text).toContain('crown jewels');
    const menu = await guest.rpc('/mcp', { method: 'tools/list' });
    expect(menu.text).toContain('for everybody');
    expect(menu.text).not.toMatch(/vault|jewels/);
    expect(await guest.use('add_mcp_server', { mcp_server_name: 'open' })).toContain('NOT_ALLOWED');
    const [hidden, unknown] = [
      await guest.rpc('/mcp/vault', { method: 'ping' }),
      await guest.rpc('/mcp/nault', { method: 'ping' }),
    ];
    expect([hidden.status, unknown.status]).toEqual([404, 404]);
    expect(hidden.text.replaceAll('vault', 'nault')).toBe(unknown.text);
    const listed = resultOf(await guest.rpc('/mcp/open', { method: 'tools/list' })).tools as { name: string }[];
    expect(listed.map(({ name }) => name)).toEqual(['echo']);
    const denied = errorOf(await guest.rpc('/mcp/open', call('add', { a: 1, b: 2 })));
    const absent = errorOf(await guest.rpc('/mcp/open', call('xyz', { a: 1, b: 2 })));
    expect(JSON.stringify(denied).replaceAll('"add\\"', '"xyz\\"')).toBe(
      JSON.stringify(absent).replaceAll('"add\\"', '"xyz\\"'),
    );
  });

  it('in readiness: only an admin is told more than that the gateway is ready', async () => {
    const { boss } = await served();
    expect(JSON.parse((await boss.get('/readyz')).text)).toEqual({ status: 'ok' });
  });
});
