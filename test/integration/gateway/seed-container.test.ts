/** The configuration that the product began with runs as it stands: a container, a package, a script, by `use_tool`. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createGateway } from '../../../src/gateway.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { engineForTests, importServerImage } from '../../helpers/container-engine.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { installedOutside } from '../../helpers/npm.ts';
import { npmUnreachable } from '../../helpers/npm-reachable.ts';
import { SEED } from '../../helpers/seed-config.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const SERVER = '@modelcontextprotocol/server-filesystem@2026.8.31';
/** What npm really has in place of the package that the seed names, which was never published there. */
const REAL_GIT = '@cyanheads/git-mcp-server@2.15.3';

const docker = await engineForTests();
const canRun = docker && process.getuid?.() === 0 && !existsSync('/workspaces') && !existsSync('/tools');
if (docker && !canRun)
  process.stderr.write('skipped: /workspaces and /tools can only be made by root, where they are not\n');
const isOffline = canRun ? (await npmUnreachable()) !== undefined : true;

/** A script of the folder that is mounted from outside; the server in it answers as `name`. */
function writeScript(name: string): void {
  const { command, args } = fixtureServer('well-behaved', '--name', name);
  const line = [command, ...args].map((word) => `'${word}'`).join(' ');
  writeFileSync('/tools/meu-script.sh', `#!/bin/sh\necho ${name} > /tools/last\nexec ${line}\n`);
  chmodSync('/tools/meu-script.sh', 0o755);
}

async function open(text: string) {
  const folder = tempDir('seed');
  const file = join(folder, 'tooldex.yaml');
  writeFileSync(file, text);
  const config = await loadConfig({ file, env: process.env, dataDirDefault: join(folder, 'data') });
  const gateway = createGateway({
    config,
    version: '0.0.0',
    env: process.env,
    modelFolder: folder,
    log: () => undefined,
  });
  onTestFinished(() => gateway.close());
  return {
    gateway,
    async use(server: string, tool: string, params: JsonObject) {
      const context = { principal: LOCAL, signal: new AbortController().signal };
      const result = await gateway.calls.call('use_tool', { server, tool, params }, context);
      return JSON.stringify(result);
    },
  };
}

describe.skipIf(isOffline)('the block that the product began with', () => {
  beforeAll(async () => {
    mkdirSync('/workspaces');
    mkdirSync('/tools');
    writeFileSync('/workspaces/hello.txt', 'hello from outside');
    writeScript('first');
    const folder = await installedOutside(SERVER);
    const script = 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js';
    if (docker) await importServerImage(docker, 'mcp/filesystem', { folder, script });
  }, 120_000);

  afterAll(async () => {
    await docker?.getImage('mcp/filesystem').remove({ force: true });
    for (const folder of ['/workspaces', '/tools']) rmSync(folder, { recursive: true, force: true });
  });

  test('fs reads and writes in its container, which is gone after each call', async () => {
    const { use } = await open(SEED);
    expect(await use('fs', 'read_text_file', { path: '/workspaces/hello.txt' })).toContain('hello from outside');
    await use('fs', 'write_file', { path: '/workspaces/made.txt', content: 'made inside' });
    expect(readFileSync('/workspaces/made.txt', 'utf8')).toBe('made inside');
    expect(await use('fs', 'read_text_file', { path: '/workspaces/../etc/hostname' })).toContain('is not allowed');
    const filters = { label: ['io.tooldex.server=fs'] };
    await expect.poll(() => docker?.listContainers({ all: true, filters }), { timeout: 20_000 }).toEqual([]);
  }, 120_000);

  test('my-script is started once and kept; when the file changes, the next start takes the new one', async () => {
    const { gateway, use } = await open(SEED);
    expect(await use('my-script', 'echo', { text: 'one' })).toContain('one');
    expect(await use('my-script', 'echo', { text: 'two' })).toContain('two');
    expect(readFileSync('/tools/last', 'utf8')).toBe('first\n');
    writeScript('second');
    const { pool } = await gateway.open();
    await pool.stop('my-script', 'the script has changed');
    expect(await use('my-script', 'echo', { text: 'three' })).toContain('three');
    expect(readFileSync('/tools/last', 'utf8')).toBe('second\n');
  }, 120_000);

  test('git: npm has no package of that name, and the answer says so', async () => {
    const { use } = await open(SEED);
    const said = await use('git', 'git_status', {});
    expect(said).toContain('the registry has no such package');
  }, 120_000);

  test('git: with a package that there is, npx installs it once and it runs', async () => {
    const { gateway, use } = await open(SEED.replace('@modelcontextprotocol/server-git', REAL_GIT));
    const parts = await gateway.open();
    await parts.discovery.ensureListed('git', {});
    expect(parts.catalog.toolNames('git')).toContain('git_status');
    mkdirSync('/workspaces/repository', { recursive: true });
    expect(await use('git', 'git_init', { path: '/workspaces/repository' })).not.toContain('"isError":true');
    expect(existsSync('/workspaces/repository/.git')).toBe(true);
  }, 180_000);
});
