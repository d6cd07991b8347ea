/** The files of MCP clients, as each of them writes them, become entries that load; the files themselves stay. */
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLIENT_FORMATS, CLIENTS, type ClientName, clientFile } from '../../../src/config/client-files.ts';
import { editConfig } from '../../../src/config/edit-config.ts';
import { readClientFile } from '../../../src/config/import-client.ts';
import { writeConfig } from './config-files.ts';

function read(client: ClientName, text: string, env: Readonly<Record<string, string>> = {}) {
  return readClientFile({ client, file: 'client.json', text, env });
}

function entries(client: ClientName, text: string, env: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(read(client, text, env).servers.map(({ name, entry }) => [name, entry]));
}

describe('#71 what clients write is understood', () => {
  test('Claude Desktop on Windows: cmd /c, paths with backslashes and blanks', () => {
    const text = String.raw`{"mcpServers": {
      "fs": {"command": "cmd", "args": ["/c", "npx", "-y", "pkg", "C:\\Users\\me\\My files"]},
      "own": {"command": "C:\\Program Files\\tool\\server.exe"}}}`;
    const { servers } = read('claude', text);
    expect(servers[0]?.entry).toEqual({ command: 'npx', args: ['-y', 'pkg', 'C:\\Users\\me\\My files'] });
    expect(servers[1]?.entry).toMatchObject({ command: 'C:\\Program Files\\tool\\server.exe' });
    if (process.platform !== 'win32') expect(servers[1]).toMatchObject({ entry: { enabled: false } });
  });

  test('Claude Code: ${NAME} with defaults, projects, and a server of one name in two of them', () => {
    const text = JSON.stringify({
      mcpServers: { api: { type: 'http', url: '${BASE:-https://x.test}/mcp' } },
      projects: {
        '/a': { mcpServers: { one: { type: 'stdio', command: 'x', env: {} }, api: { command: 'z' } } },
        '/b': { history: [] },
        '/c': { mcpServers: { two: { command: 'x', cwd: '/own' }, far: { type: 'sse', url: 'https://x.test/sse' } } },
      },
    });
    const { servers, skipped } = read('claude-code', text);
    expect(servers.map(({ name, entry }) => [name, entry])).toEqual([
      ['api', { url: '${env:BASE:-https://x.test}/mcp', transport: 'streamable-http' }],
      // Claude Code starts it there.
      ['one', { command: 'x', cwd: '/a' }],
      ['two', { command: 'x', cwd: '/own' }],
      ['far', { url: 'https://x.test/sse', transport: 'sse' }],
    ]);
    expect(skipped).toEqual([{ name: 'api', reason: 'another one has this name already' }]);
  });

  test('Cursor: comments, an address without a type, ${userHome}, disabled', () => {
    const text =
      '{ // mine\n "mcpServers": {"a": {"url": "https://x.test/sse", "disabled": true}, /* b */ "b": {"command": "${userHome}/b", "envFile": ".env"},}}';
    const { servers } = read('cursor', text, { HOME: '/home/me' });
    expect(servers[0]?.entry).toEqual({ url: 'https://x.test/sse', enabled: false });
    expect(servers[1]).toMatchObject({
      entry: { command: '${env:HOME}/b', enabled: false },
      notes: ['"envFile" was left out'],
    });
  });

  test('VS Code: servers, ${input:}, ${workspaceFolder}, and mcp.servers of its older settings', () => {
    const text = `{
      "inputs": [{"id": "gh-token", "type": "promptString"}],
      "servers": {
        "gh": {"type": "http", "url": "https://x.test/mcp", "headers": {"Authorization": "Bearer \${input:gh-token}"}},
        "local": {"type": "stdio", "command": "node", "args": ["\${workspaceFolder}/s.js"]}
      }}`;
    const { servers } = read('vscode', text);
    expect(servers[0]).toMatchObject({
      entry: { headers: { Authorization: 'Bearer ${env:GH_TOKEN}' }, enabled: false },
      variables: ['GH_TOKEN'],
    });
    expect(servers[1]?.entry).toEqual({ command: 'node', args: ['$${workspaceFolder}/s.js'], enabled: false });
    expect(servers[1]?.notes).toEqual([expect.stringContaining('means something in the client alone')]);
    expect(entries('vscode', '{"mcp": {"servers": {"a": {"command": "x"}}}}')).toEqual({ a: { command: 'x' } });
  });

  test('Windsurf, Gemini CLI: their names for addresses and tools', () => {
    const windsurf = '{"mcpServers": {"a": {"serverUrl": "https://x.test/mcp", "disabledTools": ["rm"]}}}';
    expect(entries('windsurf', windsurf)).toEqual({ a: { url: 'https://x.test/mcp', tools: { deny: ['rm'] } } });
    const gemini =
      '{"theme": "x", "mcpServers": {"a": {"httpUrl": "https://x.test/mcp", "includeTools": ["b"], "trust": true, "headers": {"K": "$REGION"}}}}';
    expect(entries('gemini', gemini, { REGION: 'eu' })).toEqual({
      a: {
        url: 'https://x.test/mcp',
        transport: 'streamable-http',
        headers: { K: '${env:REGION}' },
        tools: { allow: ['b'] },
      },
    });
  });

  test('Zed: context_servers, both forms of a command, extensions skipped', () => {
    const text = `{
      // Zed settings
      "context_servers": {
        "new": {"source": "custom", "command": "x", "args": ["-a"], "env": {"COST": "\${5}"}},
        "old": {"command": {"path": "y", "args": ["-b"]}},
        "extension": {"source": "extension", "settings": {}}
      },
    }`;
    expect(entries('zed', text)).toEqual({
      new: { command: 'x', args: ['-a'], env: { COST: '$${5}' } },
      old: { command: 'y', args: ['-b'] },
    });
    expect(read('zed', text).skipped).toEqual([
      { name: 'extension', reason: 'it names neither a command nor an address' },
    ]);
  });

  test('Codex: TOML, variables by name, timeouts in seconds, literal dollars', () => {
    const text = `# mine
model = "x"
[mcp_servers.a]
command = "npx"
args = ["-y", "pkg@1"]
env = { LEVEL = "\${x}" }
env_vars = ["REGION"]
startup_timeout_sec = 20
tool_timeout_sec = 1.5
enabled_tools = ["one"]
[mcp_servers.b]
url = "https://x.test/mcp"
bearer_token_env_var = "B_TOKEN"
enabled = false
`;
    expect(entries('codex', text, { REGION: 'eu', B_TOKEN: 't' })).toEqual({
      a: {
        command: 'npx',
        args: ['-y', 'pkg@1'],
        env: { LEVEL: '$${x}', REGION: '${env:REGION}' },
        tools: { allow: ['one'] },
        start_timeout: '20000ms',
        limits: { timeout: '1500ms' },
      },
      b: { url: 'https://x.test/mcp', headers: { Authorization: 'Bearer ${env:B_TOKEN}' }, enabled: false },
    });
  });

  test('opencode: the whole line as command, environment, {env:NAME}', () => {
    const text =
      '{"mcp": {"a": {"type": "local", "command": ["npx", "x"], "environment": {"K": "{env:REGION}"}, "enabled": true}, "b": {"type": "remote", "url": "https://x.test"}}}';
    expect(entries('opencode', text, { REGION: 'eu' })).toEqual({
      a: { command: 'npx', args: ['x'], env: { K: '${env:REGION}' } },
      b: { url: 'https://x.test' },
    });
  });
});

describe('#71 secrets do not come along', () => {
  test('they become references; two servers with different values get two variables', () => {
    const text = JSON.stringify({
      mcpServers: {
        a: { command: 'x', env: { API_KEY: 'first-secret' } },
        b: { command: 'y', env: { API_KEY: 'first-secret' } },
        c: { command: 'z', env: { API_KEY: 'other-secret' } },
      },
    });
    const { servers } = read('cursor', text);
    expect(servers.map(({ variables }) => variables)).toEqual([['API_KEY'], ['API_KEY'], ['C_API_KEY']]);
    expect(JSON.stringify(servers)).not.toContain('secret');
  });
});

test('names that Tooldex cannot have are changed and said; Tooldex itself is left out', () => {
  const { servers, skipped } = read(
    'cursor',
    '{"mcpServers": {"My server (new)": {"command": "x"}, "tooldex": {"command": "y"}}}',
  );
  expect(servers).toMatchObject([{ name: 'My-server-new', notes: ['it was called "My server (new)"'] }]);
  expect(skipped).toEqual([{ name: 'tooldex', reason: 'this is Tooldex itself' }]);
});

test.each([
  ['cursor', '{"mcpServers": {', 'client.json:1:'],
  ['codex', '[mcp_servers.a\ncommand = 1', 'cannot read client.json'],
] as const)('a broken file of %s is told', (client, text, message) => {
  expect(() => read(client, text)).toThrow(message);
});

test('#71 what was read loads in YAML and in JSON, whatever is still to be set', () => {
  const text = String.raw`{"mcpServers": {"a": {"command": "C:\\x y\\z.exe", "env": {"K_TOKEN": "abcdef", "N": 5}}, "b": {"url": "https://x.test"}}}`;
  for (const [own, name] of [
    ['servers: {}\n', 'tooldex.yaml'],
    ['{}', 'mcp.json'],
  ] as const) {
    const file = writeConfig(own, name);
    const edits = read('claude', text).servers.map(({ name, entry }) => ({ kind: 'add' as const, name, entry }));
    const { config } = editConfig({ file, env: {} }, edits);
    expect(config.servers.get('b')).toMatchObject({ enabled: true });
    expect(config.servers.get('a')).toMatchObject({ enabled: false, command: 'C:\\x y\\z.exe' });
  }
});

test('every client has a place for its file on each system', () => {
  const env = { HOME: '/home/me', USERPROFILE: 'C:\\Users\\me', APPDATA: 'C:\\Users\\me\\AppData\\Roaming' };
  for (const client of CLIENTS) {
    expect(CLIENT_FORMATS[client].blocks[0]).not.toBe('');
    expect(clientFile(client, { env, platform: 'linux' })).toMatch(/^\/home\/me\//);
    expect(clientFile(client, { env, platform: 'win32' })).toMatch(/^C:\\Users\\me\\/);
  }
  expect(clientFile('claude', { env, platform: 'darwin' })).toBe(
    '/home/me/Library/Application Support/Claude/claude_desktop_config.json',
  );
});

test('#71 reading a file leaves it alone', () => {
  const file = writeConfig('{"mcpServers": {"a": {"command": "x"}}}', 'mcp.json');
  const before = { text: readFileSync(file, 'utf8'), time: statSync(file).mtimeMs };
  read('cursor', before.text);
  expect({ text: readFileSync(file, 'utf8'), time: statSync(file).mtimeMs }).toEqual(before);
});
