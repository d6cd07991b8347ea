/** Newer versions of Python packages are looked at before they are taken, with a real pip and uv and an index on this machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { installedPackages, runCommand } from '../../helpers/command.ts';
import {
  type PythonIndex,
  pythonIndex,
  pythonInstallers,
  pythonServer,
  withInstaller,
} from '../../helpers/python-index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: 'object' } });
const OLD = [tool('tell', 'Tells the time')];
const NEW = [tool('tell', 'Tells the time anywhere'), tool('convert', 'Converts')];

const installers = pythonInstallers();

describe.each(installers)('tooldex upgrade, with %s,', (installer) => {
  let index: PythonIndex;
  let dataDir = '';
  let config = '';
  let env: Record<string, string> = {};
  beforeEach(async () => {
    dataDir = tempDir('data');
    config = join(tempDir('config'), 'tooldex.yaml');
    index = await pythonIndex();
    env = withInstaller(installer, index.url);
  });

  const publish = (version: string, tools: object[]) =>
    index.publish({ name: 'clock', version, source: pythonServer(tools) });
  const configure = (words: string) =>
    writeFileSync(config, `# mine\nservers:\n  clock:\n    command: uvx\n    args: [${words}] # keep me\n`);

  const tooldex = (...argv: string[]) => runCommand([...argv, '--config', config, '--data-dir', dataDir], env);
  const installed = () => installedPackages(dataDir, 'pypi');

  it('shows what a newer version changes, and takes it with --write only, where the version is left open', async () => {
    publish('2026.9.1', OLD);
    configure('clock');
    expect(await tooldex('index', 'clock')).toMatchObject({ code: 0 });
    publish('2026.10.1', NEW);
    publish('2026.11.0rc1', NEW);
    const preview = await tooldex('upgrade');
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.stdout).toBe(
      [
        'clock: 2026.9.1 -> 2026.10.1',
        '  + convert: new',
        '  ~ tell: changed',
        '      - description: "Tells the time"',
        '      + description: "Tells the time anywhere"',
        '',
      ].join('\n'),
    );
    expect(installed()).toEqual(['clock@2026.9.1']);
    expect((await tooldex('upgrade', 'clock', '--write')).code).toBe(0);
    expect(installed()).toEqual(['clock@2026.10.1']);
    index.close();
    expect(await tooldex('index', 'clock')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 new') });
    expect((await tooldex('list', 'clock')).stdout).toContain('convert');
  });

  // What follows is the same for both, and pip takes its time.
  const itOnce = it.runIf(installer === installers.at(-1));

  itOnce.each([
    ['clock@1.0', 'clock@1.1'],
    ['--from, "clock==1.0", clock', '--from, "clock==1.1", clock'],
  ])('writes the newer version into the file where one is pinned: %s', async (before, after) => {
    publish('1.0', OLD);
    configure(before);
    expect((await tooldex('index', 'clock')).code).toBe(0);
    publish('1.1', OLD);
    const text = readFileSync(config, 'utf8');
    expect((await tooldex('upgrade', 'clock')).stdout).toBe('clock: 1.0 -> 1.1\n  its tools stay the same\n');
    expect(readFileSync(config, 'utf8')).toBe(text);
    expect((await tooldex('upgrade', 'clock', '--write')).code).toBe(0);
    expect(readFileSync(config, 'utf8')).toBe(text.replace(before, after));
    index.close();
    expect((await tooldex('index', 'clock')).code).toBe(0);
    expect(installed()).toContain('clock@1.1');
  });

  itOnce('never goes back to an older version, nor to one that is not released yet', async () => {
    publish('1.0', OLD);
    configure('clock@1.0');
    await tooldex('index', 'clock');
    publish('0.9', NEW);
    publish('2.0a1', NEW);
    expect((await tooldex('upgrade', 'clock', '--write')).stdout).toBe('clock: 1.0 is installed, nothing newer\n');
  });
});
