/** Tooldex comes into a client's file and out of it, and nothing else in the file moves. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import type { ClientName } from '../../../src/config/client-files.ts';
import { backupOf, undoConnection, writeConnection } from '../../../src/config/connect-client.ts';
import { blankComments } from '../../../src/config/parse-text.ts';
import { temporaryFolder, writeConfig } from './config-files.ts';

const STDIO = { command: '/usr/bin/node', args: ['/x/main.cjs', 'stdio'] };
const URL_ = { url: 'http://127.0.0.1:8080/mcp' };
const json = (file: string) => JSON.parse(blankComments(readFileSync(file, 'utf8')).replace(/,(\s*[}\]])/g, '$1'));

test.each([
  ['claude', { mcpServers: { tooldex: STDIO } }, undefined],
  [
    'claude-code',
    { mcpServers: { tooldex: { type: 'stdio', ...STDIO } } },
    { mcpServers: { tooldex: { type: 'http', ...URL_ } } },
  ],
  ['cursor', { mcpServers: { tooldex: STDIO } }, { mcpServers: { tooldex: URL_ } }],
  [
    'vscode',
    { servers: { tooldex: { type: 'stdio', ...STDIO } } },
    { servers: { tooldex: { type: 'http', ...URL_ } } },
  ],
  ['windsurf', { mcpServers: { tooldex: STDIO } }, { mcpServers: { tooldex: { serverUrl: URL_.url } } }],
  ['zed', { context_servers: { tooldex: STDIO } }, { context_servers: { tooldex: URL_ } }],
  ['gemini', { mcpServers: { tooldex: STDIO } }, { mcpServers: { tooldex: { httpUrl: URL_.url } } }],
  [
    'opencode',
    { mcp: { tooldex: { type: 'local', command: [STDIO.command, ...STDIO.args], enabled: true } } },
    { mcp: { tooldex: { type: 'remote', ...URL_, enabled: true } } },
  ],
] as const)('#71 %s gets a file of its own, which is gone after --undo', (client, started, reached) => {
  const file = join(temporaryFolder(), 'deep', 'mcp.json');
  writeConnection({ client, file }, STDIO);
  expect(json(file)).toEqual(started);
  if (reached) {
    writeConnection({ client, file }, URL_);
    expect(json(file)).toEqual(reached);
  } else expect(() => writeConnection({ client, file }, URL_)).toThrow('reaches no server by address');
  undoConnection({ client, file });
  expect(existsSync(file)).toBe(false);
  expect(existsSync(backupOf(file))).toBe(false);
});

const CODEX = '# mine\nmodel = "x" # good\n\n[mcp_servers.a]\ncommand = "a"\n\n[profiles.p]\nmodel = "y"\n';
const COMMENTED =
  '{\n\t// mine\n\t"theme": "dark", // good\n\t"context_servers": {\n\t\t"a": { "command": "x" }, // a\n\t},\n}\n';

test.each([
  ['zed', COMMENTED, 'settings.json'],
  ['cursor', '{"mcpServers":{"a":{"command":"x"}}}', 'mcp.json'],
  ['cursor', '\uFEFF{\r\n  "mcpServers": {}\r\n}\r\n', 'mcp.json'],
  ['codex', CODEX, 'config.toml'],
  ['codex', CODEX.replaceAll('\n', '\r\n'), 'config.toml'],
] as const)('#71 %s keeps its comments, has a backup, and is as it was after --undo', (...[client, text, name]) => {
  const file = writeConfig(text, name);
  const { backup } = writeConnection({ client, file }, STDIO);
  expect(readFileSync(backup ?? '', 'utf8')).toBe(text);
  const written = readFileSync(file, 'utf8');
  for (const remark of ['mine', 'good', '// a']) if (text.includes(remark)) expect(written).toContain(remark);
  expect(written).toContain('tooldex');
  expect(writeConnection({ client, file }, STDIO).backup).toBe(undefined);
  expect(readFileSync(file, 'utf8')).toBe(written);
  undoConnection({ client, file });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

describe('#71 --undo', () => {
  test('keeps what the client has written meanwhile', () => {
    const file = writeConfig('{"mcpServers": {"a": {"command": "x"}}}', 'mcp.json');
    writeConnection({ client: 'cursor', file }, STDIO);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"x"', '"changed"'));
    undoConnection({ client: 'cursor', file });
    expect(json(file)).toEqual({ mcpServers: { a: { command: 'changed' } } });
  });

  test('gives back an entry of the same name that was there before', () => {
    const file = writeConfig('{"mcpServers": {"tooldex": {"command": "older"}}}', 'mcp.json');
    writeConnection({ client: 'cursor', file }, STDIO);
    writeConnection({ client: 'cursor', file }, URL_);
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
    undoConnection({ client: 'cursor', file });
    expect(json(file)).toEqual({ mcpServers: { tooldex: { command: 'older' } } });
  });

  test('of TOML that was changed takes out the table alone', () => {
    const file = writeConfig(CODEX, 'config.toml');
    writeConnection({ client: 'codex', file }, STDIO);
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n[more]\nx = 1\n`);
    undoConnection({ client: 'codex', file });
    expect(parseToml(readFileSync(file, 'utf8'))).toEqual({ ...parseToml(CODEX), more: { x: 1 } });
    expect(readFileSync(file, 'utf8')).toContain('# mine');
  });

  test('refuses where nothing was written, and copes with a file that is gone', () => {
    const file = writeConfig('{}', 'mcp.json');
    expect(() => undoConnection({ client: 'cursor', file })).toThrow('has written nothing');
    writeConnection({ client: 'cursor', file }, STDIO);
    rmSync(file);
    undoConnection({ client: 'cursor', file });
    expect(existsSync(backupOf(file))).toBe(false);
  });
});

test.each([
  ['cursor', '{"mcpServers": {', 'mcp.json'],
  ['codex', '[mcp_servers\n', 'config.toml'],
  ['cursor', '{"mcpServers": []}', 'mcp.json'],
  ['codex', 'mcp_servers = { a = { command = "x" } }\n', 'config.toml'],
] as const)(
  '#71 a file of %s that cannot be edited safely is left alone',
  (...[client, text, name]: [ClientName, string, string]) => {
    const file = writeConfig(text, name);
    expect(() => writeConnection({ client, file }, STDIO)).toThrow();
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(existsSync(backupOf(file))).toBe(false);
  },
);
