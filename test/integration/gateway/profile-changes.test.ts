/** A direct profile tells its clients when its lists are others, where they can be told: on standard input and output, and in 2026-07-28. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { BIN } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { modern, serveRelay } from '../http/relay-gateway.ts';

const profileOf = (...allow: string[]) => ({ p: { servers: ['one'], tools: { allow }, exposure: 'direct' } });

it('over standard input and output, after a reload', async () => {
  const folder = tempDir('changes');
  const file = join(folder, 'tooldex.yaml');
  const write = (...allow: string[]) =>
    writeFileSync(
      file,
      JSON.stringify({ servers: { one: fixtureServer('well-behaved') }, profiles: profileOf(...allow) }),
    );
  write('echo');
  const args = [BIN, 'stdio', '--config', file, '--data-dir', join(folder, 'data'), '--profile', 'p'];
  const client = new Client({ name: 'tests', version: '1' });
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  // Asked for only when there is word of a change.
  const listed: string[][] = [];
  client.setNotificationHandler(ToolListChangedNotificationSchema, async () => void listed.push(await names()));
  const env = { ...process.env } as Record<string, string>;
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' }));
  try {
    expect(client.getServerCapabilities()).toMatchObject({ tools: { listChanged: true } });
    expect(await names()).toEqual(['echo']);
    write('echo', 'add');
    await expect.poll(() => listed.at(-1)).toEqual(['echo', 'add']);
  } finally {
    await client.close();
  }
});

it('to a listener of 2026-07-28, after a reload and after a server was listed anew', async () => {
  const tools = join(tempDir(), 'tools.json');
  writeFileSync(tools, JSON.stringify(['first']));
  const served = await serveRelay(
    { one: { fixture: 'changes-its-tools', args: ['--tools', tools] } },
    { profiles: profileOf('*') },
  );
  const c = served.client('p');
  await served.ask('/api/servers/one/index', { method: 'POST', headers: { 'content-type': 'application/json' } });
  const { params, headers } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params });
  const stream = await c.stream(headers, { method: 'POST', body });
  expect((await stream.next()).message).toMatchObject({
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { toolsListChanged: true } },
  });
  const changed = { method: 'notifications/tools/list_changed' };
  writeFileSync(tools, JSON.stringify(['second']));
  await served.ask('/api/servers/one/index', { method: 'POST', headers: { 'content-type': 'application/json' } });
  expect((await stream.next()).message).toMatchObject(changed);
  const { file } = served.config.source;
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), profiles: profileOf('sec*') }));
  expect((await stream.next()).message).toMatchObject(changed);
  stream.close();
});
