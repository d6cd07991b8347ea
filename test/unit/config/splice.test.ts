/** Whatever is edited in a file, the rest of it stays byte for byte. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { blankComments } from '../../../src/config/parse-text.ts';
import { removeIn, setIn } from '../../../src/config/splice.ts';

const entry = { command: 'npx', args: ['-y', 'x@1'], env: { K: '${env:K}' } };
const added = (text: string, kind: 'yaml' | 'json' = 'yaml') =>
  setIn(text, kind, { path: ['servers', 'b'], value: entry });

describe('YAML', () => {
  test('an entry goes below the last one, before the comments that follow', () => {
    const text =
      '# mine\nservers:\n    a: # first\n        command:   x # odd   spacing\n\n    # c:\n    #   command: z\nlisten: {port: 0}\n';
    expect(added(text)).toBe(
      '# mine\nservers:\n    a: # first\n        command:   x # odd   spacing\n    b:\n      command: npx\n      args: [-y, x@1]\n      env:\n        K: ${env:K}\n\n    # c:\n    #   command: z\nlisten: {port: 0}\n',
    );
  });

  test.each([
    ['no servers yet', 'listen: {port: 0}'],
    ['an empty block', 'servers: # none yet\nlisten: {port: 0}\n'],
    ['an empty flow map', 'servers: {}\n'],
    ['an empty block below others', 'listen:\n  port: 0\nservers:\n'],
    ['an empty flow map below others', 'listen:\n  port: 0\nservers: {} # none yet\nmetrics: true\n'],
    ['a flow map in one line', 'servers: {a: {command: x}}\n'],
    ['an empty file', '# nothing but a comment\n'],
    ['a block scalar at the end', 'servers:\n  a:\n    command: x\n    description: |\n      one\n      two\n'],
    ['a list at the end', 'servers:\n  a:\n    command: x\n    args:\n      - one\n      - two'],
    ['CRLF', 'servers:\r\n  a:\r\n    command: x\r\n'],
  ])('%s', (_, text) => {
    const before = parse(text) ?? {};
    expect(parse(added(text))).toEqual({ ...before, servers: { ...before.servers, b: entry } });
    for (const line of text.trim().split('\n'))
      if (!line.startsWith('servers: {')) expect(added(text)).toContain(line.trim());
    if (text.includes('\r\n')) expect(added(text)).not.toMatch(/(?<!\r)\n/);
  });

  test('the first entry of an empty map is written as a block', () => {
    expect(setIn('servers: {} # none\n', 'yaml', { path: ['servers', 'b'], value: { command: 'x' } })).toBe(
      'servers: # none\n  b:\n    command: x\n',
    );
  });

  test.each([
    ['yaml', 'servers: { # none yet\n}\n'],
    ['json', '{\n  "servers": {\n    // "a": {"command": "x"}\n  }\n}\n'],
    ['json', '{ "servers": { /* none yet */ } }\n'],
    ['json', '// mine\n{ /* none yet */ }\n'],
    ['json', '// nothing but a comment\n'],
  ] as const)('%s: comments where nothing else is stay', (kind, text) => {
    const after = added(text, kind);
    const [comment = ''] = /(#|\/\/|\/\*).*?(\*\/|$)/m.exec(text) ?? [];
    expect(after).toContain(comment);
    expect(parse(kind === 'json' ? blankComments(after) : after)).toEqual({ servers: { b: entry } });
  });

  test('what was added to the documented configuration can be taken out again, to the byte', () => {
    const text = readFileSync('config/tooldex.yaml', 'utf8');
    expect(removeIn(added(text), 'yaml', ['servers', 'b'])).toBe(text);
    expect(added(text)).not.toBe(text);
  });

  test('a removed entry takes the comment right above it along, and nothing else', () => {
    const text =
      'servers:\n  # about a\n  a:\n    command: x\n\n  # about b\n  b: {command: y} # y\n\n  # ---- more ----\n\n  c: {command: z}\n';
    expect(removeIn(text, 'yaml', ['servers', 'b'])).toBe(
      'servers:\n  # about a\n  a:\n    command: x\n\n  # ---- more ----\n\n  c: {command: z}\n',
    );
  });

  test('a scalar is replaced in its place', () => {
    const text = 'servers:\n  a:\n    enabled: true   # for now\n    command: x\n';
    expect(setIn(text, 'yaml', { path: ['servers', 'a', 'enabled'], value: false })).toBe(
      text.replace('true', 'false'),
    );
  });

  test('an alias is not edited through', () => {
    const text = 'servers:\n  a: &x {command: y}\n  c: *x\n';
    expect(() => setIn(text, 'yaml', { path: ['servers', 'c', 'enabled'], value: false })).toThrow(
      'cannot be edited here',
    );
  });
});

describe('JSON with comments', () => {
  const texts = [
    ['nothing', '{}'],
    ['no block', '{\n  "inputs": []\n}\n'],
    ['tabs', '{\n\t"servers": {\n\t\t"a": {"command": "x"} // about a\n\t}\n}\n'],
    ['a comma too much', '{\n  "servers": {\n    "a": {"command": "x"}, /* , */\n  },\n}\n'],
    ['one line', '{"servers": {"a": {"command": "C:\\\\Users\\\\me\\\\x.exe", "args": ["// no comment"]}}}'],
    ['an empty block', '{\n  // none\n  "servers": {}\n}\n'],
    ['null', '{"servers": null}'],
    ['CRLF', '{\r\n  "servers": {\r\n    "a": {"command": "x"}\r\n  }\r\n}\r\n'],
  ] as const;
  test.each(texts)('an entry is added: %s', (_, text) => {
    const read = (json: string) => parse(blankComments(json));
    const result = added(text, 'json');
    expect(read(result)).toEqual({ ...read(text), servers: { ...read(text).servers, b: entry } });
    for (const comment of text.match(/\/\/ \w+ \w|\/\* , \*\//g) ?? []) expect(result).toContain(comment);
    if (text.includes('\r\n')) expect(result).not.toMatch(/(?<!\r)\n/);
  });

  test('the comment behind the last entry stays with it', () => {
    expect(added(texts[2][1], 'json')).toContain(
      '\t\t"a": {"command": "x"}, // about a\n\t\t"b": {\n\t\t\t"command": "npx",',
    );
  });

  test.each([
    ['the last', '{"servers": {"a": 1, "b": 2}}', '{"servers": {"a": 1 }}'],
    ['the first', '{"servers": {"b": 2, "a": 1}}', '{"servers": {"a": 1}}'],
    ['the only one', '{"servers": {"b": 2}}', '{"servers": {}}'],
    [
      'the last of lines',
      '{\n  "servers": {\n    "a": 1, // one\n    // about b\n    "b": {\n      "x": 2\n    } // two\n  }\n}\n',
      '{\n  "servers": {\n    "a": 1 // one\n  }\n}\n',
    ],
  ])('an entry is removed: %s', (_, text, expected) => {
    expect(removeIn(text, 'json', ['servers', 'b'])).toBe(expected);
  });

  test('a path that is not there changes nothing', () => {
    expect(removeIn('{"servers": {"a": 1}}', 'json', ['mcpServers', 'a'])).toBe('{"servers": {"a": 1}}');
  });
});
