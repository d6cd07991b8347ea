/** #52 A server with a workspace is asked for nothing outside of it, by either door, and is not even started for that. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDirectOffer } from '../../../src/http/direct-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import { principalFolder } from '../../../src/runtimes/workspace/principal-workspace.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from './open-gateway.ts';

const context = { principal: LOCAL, signal: new AbortController().signal };

async function gatewayWithWorkspace(keys = {}, fixture = 'well-behaved') {
  const root = tempDir('workspaces');
  mkdirSync(join(root, 'notes'));
  const opened = await openTestGateway(
    { notes: { fixture, keys: { workspace: 'notes', paths: ['text'], ...keys } } },
    tempDir('gateway'),
    { workspace_root: root },
  );
  return { ...opened, folder: join(root, 'notes') };
}

test('#52 use_tool names the argument and the path, and says where to look', async () => {
  const { call, folder } = await gatewayWithWorkspace();
  const inside = await call('use_tool', { server: 'notes', tool: 'echo', params: { text: 'a/b.txt' } });
  expect(inside).toMatchObject({ isError: false, text: expect.stringContaining('a/b.txt') });
  const outside = await call('use_tool', { server: 'notes', tool: 'echo', params: { text: '../../etc/passwd' } });
  expect(outside.isError).toBe(true);
  expect(outside.text).toContain('notes:echo: argument "text": the path "../../etc/passwd" is not allowed');
  expect(outside.text).toContain(folder);
});

test('#52 the direct door passes the same guard, and a link made meanwhile is seen', async () => {
  const { gateway, folder } = await gatewayWithWorkspace();
  const parts = await gateway.open();
  const known = parts.directory.get('notes');
  if (!known) throw new Error('the server is not there');
  const offer = createDirectOffer(parts, known, { identity: gateway.identity });
  const ask = (value: string) => offer.call({ name: 'echo', arguments: { text: value } }, context);
  await ask('link/passwd');
  symlinkSync('/etc', join(folder, 'link'));
  await expect(ask('link/passwd')).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    message: expect.stringContaining('"text"'),
  });
});

test.each(['source', 'what'])(
  '#52 the first call of a server that nobody has listed is judged by what it says of %s',
  async (name) => {
    const { gateway, folder } = await gatewayWithWorkspace({}, 'moves-files');
    const parts = await gateway.open();
    const known = parts.directory.get('notes');
    if (!known) throw new Error('the server is not there');
    const offer = createDirectOffer(parts, known, { identity: gateway.identity });
    const ask = (value: string) =>
      offer.call({ name: 'move', arguments: { source: 'a', what: 'b', [name]: value } }, context);
    expect(parts.catalog.listing('notes')).toBeUndefined();
    await expect(ask('/etc/passwd')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect(await ask(join(folder, 'x'))).toMatchObject({ content: [{ text: expect.stringContaining('x') }] });
  },
);

test('#52 a call that is refused starts nothing', async () => {
  const { gateway, call } = await gatewayWithWorkspace();
  const { pool, discovery } = await gateway.open();
  await discovery.ensureListed('notes', {});
  await pool.stop('notes', 'the test wants it cold');
  const states: string[] = [];
  const watch = setInterval(() => states.push(pool.state('notes').kind), 1);
  onTestFinished(() => clearInterval(watch));
  const { isError } = await call('use_tool', { server: 'notes', tool: 'echo', params: { text: '/etc/passwd' } });
  expect(isError).toBe(true);
  expect(pool.state('notes').kind).toBe('stopped');
  expect(new Set(states).has('starting')).toBe(false);
});

test('arguments that the entry takes out are left alone', async () => {
  const { call } = await gatewayWithWorkspace({ paths: ['text', '!text'] });
  const { isError } = await call('use_tool', { server: 'notes', tool: 'echo', params: { text: '/etc/passwd' } });
  expect(isError).toBe(false);
});

test('#52 each principal has a folder of its own, and no way into that of another', async () => {
  const { call, folder } = await gatewayWithWorkspace({ workspace: { folder: 'notes', per: 'principal' } });
  const as = (id: string) => ({ principal: { id, kind: 'api-key' as const, groups: [] } });
  const ask = (id: string, text: string) =>
    call('use_tool', { server: 'notes', tool: 'echo', params: { text } }, as(id));
  for (const id of ['key:ann', 'key:Ann']) expect((await ask(id, 'mine.txt')).isError).toBe(false);
  const [ann = '', other = ''] = ['key:ann', 'key:Ann'].map((id) => join(folder, principalFolder(id)));
  expect(ann.toLowerCase()).not.toBe(other.toLowerCase());
  for (const own of [ann, other]) expect(existsSync(own)).toBe(true);
  expect((await ask('key:ann', join(ann, 'x'))).isError).toBe(false);
  expect((await ask('key:ann', join(other, 'x'))).text).toContain('leads out of the workspace');
  expect((await ask('key:ann', `../${principalFolder('key:Ann')}/x`)).isError).toBe(true);
});
