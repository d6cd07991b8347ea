/** Which file, and where its data go. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { locateConfig } from '../../../src/config/locate-config.ts';
import { temporaryFolder, writeConfig } from './config-files.ts';

const INSTALLED = '/usr/lib/node_modules/tooldex';
const env = { HOME: '/home/u' };

test('a checkout has its own file and its own data, wherever it is called from', () => {
  expect(locateConfig({ cwd: '/elsewhere', env, packageRoot: '/src/tooldex' })).toEqual({
    file: '/src/tooldex/config/tooldex.yaml',
    dataDirDefault: '/src/tooldex/.tooldex',
  });
  expect(
    locateConfig({ config: 'config/examples/seed.yaml', cwd: '/src/tooldex', env, packageRoot: '/src/tooldex' }),
  ).toEqual({
    file: '/src/tooldex/config/examples/seed.yaml',
    dataDirDefault: '/src/tooldex/.tooldex',
  });
});

test('an installed one takes the packaged file when the user has none', () => {
  expect(locateConfig({ cwd: '/w', env, packageRoot: INSTALLED })).toEqual({
    file: `${INSTALLED}/config/tooldex.yaml`,
    dataDirDefault: '/home/u/.local/share/tooldex',
  });
});

test("an installed one takes the user's file", () => {
  const XDG_CONFIG_HOME = temporaryFolder();
  const file = writeConfig('', 'tooldex/tooldex.yaml', XDG_CONFIG_HOME);
  const xdg = { ...env, XDG_CONFIG_HOME, XDG_DATA_HOME: '/xdg/data' };
  const expected = { file, dataDirDefault: '/xdg/data/tooldex' };
  expect(locateConfig({ cwd: '/w', env: xdg, packageRoot: INSTALLED })).toEqual(expected);
  expect(locateConfig({ config: file, cwd: '/w', env: xdg, packageRoot: INSTALLED })).toEqual(expected);
});

test('any other file has its data beside it', () => {
  const located = (config: string) => locateConfig({ config, cwd: '/w', env, packageRoot: INSTALLED });
  expect(located('my.yaml')).toEqual({ file: '/w/my.yaml', dataDirDefault: '/w/.tooldex' });
  expect(located('~/c/my.yaml')).toEqual({ file: '/home/u/c/my.yaml', dataDirDefault: '/home/u/c/.tooldex' });
  expect(located('/etc/tooldex.yaml')).toEqual({ file: '/etc/tooldex.yaml', dataDirDefault: '/etc/.tooldex' });
});

test('a file of the working folder is never taken by itself', () => {
  const cwd = temporaryFolder();
  writeConfig('', 'tooldex.yaml', cwd);
  writeConfig('', 'config/tooldex.yaml', cwd);
  expect(locateConfig({ cwd, env, packageRoot: INSTALLED }).file).toBe(join(INSTALLED, 'config/tooldex.yaml'));
});
