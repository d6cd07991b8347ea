/** Servers that agents ask for and an admin decides on, in a gateway with real servers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LOCAL, type Principal } from '../../../src/policy/principal.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { openTestGateway } from './open-gateway.ts';

const { command, args } = fixtureServer('well-behaved');
const mine = (more: object = {}) => ({ mcp_server_name: 'mine', config: { command, args, ...more } });
const who = (name: string): Principal => ({ id: `key:${name}`, kind: 'api-key', groups: [] });
const askForAdding = { add_servers: 'approval' };

it('keeps what an agent brings until an admin lets it in, then indexes it without a restart', async () => {
  const { gateway, call, folder } = await openTestGateway({}, undefined, {
    ...askForAdding,
    audit: { file: './audit.jsonl' },
  });
  const { additions, pool, discovery } = await gateway.open();
  const asked = await call('add_mcp_server', mine({ env: { API_KEY: 'very-secret' } }));
  expect(asked).toMatchObject({ isError: false, text: expect.stringContaining('waits for an admin') });
  expect(asked.text).toContain('Nothing was started');
  expect(asked.text).toContain('search_mcp_server');
  expect(pool.state('mine').kind).toBe('stopped');
  expect((await call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).text).toContain('SERVER_UNKNOWN');
  expect((await call('add_mcp_server', { mcp_server_name: 'mine' })).text).toMatch(/NOT_ALLOWED.*waits for an admin/);
  expect(additions.waiting()).toMatchObject([
    { server: 'mine', askedBy: ['local'], entry: { env: { API_KEY: '***' } } },
  ]);

  await additions.approve(LOCAL, { server: 'mine' });
  await additions.follow();
  await expect.poll(() => discovery.knowledge('mine').kind).toBe('indexed');
  expect((await call('search_mcp_server', { task_description: 'add two numbers' })).text).toContain('## mine');
  expect((await call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).text).toBe('2');
  await gateway.close();

  const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8');
  const additionsTold = lines
    .split('\n')
    .filter((line) => line.includes('"event":"addition"'))
    .map((line) => JSON.parse(line));
  expect(additionsTold).toMatchObject([
    { outcome: 'asked', principal: 'local', server: 'mine', entry: { command, env: { API_KEY: '***' } } },
    { outcome: 'approved', principal: 'local', server: 'mine' },
  ]);
  expect(lines).not.toContain('very-secret');

  const next = await openTestGateway({}, folder, { add_servers: 'never' });
  expect((await next.call('use_tool', { tool: 'mine:add', params: { a: 2, b: 1 } })).text).toBe('3');
});

it('says when the same was asked for before, and when it took the place of something else', async () => {
  const { gateway, call, log } = await openTestGateway({}, undefined, askForAdding);
  const ask = (principal: Principal, more?: object) => call('add_mcp_server', mine(more), { principal });
  await ask(who('ada'));
  expect((await ask(who('ada'), { description: 'x' })).text).toContain('took the place of what you asked for');
  expect((await ask(who('bob'), { description: 'x' })).text).toContain('the same was asked for before');
  expect(await ask(who('bob'))).toMatchObject({ isError: true, text: expect.stringContaining('choose another name') });
  const { additions } = await gateway.open();
  expect(additions.waiting()).toMatchObject([{ askedBy: ['key:ada', 'key:bob'], replaced: true }]);
  expect(log).toContain('warn key:ada asks for the server "mine"; see "tooldex pending"');
});

it('refuses at once what no admin should have to read', async () => {
  const { gateway, call } = await openTestGateway({ well: { fixture: 'well-behaved' } }, undefined, askForAdding);
  const misspelt = await call('add_mcp_server', { mcp_server_name: 'm', config: { comand: 'node' } });
  expect(misspelt).toMatchObject({ isError: true, text: expect.stringContaining('did you mean "command"') });
  const curious = await call('add_mcp_server', mine({ env: { X: '${file:/etc/hostname}' } }));
  expect(curious).toMatchObject({ isError: true, text: expect.stringContaining('refers to a file') });
  const taken = await call('add_mcp_server', { ...mine(), mcp_server_name: 'well' });
  expect(taken).toMatchObject({ isError: true, text: expect.stringContaining('file has a server of that name') });
  expect((await gateway.open()).additions.waiting()).toEqual([]);
  expect((await call('add_mcp_server', { mcp_server_name: 'well' })).text).toContain('well is added');
});

it('tells those who asked that it was turned down, and takes out again what was let in', async () => {
  const { gateway, call } = await openTestGateway({}, undefined, askForAdding);
  const { additions, directory } = await gateway.open();
  await call('add_mcp_server', mine());
  expect(additions.reject(LOCAL, { server: 'mine', reason: 'too old' })).toBe('rejected');
  for (const given of [mine(), { mcp_server_name: 'mine' }])
    expect(await call('add_mcp_server', given)).toMatchObject({
      isError: true,
      text: expect.stringContaining('too old'),
    });

  await call('add_mcp_server', mine({ description: 'newer' }));
  await additions.approve(LOCAL, { server: 'mine' });
  expect((await call('add_mcp_server', { mcp_server_name: 'mine' })).text).toContain('mine is added');
  expect((await call('add_mcp_server', mine({ description: 'newer' }))).text).toContain('mine is added');
  expect(additions.reject(LOCAL, { server: 'mine' })).toBe('removed');
  await additions.follow();
  expect(directory.names()).toEqual([]);
  expect((await call('use_tool', { tool: 'mine:add' })).text).toContain('SERVER_UNKNOWN');
});

it('takes in what another process has approved, and nothing else', async () => {
  const { gateway, call, folder } = await openTestGateway({}, undefined, askForAdding);
  await call('add_mcp_server', mine());
  const other = await openTestGateway({}, folder, askForAdding);
  const admin = (await other.gateway.open()).additions;
  expect(admin.waiting()).toMatchObject([{ server: 'mine' }]);
  await admin.approve(LOCAL, { server: 'mine' });
  const { discovery } = await gateway.open();
  await expect.poll(() => discovery.knowledge('mine').kind).toBe('indexed');
  expect((await call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).text).toBe('2');
});

it('lets nobody take the name of what an admin let in, not even those who may add anything', async () => {
  const first = await openTestGateway({}, undefined, askForAdding);
  await first.call('add_mcp_server', mine());
  await (await first.gateway.open()).additions.approve(LOCAL, { server: 'mine' });
  await first.gateway.close();
  const { call } = await openTestGateway({}, first.folder, { add_servers: 'always' });
  const other = await call('add_mcp_server', mine({ description: 'another' }));
  expect(other).toMatchObject({
    isError: true,
    text: expect.stringContaining('an admin let a server of that name in'),
  });
});

it('stops what ran under a name that its owner gives to something else', async () => {
  const { gateway, call } = await openTestGateway({}, undefined, { add_servers: 'always' });
  await call('add_mcp_server', mine());
  const said = async () => (await call('use_tool', { tool: 'mine:env', params: {} })).text;
  const before = await said();
  await call('add_mcp_server', mine({ env: { BROUGHT: 'anew' } }));
  const { pool } = await gateway.open();
  expect(before).not.toContain('anew');
  expect(await said()).toContain('anew');
  expect(pool.state('mine').kind).toBe('ready');
});

it('holds what agents bring to the defaults of the file', async () => {
  const defaults = { changes: 'quarantine', idle_timeout: '7s' };
  const { gateway, call } = await openTestGateway({}, undefined, { add_servers: 'always', defaults });
  await call('add_mcp_server', mine());
  expect((await gateway.open()).directory.get('mine')).toMatchObject({ changes: 'quarantine' });
});
