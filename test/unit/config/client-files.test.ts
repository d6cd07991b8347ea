/** What MCP clients have in their files loads as it stands. */
import { describe, expect, test } from 'vitest';
import { blankComments } from '../../../src/config/parse-text.ts';
import { load, only, problems } from './config-files.ts';

describe('dialects', () => {
  test('Claude Desktop, pasted into a YAML file', async () => {
    const config = await load(
      '{"mcpServers": {"fs": {"command": "npx", "args": ["-y", "pkg", "/data"], "env": {"A": "b"}}}}',
    );
    expect(only(config, 'native')).toMatchObject({
      name: 'fs',
      command: 'npx',
      args: ['-y', 'pkg', '/data'],
      env: { A: 'b' },
    });
  });

  test('Claude Code: type, ${NAME} and ${NAME:-default}', async () => {
    const text = JSON.stringify({
      mcpServers: {
        api: { type: 'http', url: '${BASE:-https://x.test}/mcp', headers: { Authorization: 'Bearer ${TOKEN}' } },
      },
    });
    const server = only(await load(text, { name: '.mcp.json', env: { TOKEN: 't0ken' } }), 'remote');
    expect(server).toMatchObject({ transport: 'streamable-http', headers: { Authorization: 'Bearer t0ken' } });
    expect(server.url.href).toBe('https://x.test/mcp');
  });

  test('Cursor: ${env:NAME}, url without type, disabled', async () => {
    const text =
      '{"mcpServers": {"a": {"url": "https://x.test/sse", "headers": {"K": "${env:KEY}"}, "disabled": true}}}';
    expect(only(await load(text, { name: 'mcp.json' }), 'remote')).toMatchObject({ enabled: false, transport: 'auto' });
  });

  test('VS Code: servers, inputs, comments, a comma too much', async () => {
    const text = `// my servers
{
\t"inputs": [{ "id": "key", "type": "promptString" }], /* not
\tused */
\t"servers": {
\t\t"a": { "type": "stdio", "command": "npx", "args": ["https://x.test//y", "/* no comment */"], },
\t},
}`;
    const config = await load(text, { name: 'mcp.json' });
    expect(only(config, 'native').args).toEqual(['https://x.test//y', '/* no comment */']);
    expect(config.warnings).toEqual(['"inputs" are questions that only VS Code asks; they are ignored']);
  });

  test('Windsurf: serverUrl and disabledTools', async () => {
    const text = '{"mcpServers": {"a": {"serverUrl": "https://x.test/mcp", "disabledTools": ["rm"]}}}';
    const server = only(await load(text, { name: 'mcp_config.json' }), 'remote');
    expect(server.url.href).toBe('https://x.test/mcp');
    expect(server.tools).toMatchObject({ allow: undefined, deny: ['rm'] });
  });

  test('Gemini CLI: httpUrl, includeTools, excludeTools, trust and timeout', async () => {
    const text = JSON.stringify({
      mcpServers: {
        a: { httpUrl: 'https://x.test/mcp', includeTools: ['a', 'b'], excludeTools: ['b'], trust: true, timeout: 5000 },
      },
    });
    const config = await load(text, { name: 'settings.json' });
    expect(only(config, 'remote')).toMatchObject({
      transport: 'streamable-http',
      tools: { allow: ['a', 'b'], deny: ['b'] },
    });
    expect(config.warnings).toEqual([
      'server "a": "trust" concerns the client alone and is ignored',
      'server "a": "timeout" has no unit and is ignored — write "limits": {"timeout": "60s"}',
    ]);
  });

  test('SSE with additionalHeaders', async () => {
    const text = '{"mcpServers": {"a": {"type": "sse", "url": "https://x.test/sse", "additionalHeaders": {"K": "v"}}}}';
    expect(only(await load(text), 'remote')).toMatchObject({ transport: 'sse', headers: { K: 'v' } });
  });

  test('beside servers of our own', async () => {
    const config = await load('servers:\n  a: {command: x}\nmcpServers:\n  b: {command: y}\n');
    expect([...config.servers.keys()]).toEqual(['a', 'b']);
  });
});

describe('what is wrong in them', () => {
  test.each([
    [
      'a value that only a person has',
      '{"servers": {"a": {"command": "x", "env": {"K": "${input:my-key}"}}}}',
      '1:49: "K": "${input:my-key}" asks a person, which only VS Code can — write "${env:MY_KEY}"',
    ],
    [
      'an unset variable',
      '{"mcpServers": {"a": {"command": "x",\n "env": {"K": "${API_KEY}"}}}}',
      '2:15: "K": environment variable API_KEY is not set',
    ],
    [
      'a key twice',
      '{"mcpServers": {\n"a": {"command": "x"},\n"a": {"command": "y"}}}',
      '3:1: duplicate key "a" — it stands above already',
    ],
    [
      'a key too much, behind comments and tabs',
      '/* one\n two */ {"mcpServers": {\n\t"a": { // three\n\t\t"command": "x", "cmmand": "y"}}}',
      '4:19: unknown key "cmmand" — did you mean "command"?',
    ],
    [
      'a file of secrets that is not read',
      '{"mcpServers": {"a": {"command": "x", "envFile": ".env"}}}',
      '1:39: unknown key "envFile" — did you mean "env"?',
    ],
  ])('%s', async (_, text, expected) => {
    expect(await problems(text, { name: 'mcp.json' })).toEqual([`mcp.json:${expected}`]);
  });
});

test('comments become blanks of the same length, line breaks stay', () => {
  const text = '{ // a "b"\n\t"c//d": /* e\n f */ "g\\"/*h*/" }';
  const blank = blankComments(text);
  expect(blank).toHaveLength(text.length);
  expect(JSON.parse(blank)).toEqual({ 'c//d': 'g"/*h*/' });
  expect(blank.split('\n').map((line) => line.length)).toEqual(text.split('\n').map((line) => line.length));
});
