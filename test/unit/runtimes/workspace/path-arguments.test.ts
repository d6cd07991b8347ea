/** Which arguments are taken for paths: those that the schema, the entry or the text itself shows to be. */
import { describe, expect, test } from 'vitest';
import { pathArguments } from '../../../../src/runtimes/workspace/path-arguments.ts';
import type { JsonObject } from '../../../../src/stdx/json.ts';

const found = (
  given: JsonObject,
  inputSchema: JsonObject = {},
  more: { rules?: string[]; roots?: string[]; description?: string } = {},
) =>
  pathArguments(given, {
    rules: more.rules ?? [],
    roots: more.roots ?? [],
    definition: { inputSchema, ...(more.description ? { description: more.description } : {}) },
  }).map(({ at }) => at);

describe('an argument is a path', () => {
  test.each(['path', 'filePath', 'repo_path', 'file', 'fileName', 'output-dir', 'CWD', 'directory'])(
    'by its name: %s',
    (name) => {
      expect(found({ [name]: 'x' })).toEqual([name]);
    },
  );

  test('as an item of a list, and inside of objects', () => {
    expect(found({ paths: ['a', 'b'], edits: [{ file: 'c', text: 'd' }] })).toEqual([
      'paths[0]',
      'paths[1]',
      'edits[0].file',
    ]);
  });

  test('by the format, behind references and alternatives', () => {
    const inputSchema: JsonObject = {
      properties: { what: { anyOf: [{ $ref: '#/$defs/place' }, { type: 'null' }] } },
      $defs: { place: { type: 'string', format: 'directory-path' } },
    };
    expect(found({ what: 'x', other: 'y' }, inputSchema)).toEqual(['what']);
  });

  test('by a name that may be one, where a description speaks of files', () => {
    const inputSchema: JsonObject = { properties: { target: { description: 'The file to write' } } };
    expect(found({ target: 'x' }, inputSchema)).toEqual(['target']);
    expect(found({ target: 'x' })).toEqual([]);
    expect(found({ source: 'a', destination: 'b' }, {}, { description: 'Move or rename files' })).toEqual([
      'source',
      'destination',
    ]);
    expect(found({ source: 'en', destination: 'de' }, {}, { description: 'Translate a text' })).toEqual([]);
  });

  test('when it begins with file:, whatever its name', () => {
    expect(found({ address: 'file:///etc/passwd', page: 'https://example.com' })).toEqual(['address']);
  });

  test('when it begins with a root that the server was told, whatever its name', () => {
    const roots = ['/w/notes'];
    expect(found({ a: '/w/notes', b: '/w/notes/../x', c: '/w/notes-2', d: 'see /w/notes' }, {}, { roots })).toEqual([
      'a',
      'b',
    ]);
    expect(found({ text: '/w/notes/a.md was read,\nand then?' }, {}, { roots })).toEqual([]);
    expect(found({ a: '/w/notes/x' }, {}, { roots, rules: ['!a'] })).toEqual([]);
  });

  test('as the entry says, the last rule that matches', () => {
    expect(found({ what: 'x' }, {}, { rules: ['what'] })).toEqual(['what']);
    expect(found({ path: 'x', other_path: 'y' }, {}, { rules: ['!*path', 'other_*'] })).toEqual(['other_path']);
    expect(found({ options: { save: 'x' } }, {}, { rules: ['options.save'] })).toEqual(['options.save']);
  });

  test('never a text of another kind, nor what is no text', () => {
    expect(found({ content: '/etc', pathological: 'x', profile: 'y', path: 3, file: null })).toEqual([]);
  });

  test('a schema that refers to itself, and arguments nested without end, come to an end', () => {
    let nested: JsonObject = { path: 'x' };
    for (let level = 0; level < 10_000; level++) nested = { nested };
    expect(() => found(nested, { $ref: '#' })).toThrow('nested deeper');
  });
});

describe('#52 nothing hides an argument from the look', () => {
  const texts = (given: JsonObject, inputSchema: JsonObject = {}) =>
    pathArguments(given, { rules: [], roots: ['/w'], definition: { inputSchema } }).map(({ text }) => text);

  test('names in an object that has files by their paths, unless the schema declares them', () => {
    expect(texts({ files: { '../../x': 'content', 'a.txt': 'content' } })).toEqual(['../../x', 'a.txt']);
    expect(texts({ tree: { '/w/a': 1, 'file:///etc/passwd': 2, plain: 3 } })).toEqual(['/w/a', 'file:///etc/passwd']);
    const inputSchema = { properties: { file: { properties: { title: {} } } } };
    expect(texts({ file: { title: 'x' } }, inputSchema)).toEqual([]);
  });

  test('a tree of folders, however deep; what is deeper than any is an error and not let through', () => {
    const tree = (levels: number): JsonObject => (levels === 0 ? { path: '/etc' } : { children: [tree(levels - 1)] });
    expect(texts(tree(100))).toEqual(['/etc']);
    expect(() => texts(tree(200))).toThrow('nested deeper');
  });

  test.each(['git+file:///etc', 'jar:file:/etc/x.jar', ' FILE:///etc', 'view-source:file:///etc'])(
    'a file address behind another scheme: %s',
    (text) => {
      expect(texts({ what: text })).toEqual([text]);
    },
  );

  test.each(['path2', 'file_1', 'outfile', 'baseDir', 'pathname'])(
    'a name with a number or written as one: %s',
    (name) => {
      expect(texts({ [name]: 'x' })).toEqual(['x']);
    },
  );

  test('formats behind patterns of names, alternatives and a reference to the whole', () => {
    const path = { format: 'path' };
    expect(texts({ x1: 'a' }, { patternProperties: { '^x': path } })).toEqual(['a']);
    expect(texts({ x: 'a' }, { if: {}, else: { properties: { x: path } } })).toEqual(['a']);
    expect(texts({ next: { x: 'a' } }, { properties: { x: path, next: { $ref: '#' } } })).toEqual(['a']);
  });

  test('a schema that refers to itself a hundred times over costs no time', () => {
    const self: JsonObject = { anyOf: Array.from({ length: 100 }, () => ({ $ref: '#/$defs/self' })) };
    expect(
      texts({ path: 'x', other: 'y' }, { properties: { other: { $ref: '#/$defs/self' } }, $defs: { self } }),
    ).toEqual(['x']);
  });
});
