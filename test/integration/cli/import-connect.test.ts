/** From a client's file into the configuration, and Tooldex into a client's file, from the command line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { CLIENTS } from '../../../src/config/client-files.ts';
import { runCli } from '../../helpers/cli.ts';
import { writeClientFixture } from '../../helpers/client-fixture.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { connectClient } from '../../helpers/mcp-client.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const OWN = '# mine\nservers: {}\n';

it('#71 imports the servers of a client after a preview, without its secrets, and leaves its file alone', async () => {
  const folder = tempDir();
  const [config, file] = [join(folder, 'tooldex.yaml'), join(folder, 'mcp.json')];
  const text = `{ // mine\n"mcpServers": {"well": ${JSON.stringify(fixtureServer('well-behaved'))},
    "secret": {"command": "true", "env": {"A_TOKEN": "hidden-value"}}, "none": {}, "bad": {"command": "a b"}}}`;
  writeFileSync(config, OWN);
  writeFileSync(file, text);
  const flags = ['import', '--from', 'cursor', '--file', file, '--config', config];
  const preview = await runCli(flags, { env: { A_TOKEN: undefined } });
  expect(preview).toMatchObject({ code: 0, stderr: expect.stringContaining('--write adds them') });
  expect(preview.stdout).toMatch(/\+ well: .*\n\+ secret: .*\n- none: .*\n- bad: .*no blanks/);
  expect(readFileSync(config, 'utf8')).toBe(OWN);
  const written = await runCli([...flags, '--write'], { env: { A_TOKEN: undefined } });
  expect(written.stderr).toContain('set A_TOKEN in the environment');
  expect(written.stderr).toContain('one that serves this file takes it up by itself');
  const result = readFileSync(config, 'utf8');
  expect(result).toContain('# mine');
  expect(result + written.stdout + preview.stdout).not.toContain('hidden-value');
  expect(readFileSync(file, 'utf8')).toBe(text);
  const called = await runCli(['call', 'well:add', '{"a":1,"b":2}', '--config', config]);
  expect(called).toMatchObject({ code: 0, stdout: expect.stringContaining('3') });
  const again = JSON.parse((await runCli([...flags, '--json'])).stdout);
  expect(again).toMatchObject({ servers: [], written: false });
});

it('#71 connects a client with an entry that starts, and undoes it', async () => {
  const folder = tempDir();
  const [config, file] = [join(folder, 'tooldex.yaml'), join(folder, 'mcp.json')];
  writeFileSync(config, OWN);
  writeFileSync(file, '{}\n');
  const connected = await runCli(['connect', 'cursor', '--file', file, '--config', config]);
  expect(connected).toMatchObject({ code: 0, stdout: expect.stringContaining('wrote Tooldex into') });
  const { command, args } = JSON.parse(readFileSync(file, 'utf8')).mcpServers.tooldex;
  expect(args).toEqual([resolve('dist/main.cjs'), 'stdio', '--config', config]);
  await using client = await connectClient('v1', { command, args });
  expect((await client.listTools()).map(({ name }) => name)).toContain('use_tool');
  expect((await runCli(['connect', 'cursor', '--file', file, '--undo'])).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('{}\n');
  expect((await runCli(['connect', 'nobody'])).code).toBe(64);
});

it('#71 takes over what runs of all clients into one file, where all of it runs', { timeout: 180_000 }, async () => {
  const folder = tempDir();
  const config = join(folder, 'tooldex.yaml');
  writeFileSync(config, OWN);
  const variables = { API_KEY: 'x', USER_NAME: 'ada' };
  for (const client of CLIENTS) {
    const { file, text } = writeClientFixture(client, folder);
    const flags = ['import', '--from', client, '--file', file, '--config', config, '--write'];
    expect(await runCli(flags, { env: variables })).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
  const wanted = CLIENTS.map((client) => `from-${client}`);
  const indexed = await runCli(['index', ...wanted, '--json', '--config', config], { env: variables });
  const { servers } = JSON.parse(indexed.stdout) as { servers: { server: string; tools: number }[] };
  expect(servers.map(({ server }) => server).sort()).toEqual([...wanted].sort());
  expect(servers.every(({ tools }) => tools > 5)).toBe(true);
});
