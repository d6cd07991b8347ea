/** What Windows would do, as far as that can be seen from here: how commands are found there, and how a tree is ended. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endFamily } from '../../../src/runtimes/native/kill-ladder.ts';
import { findOnPath } from '../../../src/runtimes/packages/find-npm.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** What cross-spawn decides before it starts anything; exported for tests. */
interface Parses {
  _parse(command: string, args: string[], options: object): { readonly command: string; readonly args: string[] };
}

const platform = process.platform;
const setPlatform = (value: NodeJS.Platform) => Object.defineProperty(process, 'platform', { value });

afterEach(() => {
  setPlatform(platform);
  vi.unstubAllEnvs();
  vi.resetModules();
});

function folderWith(...names: string[]): string {
  const folder = tempDir('bin');
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), '@echo off\n', { mode: 0o755 });
  return folder;
}

describe('on Windows', () => {
  it('a command is found with the endings of PATHEXT, in their order', async () => {
    const folder = folderWith('uv.CMD', 'uv.EXE', 'tool.CMD', 'plain');
    const env = { Path: folder, PATHEXT: '.EXE;.CMD' };
    setPlatform('win32');
    expect(await findOnPath('uv', env)).toBe(join(folder, 'uv.EXE'));
    expect(await findOnPath('tool', env)).toBe(join(folder, 'tool.CMD'));
    expect(await findOnPath('plain', env)).toBeUndefined();
  });

  it('#3 a .cmd goes through cmd.exe, with nothing in its arguments that cmd.exe could read', async () => {
    const folder = folderWith('tool.CMD');
    setPlatform('win32');
    vi.resetModules();
    const { default: spawn } = await import('cross-spawn');
    const env = { PATH: folder, PATHEXT: '.EXE;.CMD', comspec: 'cmd.exe' };
    const { command, args } = (spawn as typeof spawn & Parses)._parse(
      join(folder, 'tool.CMD'),
      ['a b', '%PATH%', 'x & del', '"'],
      { env },
    );
    expect([command, ...args.slice(0, 3)]).toEqual(['cmd.exe', '/d', '/s', '/c']);
    const line = args.at(3) ?? '';
    expect(line.replace(/\^./g, '')).not.toMatch(/[%&|<>]/);
    expect(line).toContain('^%PATH^%');
  });

  it('#11 a tree is ended by taskkill, by the pid of its root', async () => {
    const folder = tempDir('bin');
    const fake = join(folder, 'taskkill');
    writeFileSync(fake, `#!/bin/sh\necho "$@" >${folder}/asked\n`);
    chmodSync(fake, 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
    setPlatform('win32');
    expect(await endFamily({ group: 4711 }, 100)).toBe(true);
    expect(existsSync(join(folder, 'asked'))).toBe(true);
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('/pid 4711 /T /F\n');
  });
});
