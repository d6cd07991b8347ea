/** Servers are added, switched and removed from the command line, and the commented file survives it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const COMMENTED = '# my servers\nservers:\n  # stays\n  old: {command: "true", enabled: false} # really\n';

function configFile(text = COMMENTED): string {
  const file = join(tempDir(), 'tooldex.yaml');
  writeFileSync(file, text);
  return file;
}

describe('tooldex add, disable, enable, remove', () => {
  it('take a server that runs through its whole life, and leave the file as it was', async () => {
    const config = configFile();
    const { command = '', args = [] } = fixtureServer('well-behaved');
    const added = await runCli(['add', 'well', '--config', config, '--command', command, '--', ...args]);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('added well') });
    const found = await runCli(['call', 'well:add', '{"a":1,"b":2}', '--config', config]);
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('3') });
    expect((await runCli(['disable', 'well', '--config', config])).code).toBe(0);
    expect((await runCli(['list', '--config', config])).stdout).toBe('old   disabled\nwell  disabled\n');
    expect(await runCli(['list', 'well', '--config', config])).toMatchObject({
      code: 0,
      stdout: 'well: disabled; "tooldex enable well" switches it on\n',
    });
    expect(await runCli(['changes', 'well', '--config', config])).toMatchObject({ code: 0 });
    expect((await runCli(['enable', 'well', '--config', config])).code).toBe(0);
    expect((await runCli(['list', '--config', config])).stdout).toContain('well');
    expect((await runCli(['remove', 'well', '--config', config])).code).toBe(0);
    expect(readFileSync(config, 'utf8')).toBe(COMMENTED);
  });

  it('write no secret: it becomes a reference, and the server waits until the variable is set', async () => {
    const config = configFile();
    const secret = 'a-very-secret-value';
    const flags = ['--config', config, '--command', 'true', '--env', `API_TOKEN=${secret}`, 'LEVEL=debug'];
    const added = await runCli(['add', 'tracker', ...flags], { env: { API_TOKEN: undefined } });
    expect(added.code).toBe(0);
    expect(added.stdout + added.stderr + readFileSync(config, 'utf8')).not.toContain(secret);
    expect(added.stderr).toContain('set API_TOKEN in the environment of Tooldex, then "tooldex enable tracker"');
    const early = await runCli(['enable', 'tracker', '--config', config], { env: { API_TOKEN: undefined } });
    expect(early).toMatchObject({ code: 78, stderr: expect.stringContaining('API_TOKEN is not set') });
    const enabled = await runCli(['enable', 'tracker', '--config', config], { env: { API_TOKEN: secret } });
    expect(enabled.code).toBe(0);
    expect(readFileSync(config, 'utf8')).toContain('API_TOKEN: ${env:API_TOKEN}');
  });

  it('read the server.json of the MCP Registry', async () => {
    const config = configFile();
    const from = join(tempDir(), 'server.json');
    const packages = [{ registryType: 'npm', identifier: '@acme/x', version: '1.0.0', transport: { type: 'stdio' } }];
    writeFileSync(from, JSON.stringify({ name: 'io.github.acme/x', description: 'Does x', packages }));
    const added = await runCli(['add', 'x', '--config', config, '--from', from, '--json']);
    expect(JSON.parse(added.stdout)).toMatchObject({
      entry: { description: 'Does x', command: 'npx', args: ['-y', '@acme/x@1.0.0'] },
      written: true,
    });
    expect(readFileSync(config, 'utf8')).toContain('args: [-y, "@acme/x@1.0.0"]');
  });

  it('refuse what would not load, and write nothing', async () => {
    const config = configFile();
    const refused = await runCli(['add', 'x', '--config', config, '--command', 'true', '--network', 'bridge']);
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('inert key "network"') });
    expect((await runCli(['add', 'x', '--config', config])).code).toBe(64);
    expect((await runCli(['add', 'x', '--config', config, '--url', 'https://x.test', '--dry-run'])).code).toBe(0);
    expect(readFileSync(config, 'utf8')).toBe(COMMENTED);
  });
});
