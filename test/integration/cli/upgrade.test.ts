/** Newer versions of packages are looked at before they are taken, with a real npm and a registry on this machine. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { installedPackages, runCommand } from '../../helpers/command.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { type VersionedRegistry, versionedRegistry } from '../../helpers/versioned-registry.ts';

const [fixture = ''] = fixtureServer('changes-its-tools').args;
const CLI = `#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
process.argv.push('--tools', fileURLToPath(new URL('tools.json', import.meta.url)));
await import(${JSON.stringify(fixture)});
`;
const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: 'object' } });
const OLD = [tool('paint', 'Paints'), tool('burn', 'Burns')];
const NEW = [tool('paint', 'Paints\u200B well'), tool('frame', 'Frames')];

let registry: VersionedRegistry;
let dataDir = '';
let config = '';
let env: NodeJS.ProcessEnv = {};
beforeEach(async () => {
  const folder = tempDir('upgrade');
  dataDir = join(folder, 'data');
  config = join(folder, 'tooldex.yaml');
  env = { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_fetch_retries: '0' };
  registry = await versionedRegistry('paints');
});

const publish = (version: string, tools: object[], cli = CLI) =>
  registry.publish(version, { 'cli.mjs': cli, 'tools.json': JSON.stringify(tools) });
const configure = (spec: string) =>
  writeFileSync(
    config,
    `# mine\nservers:\n  art:\n    command: npx # no global one\n    args:\n      - --registry=${registry.url}\n      - -y\n      - "${spec}" # keep me\n  plain: {command: "true"}\n  clock: {command: uvx, args: [clock], enabled: false}\n`,
  );

const tooldex = (...argv: string[]) => runCommand([...argv, '--config', config, '--data-dir', dataDir], env);
const installed = () => installedPackages(dataDir, 'npm');
const trials = () => readdirSync(join(dataDir, 'upgrades'));

describe('tooldex upgrade', () => {
  it('shows what a newer version changes, and takes it with --write only, where the version is left open', async () => {
    publish('1.9.0', OLD);
    configure('paints');
    expect(await tooldex('index', 'art')).toMatchObject({ code: 0 });
    expect(await tooldex('upgrade', 'art')).toMatchObject({
      code: 0,
      stdout: 'art: 1.9.0 is installed, nothing newer\n',
    });

    publish('1.10.0', NEW);
    const before = readFileSync(config, 'utf8');
    const preview = await tooldex('upgrade');
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.stdout).toBe(
      [
        'art: 1.9.0 -> 1.10.0',
        '  + frame: new',
        '  - burn: gone',
        '  ~ paint: changed',
        '      ! 1 invisible characters, written as \\u{...} here',
        '      - description: "Paints"',
        '      + description: "Paints\\u{200B} well"',
        '',
      ].join('\n'),
    );
    expect(preview.stderr).toContain('--write upgrades');
    expect([installed(), trials()]).toEqual([['paints@1.9.0'], []]);

    const written = JSON.parse((await tooldex('upgrade', 'art', '--write', '--json')).stdout);
    expect(written).toMatchObject({ servers: [{ server: 'art', from: '1.9.0', to: '1.10.0', written: true }] });
    expect([installed(), trials()]).toEqual([['paints@1.10.0'], []]);
    expect(readFileSync(config, 'utf8')).toBe(before);
    registry.close();
    expect(await tooldex('index', 'art')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 new') });
    expect((await tooldex('list', 'art')).stdout).toContain('frame');
  });

  it('writes the newer version into the file where one is pinned, and leaves the rest of it as it was', async () => {
    publish('1.0.0', OLD);
    configure('paints@1.0.0');
    await tooldex('index', 'art');
    publish('2.0.0', OLD);
    const before = readFileSync(config, 'utf8');
    const preview = await tooldex('upgrade', 'art');
    expect(preview.stdout).toBe('art: 1.0.0 -> 2.0.0\n  its tools stay the same\n');
    expect([installed(), readFileSync(config, 'utf8')]).toEqual([['paints@1.0.0'], before]);

    expect(await tooldex('upgrade', 'art', '--write')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('one that serves this file takes it up by itself'),
    });
    expect(readFileSync(config, 'utf8')).toBe(before.replace('paints@1.0.0', 'paints@2.0.0'));
    registry.close();
    expect(await tooldex('index', 'art')).toMatchObject({ code: 0 });
    expect(installed()).toContain('paints@2.0.0');
  });

  it('keeps what is installed when the newer version does not start', async () => {
    publish('1.0.0', OLD);
    configure('paints');
    await tooldex('index', 'art');
    publish('1.1.0', NEW, '#!/usr/bin/env node\nconsole.error("broken build"); process.exit(3);\n');
    const refused = await tooldex('upgrade', 'art', '--write');
    expect(refused).toMatchObject({ stdout: '', stderr: expect.stringContaining('broken build') });
    expect(refused.code).not.toBe(0);
    expect([installed(), trials()]).toEqual([['paints@1.0.0'], []]);
  });

  it('never goes back to an older version', async () => {
    publish('2.0.0', OLD);
    configure('paints@2.0.0');
    await tooldex('index', 'art');
    publish('1.5.0', NEW);
    expect((await tooldex('upgrade', 'art', '--write')).stdout).toBe(
      'art: 2.0.0 is installed, nothing newer (there is 1.5.0)\n',
    );
    expect(installed()).toEqual(['paints@2.0.0']);
  });

  it('says what cannot be upgraded, and why', async () => {
    publish('1.0.0', OLD);
    configure('paints');
    const said = async (server: string) => (await tooldex('upgrade', server)).stderr;
    expect(await said('art')).toContain('paints is not installed yet');
    expect(await said('plain')).toContain('plain: it runs no package');
    expect(await said('clock')).toContain('clock: it is disabled');
    expect(await said('arts')).toContain('did you mean "art"?');
    await tooldex('index', 'art');
    registry.close();
    expect(await said('art')).toContain('the registry cannot be reached');
    expect([installed(), trials()]).toEqual([['paints@1.0.0'], []]);
    const several = await tooldex('upgrade', 'plain', 'clock');
    expect(several).toMatchObject({ code: 1, stdout: expect.stringMatching(/^failed plain: .*\n.*\nfailed clock: /) });
  });
});
