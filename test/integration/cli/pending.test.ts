/** An agent asks a served gateway for a server; an admin decides in a terminal, and the gateway that runs follows. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, serveGateway } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const { command, args } = fixtureServer('well-behaved');

async function serve() {
  const config = join(tempDir(), 'tooldex.yaml');
  writeFileSync(config, 'add_servers: approval\nservers: {}\n');
  const tooldex = (...given: string[]) => runCli([...given, '--config', config]);
  const gateway = await serveGateway(['--config', config]);
  const call = async (name: string, given: object): Promise<string> => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } });
    return (await fetch(gateway.url, { method: 'POST', headers, body })).text();
  };
  return { tooldex, gateway, call };
}

it('tooldex pending shows what agents asked for, approve lets it into the running gateway, reject takes it out', async () => {
  const { tooldex, gateway, call } = await serve();
  await using _ = gateway;
  expect((await tooldex('pending')).stdout).toBe('no server waits for approval\n');
  const ask = (word: string) =>
    call('add_mcp_server', { mcp_server_name: 'mine', config: { command, args, description: word } });
  expect(await ask('one \u001B[8m')).toContain('tooldex approve mine');
  const shown = await tooldex('pending');
  expect(shown.stdout).toMatch(/^mine [0-9a-f]{8}: asked for by local at \d{4}-/);
  expect(shown.stdout).toContain(`  args: ${JSON.stringify(args)}\n`);
  expect(shown.stdout).toContain('description: "one \\u001b[8m"');

  await ask('two');
  expect((await tooldex('pending')).stdout).toContain('changed since it was first asked for');
  const blind = await tooldex('approve', 'mine');
  expect(blind).toMatchObject({ code: 64, stderr: expect.stringContaining('--id') });
  const [{ id }] = JSON.parse((await tooldex('pending', '--json')).stdout).pending;
  // In the data folder, where the gateway that runs looks for itself.
  expect(await tooldex('approve', 'mine', '--id', id, '--no-gateway')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^approved mine: \{"command":/),
  });
  await expect.poll(() => call('search_mcp_server', { task_description: 'add two numbers' })).toContain('## mine');
  expect(await call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).toContain('"2"');

  expect(await tooldex('reject', 'mine')).toMatchObject({ code: 0, stdout: 'removed mine\n' });
  expect(await call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).toContain('SERVER_UNKNOWN');
  expect(await tooldex('reject', 'mine')).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('no server waits'),
  });
});

it('acts on the gateway that runs, which lists what it lets in', async () => {
  const { tooldex, gateway, call } = await serve();
  await using _ = gateway;
  await call('add_mcp_server', { mcp_server_name: 'mine', config: { command, args } });
  const { gateway: url, pending } = JSON.parse((await tooldex('pending', '--json')).stdout);
  expect([url, pending]).toMatchObject([expect.stringContaining('http://127.0.0.1:'), [{ name: 'mine' }]]);
  const approved = await tooldex('approve', 'mine', '--json');
  expect(JSON.parse(approved.stdout)).toMatchObject({ server: 'mine', gateway: url });
  expect(approved.stderr).toContain('its tools are being listed');
  expect(await call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).toContain('"2"');
  const again = await tooldex('approve', 'mine');
  expect(again).toMatchObject({ code: 65, stderr: expect.stringContaining('nothing of mine waits') });
});
