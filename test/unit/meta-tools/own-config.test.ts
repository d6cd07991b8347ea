import { describe, expect, it } from 'vitest';
import { readOwnConfig } from '../../../src/meta-tools/own-config.ts';

const entry = { command: 'npx', args: ['-y', '@scope/server@1.2.3', 'a folder'] };

describe('the config of an agent', () => {
  it.each<[string, unknown]>([
    ['an entry', entry],
    ['its JSON text', JSON.stringify(entry)],
    ['a block of a client with one server', { mcpServers: { any: entry } }],
    ['a block of the file with one server', { servers: { any: entry } }],
    ['a command with its arguments behind it', { command: 'npx -y @scope/server@1.2.3 "a folder"' }],
    ['the same with no arguments beside it', { command: "npx -y @scope/server@1.2.3 'a folder'", args: [] }],
  ])('is read from %s', (_, given) => {
    expect(readOwnConfig(given)).toEqual(entry);
  });

  it.each<[string, unknown]>([
    ['the path of a program with blanks', { command: '/opt/My Server/run' }],
    ['one of Windows', { command: 'C:\\Program Files\\server.exe' }],
    ['a program with arguments beside it', { command: 'my program', args: ['-y'] }],
    ['an address', { url: 'https://mcp.example.com/mcp' }],
    ['no object', 5],
  ])('is left as it is: %s', (_, given) => {
    expect(readOwnConfig(given)).toEqual(given);
  });

  it.each<[string, unknown, RegExp]>([
    ['text that is not JSON', 'npx -y x', /not JSON/],
    ['several servers', { mcpServers: { a: entry, b: entry } }, /describes 2 servers/],
    ['no server', { mcpServers: {} }, /describes 0 servers/],
  ])('is refused with an example: %s', (_, given, message) => {
    expect(() => readOwnConfig(given)).toThrow(
      expect.objectContaining({
        code: 'ARGUMENTS_INVALID',
        message: expect.stringMatching(message),
        hint: expect.stringContaining('"command":"npx"'),
      }),
    );
  });
});
