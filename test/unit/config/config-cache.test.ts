/** A file that was valid before costs no parser and no schema, and never means anything else than what it says. */
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { loadConfig, loadConfigCached } from '../../../src/config/load-config.ts';
import { only, temporaryFolder, writeConfig } from './config-files.ts';

const thorough = vi.hoisted(() => ({ readings: 0 }));
vi.mock('../../../src/config/read-document.ts', async (original) => {
  const real = await original<typeof import('../../../src/config/read-document.ts')>();
  const readDocument: typeof real.readDocument = (...given) => {
    thorough.readings++;
    return real.readDocument(...given);
  };
  return { ...real, readDocument };
});
afterEach(() => {
  thorough.readings = 0;
});

const TEXT = 'servers:\n  a: {command: x, env: {A: "${env:A}"}, idle_timeout: 7s}\n';
const options = (file: string) => ({ file, env: { A: 'one' }, productVersion: '1.0.0' });
const cacheOf = (file: string) => join(dirname(file), '.tooldex', 'cache', 'config.json');

test('the second time nothing is parsed, and the result is the same', async () => {
  const file = writeConfig(TEXT);
  const first = await loadConfigCached(options(file));
  const second = await loadConfigCached(options(file));
  expect(thorough.readings).toBe(1);
  expect({ ...second, redact: 0 }).toEqual({ ...first, redact: 0 });
  expect(second.redact('one two one')).toBe(first.redact('one two one'));
});

test('references are expanded anew', async () => {
  const file = writeConfig(TEXT);
  await loadConfigCached(options(file));
  const config = await loadConfigCached({ ...options(file), env: { A: 'two' } });
  expect(thorough.readings).toBe(1);
  expect(only(config, 'native').env).toEqual({ A: 'two' });
});

test('a reference that broke since is told with its place', async () => {
  const file = writeConfig(TEXT);
  await loadConfigCached(options(file));
  await expect(loadConfigCached({ ...options(file), env: {} })).rejects.toThrow(
    'tooldex.yaml:2:28: "A": environment variable A is not set',
  );
});

test.each([
  ['another text', (file: string) => writeFileSync(file, TEXT.replace('7s', '8s')), {}],
  ['another product', () => undefined, { productVersion: '1.0.1' }],
  [
    'half a cache',
    (file: string) => writeFileSync(cacheOf(file), readFileSync(cacheOf(file), 'utf8').slice(0, 60)),
    {},
  ],
  ['an empty cache', (file: string) => writeFileSync(cacheOf(file), ''), {}],
  ['a cache of another shape', (file: string) => writeFileSync(cacheOf(file), '[1]'), {}],
  [
    'a cache whose document is broken',
    (file: string) => writeFileSync(cacheOf(file), readFileSync(cacheOf(file), 'utf8').replace('"7s"', '"soon"')),
    {},
  ],
  [
    'a cache of another file',
    (file: string) =>
      writeFileSync(cacheOf(file), readFileSync(cacheOf(file), 'utf8').replace('/tooldex.yaml"', '/other.yaml"')),
    {},
  ],
])('%s: read thoroughly, and remembered again', async (_, disturb, change) => {
  const file = writeConfig(TEXT);
  await loadConfigCached(options(file));
  disturb(file);
  const config = await loadConfigCached({ ...options(file), ...change });
  expect(thorough.readings).toBe(2);
  expect(only(config, 'native').idleTimeoutMs).toBe(readFileSync(file, 'utf8').includes('8s') ? 8000 : 7000);
  await loadConfigCached({ ...options(file), ...change });
  expect(thorough.readings).toBe(2);
});

test.each([
  ['plain', 'data_dir: data # here\n', {}],
  ['quoted', 'data_dir: "data"\n', {}],
  ['a reference', 'data_dir: ${env:DATA}\n', { DATA: 'data' }],
])('is found in the folder that the file names: %s', async (_, line, env) => {
  const file = writeConfig(`${line}servers: {}\n`);
  for (const readings of [1, 1]) {
    await loadConfigCached({ file, env, productVersion: '1' });
    expect(thorough.readings).toBe(readings);
  }
  expect(existsSync(join(dirname(file), 'data', 'cache', 'config.json'))).toBe(true);
  expect(existsSync(join(dirname(file), '.tooldex'))).toBe(false);
});

test('is found in the folder that the command line names', async () => {
  const file = writeConfig(TEXT);
  const overrides = { dataDir: temporaryFolder() };
  for (let times = 0; times < 2; times++) await loadConfigCached({ ...options(file), overrides });
  expect(thorough.readings).toBe(1);
  expect(existsSync(dirname(cacheOf(file)))).toBe(false);
});

test('a data folder that cannot be written is no reason to fail', async () => {
  const file = writeConfig(TEXT);
  mkdirSync(join(dirname(file), '.tooldex'));
  writeFileSync(join(dirname(file), '.tooldex', 'cache'), 'a file is in the way');
  for (let times = 0; times < 2; times++) expect((await loadConfigCached(options(file))).servers.size).toBe(1);
  expect(thorough.readings).toBe(2);
});

test('an included file that has become too large is told with its name, as the first time', async () => {
  const file = writeConfig('include: more.yaml\n');
  const more = writeConfig('servers: {}\n', 'more.yaml', dirname(file));
  await loadConfigCached(options(file));
  truncateSync(more, 2 ** 40);
  await expect(loadConfigCached(options(file))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/more\.yaml:1:1: the file cannot be read/),
  });
});

test('a broken file is remembered as nothing, and checking leaves no trace', async () => {
  const broken = writeConfig('servers: {a: {}}');
  await expect(loadConfigCached(options(broken))).rejects.toThrow('missing key');
  const fine = writeConfig(TEXT);
  await loadConfig({ file: fine, env: { A: 'one' } });
  expect(existsSync(join(dirname(broken), '.tooldex'))).toBe(false);
  expect(existsSync(join(dirname(fine), '.tooldex'))).toBe(false);
});
