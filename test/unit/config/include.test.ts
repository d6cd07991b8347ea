import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { listIncluded } from '../../../src/config/include-files.ts';
import { loadConfig, loadConfigCached } from '../../../src/config/load-config.ts';
import { temporaryFolder, writeConfig } from './config-files.ts';

const MAIN = 'include: conf.d/*.yaml\nservers:\n  main: {command: ./main}\n';

/** A main file with others beside it, by their names. */
function write(others: Readonly<Record<string, string>>, main = MAIN): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(others)) writeConfig(text, name, folder);
  return writeConfig(main, 'tooldex.yaml', folder);
}

const load = (file: string) => loadConfig({ file, env: {} });
const names = ({ servers }: Config) => [...servers.keys()];

async function problems(file: string): Promise<string[]> {
  const error: unknown = await load(file).catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) throw new Error('nothing is wrong');
  return error.message.split('\n').map((line) => line.replaceAll(`${dirname(file)}/`, ''));
}

describe('include', () => {
  it('adds servers and profiles of further files, by name, with paths from the main file', async () => {
    const file = write({
      'conf.d/b.yaml': 'servers:\n  b: {command: ./b}\nprofiles:\n  some: {servers: [main, a]}\n',
      'conf.d/a.yaml': 'tools:\n  a: {command: ./a}\n',
      'conf.d/c.yaml~': 'servers: {c: {command: c}}\n',
      'conf.d/.c.yaml': 'servers: {c: {command: c}}\n',
      'conf.d/empty.yaml': '# nothing yet\n',
    });
    const config = await load(file);
    expect(names(config)).toEqual(['main', 'b', 'a']);
    expect(config.servers.get('b')).toMatchObject({ command: join(dirname(file), 'b') });
    expect([...config.profiles.keys()]).toEqual(['some']);
    const included = listIncluded(config.source.include).map((one) => one.slice(dirname(file).length + 1));
    expect(included).toEqual(['conf.d/a.yaml', 'conf.d/b.yaml', 'conf.d/empty.yaml']);
  });

  it('takes a list, and nothing where no file is', async () => {
    const main = 'include: [one.yaml, "none/*.yaml"]\n';
    expect(names(await load(write({ 'one.yaml': 'servers: {a: {command: a}}\n' }, main)))).toEqual(['a']);
  });

  it('says in which file, line and column something is wrong', async () => {
    const file = write({
      'conf.d/a.yaml': 'servers:\n  a:\n    comand: x\n',
      'conf.d/b.yaml': 'listen: {port: 1}\n',
      'conf.d/c.yaml': 'servers: {\n',
    });
    const found = await problems(file);
    expect(found[0]).toMatch(/^conf\.d\/a\.yaml:3:5: .*"comand".*"command"/);
    expect(found[1]).toBe(
      'conf.d/b.yaml:1:1: "listen" belongs in the main file — an included one has only servers and profiles',
    );
    expect(found[2]).toMatch(/^conf\.d\/c\.yaml:\d+:\d+: the syntax is wrong/);
    await expect(load(file)).rejects.toMatchObject({
      hint: expect.stringMatching(/^mend \S+a\.yaml, \S+b\.yaml, \S+c\.yaml, then/),
    });
  });

  it('does so too for what only shows when everything is put together', async () => {
    const file = write({
      'conf.d/a.yaml': 'servers:\n  a:\n    command: x\n    env: {KEY: "${env:NOT_SET}"}\n',
      'conf.d/b.yaml': 'profiles:\n  b: {servers: [c]}\n',
    });
    expect(await problems(file)).toEqual([
      expect.stringMatching(/^conf\.d\/b\.yaml:2:17: no server is called "c"/),
      expect.stringMatching(/^conf\.d\/a\.yaml:4:16: .*NOT_SET is not set/),
    ]);
  });

  it('names both places of a name that is there twice', async () => {
    const file = write({
      'conf.d/a.yaml': 'servers:\n  x: {command: x}\n  main: {command: x}\n',
      'conf.d/b.yaml': 'mcpServers:\n  x: {command: x}\n',
    });
    expect(await problems(file)).toEqual([
      'conf.d/a.yaml:3:3: server "main" stands in tooldex.yaml:3:3 already',
      'conf.d/b.yaml:2:3: server "x" stands in conf.d/a.yaml:2:3 already',
    ]);
  });

  it.each([
    ['include: gone.yaml', 'tooldex.yaml:1:10: "include": there is no file gone.yaml'],
    ['include: "*/a.yaml"', 'only the name may have'],
    ['include: clients.json', 'write YAML files'],
  ])('%s is refused', async (main, message) => {
    expect((await problems(write({}, `${main}\n`)))[0]).toContain(message);
  });
});

describe('the remembered document', () => {
  it('is used while all files are as they were, and not after one changed, came or went', async () => {
    const file = write({ 'conf.d/a.yaml': 'servers: {a: {command: a}}\n' });
    const folder = dirname(file);
    const cached = async () => names(await loadConfigCached({ file, env: {}, productVersion: '1' }));
    expect(await cached()).toEqual(['main', 'a']);
    expect(await cached()).toEqual(['main', 'a']);
    writeConfig('servers: {b: {command: b}}\n', 'conf.d/a.yaml', folder);
    expect(await cached()).toEqual(['main', 'b']);
    writeConfig('servers: {c: {command: c}}\n', 'conf.d/c.yaml', folder);
    expect(await cached()).toEqual(['main', 'b', 'c']);
    renameSync(join(folder, 'conf.d/c.yaml'), join(folder, 'conf.d/c.yaml.off'));
    expect(await cached()).toEqual(['main', 'b']);
    rmSync(join(folder, 'conf.d'), { recursive: true });
    expect(await cached()).toEqual(['main']);
  });
});
