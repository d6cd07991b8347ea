/** An edit is written whole and valid, or not at all. */
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { editConfig, writeEdited } from '../../../src/config/edit-config.ts';
import type { ServerEdit } from '../../../src/config/edit-server.ts';
import { GatewayError } from '../../../src/errors.ts';
import { temporaryFolder, writeConfig } from './config-files.ts';

const edit = (file: string, edits: readonly ServerEdit[], env = {}) => editConfig({ file, env }, edits);
const add = (name: string, entry: object): ServerEdit => ({ kind: 'add', name, entry: { ...entry } });

function refusal(work: () => unknown): GatewayError {
  try {
    work();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('several edits make one file, which keeps its mode and is replaced in one step', () => {
  const file = writeConfig('# mine\nservers:\n  a: {command: x} # a\n  b: {command: y}\n');
  chmodSync(file, 0o640);
  const edited = edit(file, [
    add('c', { command: 'z' }),
    { kind: 'switch', name: 'a', enabled: false },
    { kind: 'remove', name: 'b' },
  ]);
  writeEdited(edited);
  expect(readFileSync(file, 'utf8')).toBe(
    '# mine\nservers:\n  a: {command: x, "enabled": false} # a\n  c:\n    command: z\n',
  );
  expect([...edited.config.servers.keys()]).toEqual(['a', 'c']);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(dirname(file))).toEqual(['tooldex.yaml']);
});

test('a file behind a symbolic link is edited where it is', () => {
  const file = writeConfig('servers: {}\n');
  const link = join(temporaryFolder(), 'link.yaml');
  symlinkSync(file, link);
  writeEdited(edit(link, [add('a', { command: 'x' })]));
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toContain('command');
});

test('what somebody else has written meanwhile is not overwritten', () => {
  const file = writeConfig('servers: {}\n');
  const edited = edit(file, [add('a', { command: 'x' })]);
  writeFileSync(file, 'servers: {b: {command: y}}\n');
  expect(refusal(() => writeEdited(edited)).message).toContain('changed by somebody else');
  expect(readFileSync(file, 'utf8')).toBe('servers: {b: {command: y}}\n');
});

test('the default of a package is not edited: a copy is, for its owner alone', () => {
  const file = writeConfig('servers: {}\n');
  const own = join(temporaryFolder(), 'deep', 'tooldex.yaml');
  expect(writeEdited(edit(file, [add('a', { command: 'x' })]), own)).toEqual([own]);
  expect(readFileSync(file, 'utf8')).toBe('servers: {}\n');
  expect(statSync(own).mode & 0o777).toBe(0o600);
});

describe('an edit is refused, and the file left alone,', () => {
  test.each([
    ['that uses an unknown key', add('c', { command: 'x', comand: 'y' }), 'CONFIG_INVALID', 'unknown key "comand"'],
    [
      'whose variable is not set',
      add('c', { command: 'x', env: { K: '${env:NO}' } }),
      'CONFIG_INVALID',
      'NO is not set',
    ],
    ['with a name that is taken', add('a', { command: 'x' }), 'USAGE', 'called "a" already'],
    ['with a name that no server can have', add('a:b', { command: 'x' }), 'CONFIG_INVALID', 'a server name has'],
    [
      'of a server that is not there',
      { kind: 'remove', name: 'aa' } as const,
      'SERVER_UNKNOWN',
      'no server is called "aa"',
    ],
  ])('%s', (...[, wrong, code, message]) => {
    const file = writeConfig('servers:\n  a: {command: x}\n');
    const error = refusal(() => edit(file, [wrong]));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(readFileSync(file, 'utf8')).toBe('servers:\n  a: {command: x}\n');
  });

  test('of a file with wrong syntax', () => {
    const file = writeConfig('servers:\n  a: {command: x\n');
    expect(refusal(() => edit(file, [add('b', { command: 'x' })])).code).toBe('CONFIG_INVALID');
  });
});

test('a server whose variable went missing can be switched off, which mends the file', () => {
  const file = writeConfig('servers:\n  a: {command: x, env: {K: "${env:GONE}"}}\n');
  expect(edit(file, [{ kind: 'switch', name: 'a', enabled: false }]).config.servers.get('a')?.enabled).toBe(false);
});

test('JSON with comments of a client: the block, the key and the comments are its own', () => {
  const file = writeConfig(
    '{\n  // mine\n  "mcpServers": {\n    "a": {"command": "x", "disabled": false}\n  }\n}\n',
    'mcp.json',
  );
  writeEdited(edit(file, [{ kind: 'switch', name: 'a', enabled: false }, add('b', { url: 'https://x.test/mcp' })]));
  expect(readFileSync(file, 'utf8')).toBe(
    '{\n  // mine\n  "mcpServers": {\n    "a": {"command": "x", "disabled": true},\n    "b": {\n      "url": "https://x.test/mcp"\n    }\n  }\n}\n',
  );
});

test('a byte order mark stays', () => {
  const file = writeConfig('\uFEFFservers: {}\n');
  expect(edit(file, [add('a', { command: 'x' })]).files[0].after.startsWith('\uFEFFservers:')).toBe(true);
});

describe('a server of an included file', () => {
  const write = () => {
    const folder = temporaryFolder();
    const part = writeConfig('# part\nservers:\n  b: {command: y} # b\n', 'conf.d/b.yaml', folder);
    const main = writeConfig('include: conf.d/*.yaml # more\nservers:\n  a: {command: x}\n', 'tooldex.yaml', folder);
    return { main, part };
  };

  test('is edited where it stands, beside an edit of the main file', () => {
    const { main, part } = write();
    const edited = edit(main, [
      { kind: 'switch', name: 'b', enabled: false },
      { kind: 'switch', name: 'a', enabled: false },
    ]);
    expect(writeEdited(edited)).toEqual([part, main]);
    expect(readFileSync(part, 'utf8')).toBe('# part\nservers:\n  b: {command: y, "enabled": false} # b\n');
    expect(readFileSync(main, 'utf8')).toContain('a: {command: x, "enabled": false}');
    expect(edited.config.servers.get('b')?.enabled).toBe(false);
    writeEdited(edit(main, [{ kind: 'remove', name: 'b' }]));
    expect(readFileSync(part, 'utf8')).toBe('# part\nservers:\n');
    expect([...edit(main, []).config.servers.keys()]).toEqual(['a']);
  });

  test('has a name that is taken, and is not overwritten when somebody else has changed it', () => {
    const { main, part } = write();
    expect(refusal(() => edit(main, [add('b', { command: 'z' })]))).toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/already, in .*conf\.d\/b\.yaml/),
    });
    const both = edit(main, [
      { kind: 'remove', name: 'a' },
      { kind: 'remove', name: 'b' },
    ]);
    writeFileSync(part, 'servers: {b: {command: other}}\n');
    expect(refusal(() => writeEdited(both)).message).toContain('changed by somebody else');
    expect(readFileSync(main, 'utf8')).toContain('a: {command: x}');
  });
});
