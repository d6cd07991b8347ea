/** Another configuration in a running gateway, with real servers behind it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { Json, JsonObject } from '../../../src/stdx/json.ts';
import { fixtureServer, journaled, journalOf } from '../../helpers/fixture-server.ts';
import { openTestGateway, type TestGateway, type TestServer } from './open-gateway.ts';

type Servers = Readonly<Record<string, TestServer>>;

const wellBehaved = (...args: string[]): TestServer => ({ fixture: 'well-behaved', args });

function entriesOf(servers: Servers): JsonObject {
  return Object.fromEntries(
    Object.entries(servers).map(([name, { fixture, args = [], keys = {} }]): [string, Json] => {
      const { command, args: line } = fixtureServer(fixture, ...args);
      return [name, { command, args: line, ...keys }];
    }),
  );
}

async function reload({ gateway, folder }: TestGateway, servers: Servers, keys: JsonObject = {}) {
  const file = join(folder, 'tooldex.json');
  writeFileSync(file, JSON.stringify({ servers: entriesOf(servers), ...keys }));
  const env = { PATH: process.env.PATH, TOOLDEX_TEST_RUN: process.env.TOOLDEX_TEST_RUN };
  return gateway.reload(await loadConfig({ file, env, dataDirDefault: join(folder, 'data') }));
}

const text = { text: 'hello' };

describe('a reload', () => {
  it('brings servers, takes servers, and leaves the menu as it was', async () => {
    const it = await openTestGateway({ old: wellBehaved(), kept: wellBehaved() });
    const { gateway, call } = it;
    const menu = JSON.stringify(gateway.menu);
    for (const name of ['old', 'kept']) await call('add_mcp_server', { mcp_server_name: name });
    expect((await call('search_mcp_server', { task_description: 'echo text' })).text).toContain('## ');
    await expect(reload(it, { new: wellBehaved(), kept: wellBehaved() })).resolves.toMatchObject({
      added: ['new'],
      removed: ['old'],
      unchanged: ['kept'],
    });
    expect(gateway.configStatus()).toEqual({ generation: 2, problem: undefined, refusals: 0 });
    expect(JSON.stringify(gateway.menu)).toBe(menu);
    expect((await call('use_tool', { tool: 'old:echo', params: text })).text).toContain('SERVER_UNKNOWN');
    expect((await call('use_tool', { tool: 'new:echo', params: text })).text).toBe('hello');
    const found = await call('search_mcp_server', { task_description: 'echo text', max_tokens: 5_000 });
    expect(found.text).toContain('new');
    expect(found.text).not.toMatch(/\bold\b/);
  });

  it('takes tools out of search and calls as soon as the file denies them', async () => {
    const it = await openTestGateway({ a: wellBehaved() });
    await it.call('add_mcp_server', { mcp_server_name: 'a' });
    const search = async () => (await it.call('search_mcp_server', { task_description: 'add two numbers' })).text;
    expect(await search()).toContain('Adds two numbers');
    await reload(it, { a: { ...wellBehaved(), keys: { tools: { deny: ['add'] } } } });
    expect(await search()).not.toContain('Adds two numbers');
    const denied = await it.call('use_tool', { tool: 'a:add', params: { a: 1, b: 2 } });
    expect(denied.text).toContain('TOOL_UNKNOWN');
  });

  it('keeps a server running that has not changed, and one of which only the words have', async () => {
    const it = await openTestGateway({});
    const { folder, call } = it;
    const journal = join(folder, 'journal');
    const server = wellBehaved('--journal', journal);
    await reload(it, { a: server });
    await call('use_tool', { tool: 'a:echo', params: text });
    const [started] = journalOf(journal, 'started');
    await reload(it, { a: server, b: wellBehaved() });
    await reload(it, { a: { ...server, keys: { description: 'other words' } } });
    await call('use_tool', { tool: 'a:echo', params: text });
    expect(journalOf(journal, 'started')).toEqual([started]);
  });

  it('refuses keys that cannot change, and nothing of the file is in use then', async () => {
    const it = await openTestGateway({ a: wellBehaved() });
    await expect(reload(it, { b: wellBehaved() }, { search: { store: { kind: 'chroma' } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"search.store" cannot change'),
    });
    const { directory } = await it.gateway.open();
    expect(directory.names()).toEqual(['a']);
    expect(it.gateway.configStatus().generation).toBe(1);
  });
});

describe('#65 100 calls in flight during a reload', () => {
  it('all succeed, on servers that changed and that went; the old processes end after them', async () => {
    const it = await openTestGateway({});
    const { folder, call } = it;
    const gate = join(folder, 'gate');
    const journal = (name: string) => join(folder, `${name}.journal`);
    const limits = { keys: { limits: { concurrency: 100 } } };
    const server = (name: string, ...args: string[]) => ({
      ...wellBehaved('--journal', journal(name), ...args),
      ...limits,
    });
    await reload(it, { changes: server('changes'), goes: server('goes') });
    for (const name of ['changes', 'goes']) await call('use_tool', { tool: `${name}:echo`, params: text });
    const calls = Array.from({ length: 100 }, (_, at) =>
      call('use_tool', { tool: `${at % 2 ? 'changes' : 'goes'}:wait`, params: { file: gate } }),
    );
    for (const name of ['changes', 'goes']) await journaled(journal(name), 'waiting', { count: 50 });
    await expect(reload(it, { changes: server('changes', '--name', 'another') })).resolves.toMatchObject({
      changed: [{ name: 'changes', restarts: true }],
      removed: ['goes'],
    });
    expect((await call('use_tool', { tool: 'changes:echo', params: text })).text).toBe('hello');
    expect(journalOf(journal('changes'), 'started')).toHaveLength(2);
    writeFileSync(gate, '');
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter(({ isError, text: said }) => isError || said !== 'waited')).toEqual([]);
  });

  it('all succeed while the server is only just starting', async () => {
    const it = await openTestGateway({});
    const gate = join(it.folder, 'gate');
    const limits = { keys: { limits: { concurrency: 100 } } };
    const slow = (...args: string[]) => ({ slow: { fixture: 'slow-to-start', args, ...limits } });
    writeFileSync(gate, '');
    await reload(it, slow('--gate', gate));
    await it.call('add_mcp_server', { mcp_server_name: 'slow' });
    await (await it.gateway.open()).pool.stop('slow', 'begin cold');
    rmSync(gate);
    const calls = Array.from({ length: 100 }, () => it.call('use_tool', { tool: 'slow:echo', params: text }));
    const { pool } = await it.gateway.open();
    while (pool.state('slow').kind !== 'starting') await new Promise((resolve) => setImmediate(resolve));
    await reload(it, slow());
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter(({ isError }) => isError).map(({ text: said }) => said)).toEqual([]);
  });
});
