import { describe, expect, it } from 'vitest';
import {
  decodeHeaderValue,
  encodeHeaderValue,
  headerMismatch,
  headersOf,
  readParamHeaders,
} from '../../../src/bridge/param-headers.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';

const region = { type: 'string', 'x-mcp-header': 'Region' };
const object = (properties: JsonObject, rest: JsonObject = {}) => ({ type: 'object', properties, ...rest });

describe('arguments that travel as headers', () => {
  it('are found wherever a chain of properties leads', () => {
    const schema = object({ region, deep: object({ size: { type: 'integer', 'x-mcp-header': 'SIZE' } }), plain: {} });
    const params = readParamHeaders(schema);
    expect(params).toEqual({
      declared: [
        { path: ['region'], header: 'mcp-param-region' },
        { path: ['deep', 'size'], header: 'mcp-param-size' },
      ],
    });
    const declared = 'declared' in params ? params.declared : [];
    expect(headersOf(declared, { region: 'eu', deep: { size: 3 }, plain: 'x' })).toEqual({
      'mcp-param-region': 'eu',
      'mcp-param-size': '3',
    });
    expect(headersOf(declared, { region: null })).toEqual({});
  });

  it.each<[string, JsonObject]>([
    ['a name that is empty', object({ a: { ...region, 'x-mcp-header': '' } })],
    ['a name with a blank', object({ a: { ...region, 'x-mcp-header': 'My Region' } })],
    ['a name with a line end', object({ a: { ...region, 'x-mcp-header': 'a\r\nb' } })],
    ['a type that is no text', object({ a: { type: 'object', 'x-mcp-header': 'A' } })],
    ['a number that may be broken', object({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['one name twice', object({ a: region, b: { ...region, 'x-mcp-header': 'REGION' } })],
    ['an item of a list', object({ a: { type: 'array', items: region } })],
    ['an alternative', object({}, { anyOf: [object({ region })] })],
    ['a definition', object({}, { $defs: { region } })],
    ['the whole', { ...region }],
  ])('spoil a definition with %s', (_what, schema) => {
    expect(readParamHeaders(schema)).toHaveProperty('fault');
  });

  it('are not looked for in values', () => {
    expect(readParamHeaders(object({ a: { type: 'object', default: { 'x-mcp-header': '' } } }))).toEqual({
      declared: [],
    });
  });

  it.each(['', ' padded ', 'Hello, 世界', 'a\r\nb', '\tx', '=?base64?SGVsbG8=?=', 'plain text', 'SGVsbG8='])(
    'come back as they went: %j',
    (text) => {
      const sent = encodeHeaderValue(text);
      expect(sent).toMatch(/^[\x20-\x7e]+$/);
      expect(sent.trim()).toBe(sent);
      expect(decodeHeaderValue(sent)).toBe(text);
    },
  );

  it.each(['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?='])('are refused in base64 that is none: %s', (value) => {
    expect(decodeHeaderValue(value)).toBeUndefined();
  });

  const declared = [
    { path: ['region'], header: 'mcp-param-region' },
    { path: ['size'], header: 'mcp-param-size' },
  ];
  it.each<[JsonObject, Record<string, string>, RegExp | undefined]>([
    [{ region: 'eu', size: 42 }, { 'mcp-param-region': ' eu ', 'mcp-param-size': '42.0' }, undefined],
    [{}, { 'mcp-param-other': 'x' }, undefined],
    [{ region: null }, {}, undefined],
    [{ region: 'eu' }, {}, /missing/],
    [{}, { 'mcp-param-region': 'eu' }, /is not/],
    [{ region: 'eu' }, { 'mcp-param-region': 'EU' }, /differ/],
    [{ size: 1 }, { 'mcp-param-size': '' }, /differ/],
  ])('%j with %j are held together', (args, headers, expected) => {
    const said = headerMismatch(declared, args, headers);
    if (expected) expect(said).toMatch(expected);
    else expect(said).toBeUndefined();
  });
});
