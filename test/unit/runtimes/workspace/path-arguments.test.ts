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
    expect(found(nested, { $ref: '#' })).toEqual([]);
  });
});
