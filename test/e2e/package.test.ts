/** The package as a user gets it: packed, installed elsewhere, started by npx, without this checkout. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { npm, plainNpmEnvironment } from '../helpers/npm.ts';
import { npmUnreachable } from '../helpers/npm-reachable.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const unreachable = await npmUnreachable();
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe.skipIf(unreachable)('the packed package', () => {
  const place = makeTempDir('package');
  const home = join(place.path, 'home');
  const project = join(place.path, 'project');
  const config = join(project, 'tooldex.yaml');
  let tarball: string;

  const env = () => ({ ...plainNpmEnvironment(), HOME: home, XDG_CACHE_HOME: undefined });
  const npx = (...args: string[]) =>
    promisify(execFile)('npx', ['--yes', '--package', tarball, 'tooldex', ...args], { cwd: project, env: env() });

  beforeAll(async () => {
    mkdirSync(home);
    mkdirSync(project);
    const { stdout } = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', place.path], ROOT);
    tarball = join(place.path, JSON.parse(stdout)[0].filename);
    writeFileSync(config, JSON.stringify({ servers: { good: fixtureServer('well-behaved') } }));
  });
  afterAll(() => place.remove());

  it('holds what runs and what must go with it, and no sources', async () => {
    const { stdout } = await promisify(execFile)('tar', ['-tzf', tarball]);
    const files = stdout.trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining(
        [
          'dist/main.cjs',
          'dist/tooldex.cjs',
          ...readdirSync(join(ROOT, 'dist/lib'))
            .filter((file) => file.endsWith('.cjs'))
            .map((file) => `dist/lib/${file}`),
          'dist/lib/encoder-model.cjs',
          'dist/lib/encoder-program.cjs',
          'dist/lib/transformers-program.cjs',
          'index/model/encoder.bin',
          'index/model/static.bin',
          'dist/THIRD-PARTY-LICENSES.txt',
          'config/tooldex.yaml',
          'LICENSE',
          'README.md',
        ].map((file) => `package/${file}`),
      ),
    );
    expect(files.filter((file) => /\.map$|\.ts$|dist\/cache/.test(file))).toEqual([]);
  });

  it('runs with npx', async () => {
    expect((await npx('--version')).stdout.trim()).toBe(version);
    const { stdout } = await npx(
      'call',
      'good:add',
      '{"a":40,"b":2}',
      '--config',
      config,
      '--data-dir',
      join(home, 'data'),
    );
    expect(stdout.trim()).toBe('42');
  });

  it('is installed and launched by a client', async () => {
    await npm(['install', '--no-audit', '--no-fund', tarball], project);
    const bin = join(project, 'node_modules/.bin/tooldex');
    expect(existsSync(bin)).toBe(true);
    const args = ['stdio', '--config', config, '--data-dir', join(home, 'other-data')];
    await using client = await connectClient('v2-auto', { command: bin, args, cwd: project });
    expect((await client.listTools()).map(({ name }) => name)).toEqual([
      'search_mcp_server',
      'add_mcp_server',
      'use_tool',
    ]);
    const { content } = await client.callTool('use_tool', { mcp_tool_name: 'good:echo', params: { text: 'packed' } });
    expect(content).toEqual([{ type: 'text', text: 'packed' }]);
  });

  it('checks its default configuration', async () => {
    const { stdout } = await npx('check', '--data-dir', join(home, 'data'));
    expect(stdout).toMatch(/filesystem/);
  });
});
