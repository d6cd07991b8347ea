import { describe, expect, it, vi } from 'vitest';
import { ArgumentChecker } from '../../../src/meta-tools/argument-check.ts';
import { notAnObject, wrongArguments } from '../../../src/meta-tools/argument-problems.ts';
import { SchemaCompiler } from '../../../src/meta-tools/compiled-schema.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';

const SCHEMA: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    path: { type: 'string' },
    head: { type: 'integer' },
    deep: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    filter: { type: 'object', properties: { size: { type: 'number' } } },
    mode: { enum: ['text', 'binary'] },
  },
  required: ['path'],
  additionalProperties: false,
};
const tool = (inputSchema: JsonObject) => ({
  server: 'fs',
  name: 'read',
  hash: JSON.stringify(inputSchema),
  definition: { name: 'read', inputSchema },
});
const server = {
  name: 'fs',
  description: '',
  configHash: '',
  callTimeoutMs: 1,
  callTotalTimeoutMs: 1,
  resultBytesMax: 1,
  allows: () => true,
};
const check = (params: JsonObject, schema = SCHEMA) => new ArgumentChecker().check(tool(schema), params);

async function explained(params: JsonObject): Promise<string> {
  const checked = await check(params);
  if (checked.fits) throw new Error('expected arguments that do not fit');
  const error = wrongArguments({ server, tool: tool(SCHEMA) }, checked);
  return `${error.message}\n${error.hint}`;
}

describe('argument check', () => {
  it('lets fitting arguments through untouched', async () => {
    const params = { path: 'a', head: 3 };
    const checked = await check(params);
    expect(checked.fits && checked.params).toBe(params);
  });

  it('mends what is obviously meant', async () => {
    const given = { path: 7, head: '3', deep: 'true', tags: 'x', filter: '{"size":"2"}' };
    const checked = await check(given as JsonObject);
    expect(checked.fits).toBe(false);
    const second = await check({ ...given, filter: '{"size":2}' } as JsonObject);
    expect(second).toEqual({
      fits: true,
      params: { path: '7', head: 3, deep: true, tags: ['x'], filter: { size: 2 } },
    });
  });

  it('takes null for an optional argument as none, and says that a required one is missing', async () => {
    const given = { path: 'a', head: null, deep: null, tags: null, mode: null, filter: { size: null } };
    expect(await check(given)).toEqual({ fits: true, params: { path: 'a', filter: {} } });
    expect(given.head).toBeNull();
    expect(await explained({ path: null, head: null })).toMatch(/- params: "path" is missing\nschema/);
    expect((await check({ path: 'a', tags: [null] })).fits).toBe(false);
    const nullable = { type: 'object', properties: { until: { type: ['string', 'null'] } } };
    expect(await check({ until: null }, nullable)).toEqual({ fits: true, params: { until: null } });
  });

  it('does not guess: text that is no number stays wrong', async () => {
    expect((await check({ path: 'a', head: 'ten' })).fits).toBe(false);
    expect((await check({ path: 'a', head: '3.5' })).fits).toBe(false);
  });

  it('explains the failing path, the schema and one corrected call (#48)', async () => {
    const text = await explained({ pth: 'a', head: 'ten', mode: 'txt' });
    expect(text).toContain('fs:read was not called');
    expect(text).toContain('"path" is missing');
    expect(text).toContain('unknown parameter "pth"; did you mean "path"?');
    expect(text).toContain('head: must be integer, got "ten"');
    expect(text).toContain('mode: must be one of ["text","binary"], got "txt"');
    const example = JSON.parse(/example: use_tool (.*)$/.exec(text)?.[1] ?? '{}') as { params: JsonObject };
    expect(example.params).toMatchObject({ path: 'a', mode: 'text' });
    expect((await check(example.params)).fits).toBe(true);
  });

  it('does not send long values back, and keeps what was right (#48)', async () => {
    const long = 'x'.repeat(100_000);
    const wrong = { path: 'a', head: 'ten', paths: 'b', mode: long, filter: { size: long }, [long]: long };
    const text = await explained(wrong as JsonObject);
    expect(text.length).toBeLessThan(3_000);
    const example = JSON.parse(/example: use_tool (.*)$/.exec(text)?.[1] ?? '{}') as { params: JsonObject };
    expect(example.params).toMatchObject({ path: 'a', mode: 'text' });
    const missing = await explained({ tags: [long] });
    expect(missing).toMatch(/"tags":\["x{200}…"\]/);
  });

  it('shows an object as JSON text where a text is wanted', async () => {
    expect(await explained({ path: { a: 1 } })).toContain('"params":{"path":"{\\"a\\":1}"}');
  });

  it('matches patterns in no time, whatever a server wrote and an agent gave', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
    expect((await check({ a: `${'a'.repeat(100_000)}!` }, schema)).fits).toBe(false);
    expect((await check({ a: 'a'.repeat(100_000) }, schema)).fits).toBe(true);
    const names = { type: 'object', patternProperties: { '^(x+)+$': {} }, additionalProperties: false };
    expect((await check({ [`${'x'.repeat(1_000)}!`]: 1 }, names)).fits).toBe(false);
  });

  it('leaves patterns to the server that would take seconds to be compiled, or for a text as long as this', async () => {
    const text = (pattern: string) => ({ type: 'string', pattern });
    const many = Array.from({ length: 3_000 }, (_, index) => [`a${index}`, text(`^[a-z]+-${index}$`)] as const);
    const some = (count: number) => ({ type: 'object', properties: Object.fromEntries(many.slice(0, count)) });
    expect((await check({ a0: '?' }, some(500))).fits).toBe(false);
    expect((await check({ a0: '?' }, some(3_000))).fits).toBe(true);
    const long = { type: 'object', properties: { a: text(`(?:[^z]?[a-y]){900}z`) } };
    expect((await check({ a: 'x'.repeat(1_000) }, long)).fits).toBe(false);
    expect((await check({ a: 'x'.repeat(1_000_000) }, long)).fits).toBe(true);
  });

  it('shows in no time what arguments should be, however many are unknown and however often a schema requires the same', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`an_unknown_parameter_${index}`, 1]),
    );
    const text = await explained(many);
    expect(text).toContain('"path" is missing');
    expect(text).toContain('"params":{"path":"text"}');
    let schema: JsonObject = { type: 'string' };
    for (let level = 0; level < 10; level++)
      schema = { type: 'object', properties: { a: schema }, required: Array<string>(30).fill('a') };
    const proves = await new ArgumentChecker().prover(tool(schema));
    const error = wrongArguments({ server, tool: tool(schema) }, { params: {}, problems: [notAnObject('x')], proves });
    expect(error.hint).toContain(`"params":${'{"a":'.repeat(10)}"text"`);
  });

  it('leaves endless schemas to the server, and says endless names and patterns in short', async () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`p${index}`, { type: 'string' }]));
    expect((await check({ p1: 5 }, { type: 'object', properties: many })).fits).toBe(true);
    const long = 'x'.repeat(50_000);
    const pattern = 'x'.repeat(5_000);
    const schema = { type: 'object', properties: { a: { type: 'string', pattern } }, required: [long] };
    const checked = await check({ a: 'b' }, schema);
    if (checked.fits) throw new Error('expected arguments that do not fit');
    const { message, hint } = wrongArguments({ server, tool: tool(schema) }, checked);
    expect(message).toMatch(/"x+… is missing/);
    expect(message).toMatch(/- a: must match pattern "x+$/m);
    expect(`${message}${hint}`.length).toBeLessThan(2_000);
  });

  it('mends a value once, however many alternatives want it to be another', async () => {
    const list = (type: string) => ({ type: 'array', items: { type } });
    const schema = { properties: { a: { anyOf: [list('number'), list('string')] } } };
    expect(await check({ a: 'x' }, schema)).toMatchObject({ fits: true, params: { a: ['x'] } });
  });

  it('leaves what would never end to the server, and checks references that do', async () => {
    const twice = (name: string) => ({ anyOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
    const names = Array.from({ length: 40 }, (_, at) => `d${at}`);
    const doubled = Object.fromEntries(names.map((name, at) => [name, twice(`d${at + 1}`)]));
    const schema = { properties: { a: { $ref: '#/$defs/d0' } }, $defs: { ...doubled, d40: { type: 'string' } } };
    expect((await check({ a: 1 }, schema)).fits).toBe(true);
    const lists = { anyOf: Array.from({ length: 40 }, () => ({ type: 'array', items: { $ref: '#/$defs/a' } })) };
    const nested = { properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: lists } };
    expect((await check({ a: [[[[[[1]]]]]] }, nested)).fits).toBe(true);
    expect((await check({ a: 1 }, nested)).fits, 'nothing is that deep here').toBe(false);
    const tree = { type: 'object', properties: { next: { $ref: '#/$defs/t' }, n: { type: 'number' } } };
    const root = { properties: { t: { $ref: '#/$defs/t' } }, $defs: { t: tree } };
    expect((await check({ t: { n: 1, next: { next: { n: 2 } } } }, root)).fits).toBe(true);
    expect((await check({ t: { n: 1, next: { next: { n: 'x' } } } }, root)).fits).toBe(false);
    expect((await check({ a: 1 }, { properties: { a: { $ref: '#/properties/a' } } })).fits).toBe(true);
  });

  it.each<[string, JsonObject]>([
    ['alternatives', { oneOf: Array.from({ length: 5_000 }, (_, at) => ({ required: [`a${at}`] })) }],
    ['parameters that one needs', { dependentRequired: { path: Array.from({ length: 5_000 }, (_, at) => `a${at}`) } }],
  ])('leaves it to the server to check by thousands of %s, and checks by a few', async (_, schema) => {
    expect((await check({ path: 'a' }, { type: 'object', ...schema })).fits).toBe(true);
    const [keyword = '', all] = Object.entries(schema)[0] ?? [];
    const some = Array.isArray(all) ? all.slice(0, 100) : { path: ['a', 'b'] };
    expect((await check({ path: 'a' }, { type: 'object', [keyword]: some })).fits).toBe(false);
  });

  it('compiles a long part once, however many references lead to it', async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `a${at}`);
    const schema = {
      type: 'object',
      properties: Object.fromEntries(names.slice(0, 300).map((name) => [name, { $ref: '#/$defs/long' }])),
      $defs: {
        long: {
          type: 'object',
          required: names,
          properties: Object.fromEntries(names.map((name) => [name, { const: 1 }])),
        },
      },
    };
    expect((await check({ a0: {} }, schema)).fits).toBe(false);
  });

  it('leaves it to the server to compare every member of a long list with every other', async () => {
    const schema = { type: 'object', properties: { a: { type: 'array', uniqueItems: true } } };
    const members = (length: number) => Array.from({ length }, (_, at) => ({ at: at % (length - 1) }));
    expect((await check({ a: members(100) }, schema)).fits).toBe(false);
    expect((await check({ a: members(60_000) }, schema)).fits, 'too many to compare').toBe(true);
    const lists = { allOf: Array.from({ length: 1_000 }, () => ({ uniqueItems: true })) };
    expect((await check({ a: members(100) }, { properties: { a: lists } })).fits, 'compared too often').toBe(true);
  });

  it('checks at once, whatever the schema says of that, and fails nobody later', async () => {
    const schema = { $async: true, type: 'object', properties: { a: { type: 'string' } } };
    expect((await check({ a: { b: 1 } }, schema)).fits).toBe(false);
    expect((await check({ a: 'x' }, schema)).fits).toBe(true);
  });

  it('tells patterns apart, and takes them as JavaScript does', async () => {
    const text = (pattern: string) => ({ type: 'string', pattern });
    const properties = { id: text('[0-9]'), name: text('^\\p{Lu}\\S*$'), path: text('^/[^/]+'), gap: text('^a\\sb$') };
    const schema = { type: 'object', properties };
    const good = { id: 'no. 7', name: 'Élan', path: '/home/ada', gap: 'a\u00a0b' };
    expect(await check(good, schema)).toMatchObject({ fits: true });
    const wrong = await check({ id: 'none', name: 'ada', path: 'home', gap: 'ab' }, schema);
    expect(wrong.fits ? [] : wrong.problems.map(({ path }) => path)).toEqual(['/id', '/name', '/path', '/gap']);
  });

  it.each([
    ['a remote reference', { type: 'object', properties: { a: { $ref: 'https://example.com/a.json' } } }],
    ['a pattern that looks ahead', { type: 'object', properties: { a: { type: 'string', pattern: '^(?=y)' } } }],
    ['a broken pattern', { type: 'object', properties: { a: { type: 'string', pattern: '(' } } }],
    ['a type that does not exist', { type: 'objekt' }],
    ['names that are none', { type: 'object', required: [1] }],
    ['names that are none, as an old one', { ...SCHEMA, properties: {}, required: [true] }],
    ['nothing that could be chosen', { type: 'object', anyOf: [] }],
  ])('leaves the check to the server when the schema has %s', async (_, schema) => {
    expect((await check({ a: 'x' }, schema as JsonObject)).fits).toBe(true);
  });

  it('compiles a schema once, however many calls wait for it', async () => {
    using compile = vi.spyOn(SchemaCompiler.prototype, 'compile');
    const checker = new ArgumentChecker();
    const all = await Promise.all(['a', 'b', 'c'].map((path) => checker.check(tool(SCHEMA), { path })));
    expect(all.map(({ fits }) => fits)).toEqual([true, true, true]);
    await checker.check(tool(SCHEMA), { path: 'd' });
    expect(compile).toHaveBeenCalledTimes(1);
  });
});
