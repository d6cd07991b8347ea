/** Tools that the entry of their server renames and describes anew, through every door, over real servers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { connectClient } from '../../helpers/mcp-client.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, type ServedGateway, serveWithAccess } from '../access/serve-access.ts';
import { openTestGateway } from './open-gateway.ts';

/** `echo` and `fail` have exchanged their names. */
const TOOLS = {
  allow: ['echo', 'add', 'fail', 'structured'],
  rename: { add: 'sum_up', echo: 'fail', fail: 'echo' },
  describe: { add: 'Totals a pair of figures', structured: 'Tells how warm it is' },
};
const named = (keys: JsonObject = {}) => ({ one: { fixture: 'well-behaved', keys: { tools: TOOLS, ...keys } } });
const SHOWN = ['fail', 'sum_up', 'structured', 'echo'];

it('are found by their new words and used by their new names, and by no others', async () => {
  const { call } = await openTestGateway({ ...named(), two: { fixture: 'well-behaved' } });
  for (const name of ['one', 'two']) await call('add_mcp_server', { mcp_server_name: name });
  const found = await call('search_mcp_server', { task_description: 'totals a pair of figures', detail: 'schemas' });
  expect(found.text).toContain('## one (ready)\n- sum_up\n');
  expect(found.text).toContain('Totals a pair of figures');
  const use = (tool: string, params: JsonObject) => call('use_tool', { tool, params });
  expect((await use('one:sum_up', { a: 2, b: 3 })).text).toBe('5');
  expect((await use('sum_up', { a: 2, b: 3 })).text).toBe('5');
  expect((await use('one:add', { a: 2, b: 3 })).text).toContain('TOOL_UNKNOWN');
  // The name is unique now, since the other server's has it still.
  expect((await use('add', { a: 2, b: 3 })).text).toBe('5');
  expect(await use('one:fail', { text: 'hello' })).toMatchObject({ text: 'hello', isError: false });
  expect(await use('one:echo', { message: 'broken' })).toMatchObject({ text: 'broken', isError: true });
  const wrong = await use('one:sum_up', { a: 'x' });
  expect(wrong.text).toContain('one:sum_up');
});

it('hide no server that needs configuration', async () => {
  const lacking = { fixture: 'well-behaved', keys: { enabled: false, env: { TOKEN: '${env:NOT_SET_ANYWHERE}' } } };
  const { call } = await openTestGateway({ ...named(), two: lacking });
  for (const tool of ['two:add', 'two__add', 'mcp__two__add']) {
    const used = await call('use_tool', { tool, params: { a: 2, b: 3 } });
    expect(used.text).toMatch(/^NEEDS_CONFIG.*NOT_SET_ANYWHERE/);
  }
});

describe('/mcp/<server>', () => {
  it.each(['v1', 'v2-modern'] as const)('lists and calls them so, asleep and running, for %s', async (kind) => {
    const served = await serveWithAccess(named(), {});
    await using client = await connectClient(kind, urlOf(served, 'one'));
    const names = async () => (await client.listTools()).map(({ name }) => name);
    expect(await names()).toEqual(SHOWN);
    expect((await client.callTool('sum_up', { a: 2, b: 3 })).content[0]?.text).toBe('5');
    // It runs now, and is asked itself.
    expect(await names()).toEqual(SHOWN);
    const listed = await client.listTools();
    expect(listed.find(({ name }) => name === 'structured')?.description).toBe('Tells how warm it is');
    expect((await client.callTool('fail', { text: 'hello' })).content[0]?.text).toBe('hello');
    await expect(client.callTool('add', { a: 2, b: 3 })).rejects.toThrow('Unknown tool');
  });

  it('follows a reload, which restarts nothing', async () => {
    const served = await serveWithAccess(named(), {});
    await using client = await connectClient('v1', urlOf(served, 'one'));
    await client.callTool('sum_up', { a: 2, b: 3 });
    const { file } = served.config.source;
    const config = JSON.parse(readFileSync(file, 'utf8')) as { servers: { one: JsonObject } };
    config.servers.one.tools = { rename: { add: 'total' } };
    writeFileSync(file, JSON.stringify(config));
    const headers = { 'content-type': 'application/json' };
    const reloaded = await served.ask('/api/reload', { method: 'POST', headers });
    expect(JSON.parse(reloaded.text)).toMatchObject({ plan: { changed: [{ name: 'one', restarts: false }] } });
    expect((await client.callTool('total', { a: 2, b: 3 })).content[0]?.text).toBe('5');
    await expect(client.callTool('sum_up', { a: 2, b: 3 })).rejects.toThrow('Unknown tool');
    const shown = JSON.parse((await served.ask('/api/servers/one')).text);
    expect(shown.tools).toContainEqual(expect.objectContaining({ name: 'add', shown: 'total' }));
    delete config.servers.one.tools;
    writeFileSync(file, JSON.stringify(config));
    await served.ask('/api/reload', { method: 'POST', headers });
    expect((await client.callTool('add', { a: 2, b: 3 })).content[0]?.text).toBe('5');
  });
});

it('go by their own names in profiles, which have the last word', async () => {
  const profiles = {
    plain: {
      servers: ['one'],
      tools: { allow: ['one:add', 'one:fail'], rename: { 'one:fail': 'give_up' } },
      exposure: 'direct',
    },
  };
  const served = await serveWithAccess(named(), { profiles });
  await using client = await connectClient('v2-auto', urlOf(served, 'plain'));
  expect(await client.listTools()).toMatchObject([
    { name: 'sum_up', description: 'Totals a pair of figures' },
    { name: 'give_up' },
  ]);
  expect((await client.callTool('sum_up', { a: 2, b: 3 })).content[0]?.text).toBe('5');
  expect(await client.callTool('give_up', { message: 'no' })).toMatchObject({ isError: true });
});

it('go by their own names in access rules, limits and the audit: no rule is got round by a new name', async () => {
  const audit = join(tempDir('audit'), 'audit.jsonl');
  const served = await serveWithAccess(named({ limits: { tool_rate: '1/h' } }), {
    auth: { api_keys: true },
    access: { rules: [{ for: ['*'], servers: ['one'], deny: ['one:echo'] }] },
    audit: { file: audit },
  });
  const headers = bearer(served.key('ada'));
  const request = async (path: string, method: string, params: JsonObject) =>
    (await served.rpc(path, { method, params }, headers)).text;
  const listed = await request('/mcp/one', 'tools/list', {});
  // What is called "fail" here is "echo".
  expect(JSON.parse(listed).result.tools.map(({ name }: { name: string }) => name)).toEqual([
    'sum_up',
    'structured',
    'echo',
  ]);
  const use = (tool: string, args: JsonObject) =>
    request('/mcp', 'tools/call', { name: 'use_tool', arguments: { server: 'one', tool, params: args } });
  expect(await use('fail', { text: 'x' })).toContain('TOOL_UNKNOWN');
  expect(await request('/mcp/one', 'tools/call', { name: 'fail', arguments: { text: 'x' } })).toContain('Unknown tool');
  expect(await use('sum_up', { a: 1, b: 2 })).toContain('3');
  const again = await request('/mcp/one', 'tools/call', { name: 'sum_up', arguments: { a: 1, b: 2 } });
  expect(again).toMatch(/retryAfterMs/);
  const lines = () => readFileSync(audit, 'utf8').split('\n');
  await expect.poll(() => lines().filter((line) => line.includes('"tool":"add"'))).toHaveLength(2);
});

it('#61 are compared as the server describes them: a new name is no change that waits', async () => {
  const folder = tempDir('renamed');
  const first = await openTestGateway(named({ changes: 'quarantine' }), folder);
  await first.call('add_mcp_server', { mcp_server_name: 'one' });
  await first.gateway.close();
  const tools = { rename: { add: 'total' }, describe: { echo: 'Says it again' } };
  const second = await openTestGateway(
    { one: { fixture: 'well-behaved', keys: { changes: 'quarantine', tools } } },
    folder,
  );
  const { discovery } = await second.gateway.open();
  expect((await discovery.list('one')).change).toMatchObject({ added: [], changed: [], removed: [] });
  expect(discovery.withheld()).toEqual([]);
  expect((await second.call('use_tool', { tool: 'one:total', params: { a: 2, b: 3 } })).text).toBe('5');
});

it('say in the log which tool nobody can reach any more', async () => {
  const keys = { tools: { rename: { add: 'echo' } } };
  const { call, log } = await openTestGateway({ one: { fixture: 'well-behaved', keys } });
  await call('add_mcp_server', { mcp_server_name: 'one' });
  expect(log.join('\n')).toContain('one: nobody can use the tool "echo", whose name was given to "add"');
  expect((await call('use_tool', { tool: 'one:echo', params: { a: 2, b: 3 } })).text).toBe('5');
});

const urlOf = ({ port }: ServedGateway, name: string) => new URL(`http://127.0.0.1:${port}/mcp/${name}`);
