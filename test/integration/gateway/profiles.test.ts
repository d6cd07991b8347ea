/** Virtual servers over real ones, as agents see them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { serveHttp } from '../../../src/gateway-doors.ts';
import type { ToolOffer } from '../../../src/meta-tools/tool-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { connectClient } from '../../helpers/mcp-client.ts';
import { openTestGateway, type TestGateway } from './open-gateway.ts';

const wellBehaved = { fixture: 'well-behaved' };
const SERVERS = { one: wellBehaved, two: wellBehaved, other: wellBehaved };

/** The servers' tools are known before anybody asks. */
async function open(profiles: JsonObject, servers = SERVERS): Promise<TestGateway> {
  const it = await openTestGateway(servers, undefined, { profiles });
  for (const name of Object.keys(servers)) await it.call('add_mcp_server', { mcp_server_name: name });
  return it;
}

function offerOf({ gateway }: TestGateway, name: string): ToolOffer {
  return gateway.profiles.require(name);
}

const context = () => ({ principal: LOCAL, signal: new AbortController().signal });

async function namesOf(offer: ToolOffer): Promise<string[]> {
  const { tools } = await offer.list({}, context());
  return (tools as { name: string }[]).map(({ name }) => name);
}

async function call(offer: ToolOffer, name: string, args: JsonObject): Promise<string> {
  const { content } = await offer.call({ name, arguments: args }, context());
  return (content as { text?: string }[]).map(({ text }) => text ?? '').join('\n');
}

describe('exposure: discovery', () => {
  const profiles = {
    calm: {
      description: 'For agents that only compute.',
      servers: ['one', 'two'],
      tools: {
        allow: ['one:*', 'two:echo'],
        deny: ['fail'],
        rename: { 'one:add': 'sum_up' },
        describe: { 'one:add': 'Totals a pair of figures' },
      },
    },
  };

  it('is the three tools over the choice: what is not in it is neither found nor called', async () => {
    const offer = offerOf(await open(profiles), 'calm');
    expect(await namesOf(offer)).toEqual(['search_mcp_server', 'add_mcp_server', 'use_tool']);
    expect(offer.instructions).toMatch(/^For agents that only compute\./);
    expect(offer.instructions).not.toContain('other');
    const found = await call(offer, 'search_mcp_server', {
      task_description: 'echo a text',
      limit: 50,
      max_tokens: 9_000,
    });
    expect(found).toContain('## one');
    expect(found).not.toContain('other');
    expect(found).not.toMatch(/^- fail/m);
    for (const tool of ['other:echo', 'one:fail', 'two:add']) {
      expect(await call(offer, 'use_tool', { tool })).toMatch(/^(SERVER|TOOL)_UNKNOWN/);
    }
    expect(await call(offer, 'add_mcp_server', { mcp_server_name: 'other' })).toContain('SERVER_UNKNOWN');
    const brought = { mcp_server_name: 'mine', config: { command: 'node' } };
    expect(await call(offer, 'add_mcp_server', brought)).toContain('NOT_ALLOWED');
  });

  it('finds and calls a tool by the name and words that the profile gives it', async () => {
    const offer = offerOf(await open(profiles), 'calm');
    const found = await call(offer, 'search_mcp_server', { task_description: 'add two numbers', detail: 'schemas' });
    expect(found).toContain('sum_up');
    expect(found).toContain('Totals a pair of figures');
    expect(await call(offer, 'use_tool', { tool: 'one:sum_up', params: { a: 2, b: 3 } })).toBe('5');
    expect(await call(offer, 'use_tool', { tool: 'sum_up', params: { a: 2, b: 3 } })).toBe('5');
    expect(await call(offer, 'use_tool', { tool: 'one:add', params: { a: 2, b: 3 } })).toContain('TOOL_UNKNOWN');
  });
});

describe('exposure: direct', () => {
  const profiles = {
    plain: {
      description: 'Sums and echoes.',
      servers: ['one', 'two'],
      tools: { allow: ['echo', 'add'], rename: { 'two:add': 'sum' }, describe: { 'two:add': 'Totals figures' } },
      exposure: 'direct',
    },
    readers: { servers: ['one'], annotations: { readOnlyHint: true }, exposure: 'direct' },
  };

  it('#23 lists tools of several servers, each under a name of its own, and calls the right one', async () => {
    const offer = offerOf(await open(profiles), 'plain');
    expect(offer.instructions).toBe('Sums and echoes.');
    expect(await namesOf(offer)).toEqual(['sum', 'one_echo', 'add', 'two_echo']);
    expect(await call(offer, 'sum', { a: 2, b: 3 })).toBe('5');
    expect(await call(offer, 'two_echo', { text: 'hello' })).toBe('hello');
    await expect(call(offer, 'image', {})).rejects.toMatchObject({ code: 'TOOL_UNKNOWN' });
    const { tools } = await offer.list({}, context());
    expect(tools).toContainEqual(expect.objectContaining({ name: 'sum', description: 'Totals figures' }));
  });

  it('takes tools by their annotations', async () => {
    expect(await namesOf(offerOf(await open(profiles), 'readers'))).toEqual(['echo', 'add']);
  });

  it('leaves out a server that cannot be listed', async () => {
    const servers = { one: wellBehaved, broken: { fixture: 'dies-before-initialize' } };
    const it = await openTestGateway(servers, undefined, {
      profiles: { all: { servers: ['*'], tools: { allow: ['echo'] }, exposure: 'direct' } },
    });
    expect(await namesOf(offerOf(it, 'all'))).toEqual(['echo']);
  });
});

describe('/mcp/<profile>', () => {
  it('is there for real clients, and follows the file without a change at the client', async () => {
    const it = await open({ plain: { servers: ['one'], tools: { allow: ['echo', 'add'] }, exposure: 'direct' } });
    const file = join(it.folder, 'tooldex.json');
    const load = () => loadConfig({ file, env: { ...process.env }, dataDirDefault: join(it.folder, 'data') });
    const config = await load();
    const http = await serveHttp(it.gateway, { config, host: '127.0.0.1', port: 0, log: () => {} });
    onTestFinished(() => http.close());
    const url = new URL('/mcp/plain', http.url);
    await using modern = await connectClient('v2-modern', url);
    await using old = await connectClient('v1', url);
    for (const client of [modern, old]) {
      expect((await client.listTools()).map(({ name }) => name)).toEqual(['echo', 'add']);
      expect((await client.callTool('echo', { text: 'hello' })).content[0]?.text).toBe('hello');
    }
    const profiles = { plain: { servers: ['one'], tools: { allow: ['echo'] }, exposure: 'direct' } };
    const { servers } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ servers, profiles }));
    expect(await it.gateway.reload(await load())).toMatchObject({ settings: ['profiles'], changed: [] });
    expect((await old.listTools()).map(({ name }) => name)).toEqual(['echo']);
    await expect(old.callTool('add', { a: 1, b: 2 })).rejects.toThrow('Unknown tool');
    writeFileSync(file, JSON.stringify({ servers }));
    await it.gateway.reload(await load());
    const gone = await fetch(url, { method: 'POST', body: '{}' });
    expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining('no server is called')]);
  });
});
