import { isIPv6 } from 'node:net';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ArgumentChecker } from '../../../src/meta-tools/argument-check.ts';
import { fittingExample } from '../../../src/meta-tools/fitting-example.ts';
import { isObject, type JsonObject } from '../../../src/stdx/json.ts';
import { countedReads } from '../../helpers/counted-reads.ts';
import { randomSchemas } from '../../helpers/random-schemas.ts';

const tool = (inputSchema: JsonObject) => ({
  server: 's',
  name: 't',
  hash: JSON.stringify(inputSchema),
  definition: { name: 't', inputSchema },
});
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const one = (schema: JsonObject, more: JsonObject = {}) => object({ p: schema }, { required: ['p'], ...more });

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const named = (count: number, $ref: string): JsonObject =>
  Object.fromEntries(times(count, (at) => [`p${at}`, { $ref }]));

/** What an error about these arguments would show. */
async function shown(schema: JsonObject, given: JsonObject): Promise<JsonObject | undefined> {
  const checked = await checker.check(tool(schema), given);
  if (checked.fits) throw new Error(`these arguments fit: ${JSON.stringify(given)}`);
  return fittingExample(schema, checked);
}

const checker = new ArgumentChecker();
const ajv = new Ajv2020({ strict: false, validateFormats: false });

const fits = (schema: JsonObject, params: JsonObject | undefined): boolean =>
  params !== undefined && ajv.validate(schema, params);

describe('fitting example', () => {
  it.each<[string, JsonObject]>([
    ['a constant', { const: 'x' }],
    ['one of several values', { enum: [7, null] }],
    ['a pattern', { type: 'string', pattern: '^PRJ-\\d{4}(-[a-f]+)?$' }],
    ['a pattern of alternatives', { type: 'string', pattern: '^(?:bug|feat)/[^\\s/]{2,}$', minLength: 12 }],
    ['a pattern that is anywhere', { type: 'string', pattern: '[A-Z][\\w.]*@' }],
    ['a pattern of classes', { type: 'string', pattern: '^\\p{Lu}\\p{L}+ [0-9]{2}:[0-5]\\d$' }],
    ['two patterns', { type: 'string', pattern: '^a', allOf: [{ pattern: '^[a-z]{5}$' }] }],
    ['a short text', { type: 'string', maxLength: 2 }],
    ['a long text', { type: 'string', minLength: 20 }],
    ['a range', { type: 'integer', exclusiveMinimum: 10, maximum: 12 }],
    ['what is below', { type: 'number', exclusiveMaximum: -3 }],
    ['a multiple', { type: 'integer', minimum: 13, multipleOf: 5 }],
    ['so many members', { type: 'array', items: { type: 'string' }, minItems: 3 }],
    ['no member', { type: 'array', items: { type: 'string' }, maxItems: 0 }],
    ['members that differ', { type: 'array', items: { type: 'string' }, minItems: 3, uniqueItems: true }],
    ['values that differ', { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 3, uniqueItems: true }],
    ['a certain member', { type: 'array', items: { type: 'integer' }, contains: { minimum: 50 }, minContains: 2 }],
    ['a tuple', { type: 'array', prefixItems: [{ const: 'x' }, { type: 'integer' }], items: false, minItems: 2 }],
    ['a nested reference', { type: 'array', items: { $ref: '#/$defs/point' }, minItems: 1 }],
    [
      'all of several schemas',
      { allOf: [{ $ref: '#/$defs/point' }, { required: ['z'], properties: { z: { const: 1 } } }] },
    ],
    [
      'any of several schemas, of which the first never fits',
      { anyOf: [{ type: 'string', not: {} }, { type: 'null' }] },
    ],
    ['one of several schemas that overlap', { oneOf: [{ type: 'integer' }, { type: 'number' }] }],
    ['what is not', { type: 'string', not: { const: 'text' }, enum: ['text', 'other'] }],
    ['a default that does not fit', { type: 'integer', default: 'ten' }],
    ['an example', { type: 'string', pattern: '^\\x41$', examples: ['A'] }],
    ['so many keys', { type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } }, minProperties: 2 }],
  ])('shows %s as the schema wants it', async (_, schema) => {
    const point = { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] };
    const whole = one(schema, { $defs: { point } });
    const params = await shown(whole, { p: { wrong: true } }).catch(() => shown(whole, {}));
    expect(fits(whole, params), JSON.stringify(params)).toBe(true);
  });

  it.each<[what: string, schema: JsonObject, given: JsonObject, expected: JsonObject]>([
    [
      'exactly one of two parameters',
      object(
        { id: { type: 'string' }, name: { type: 'string' } },
        { oneOf: [{ required: ['id'] }, { required: ['name'] }] },
      ),
      {},
      { id: 'text' },
    ],
    [
      'only one of two that were given',
      object(
        { id: { type: 'string' }, name: { type: 'string' } },
        { oneOf: [{ required: ['id'] }, { required: ['name'] }] },
      ),
      { id: 'a', name: 'b' },
      { id: 'a' },
    ],
    [
      'the alternative that was begun',
      object({ x: {}, a: {}, b: {} }, { required: ['x'], anyOf: [{ required: ['a', 'b'] }, { required: ['c'] }] }),
      { x: 1, a: 2 },
      { x: 1, a: 2, b: 'text' },
    ],
    [
      'what a parameter needs',
      object({ a: { type: 'integer' }, b: { type: 'string' } }, { required: ['a'], dependentRequired: { a: ['b'] } }),
      { a: 5 },
      { a: 5, b: 'text' },
    ],
    [
      'what a parameter that may be left out needs',
      object({ a: { type: 'integer' }, b: { type: 'string' } }, { dependentRequired: { a: ['b'] } }),
      { a: 5 },
      { a: 5, b: 'text' },
    ],
    [
      'what holds when a parameter is there',
      object(
        { a: {}, n: { type: 'integer' } },
        { required: ['a', 'n'], dependentSchemas: { a: { properties: { n: { minimum: 9 } } } } },
      ),
      { a: 1, n: 2 },
      { a: 1, n: 9 },
    ],
    [
      'what follows from a value',
      object(
        { kind: { enum: ['x', 'y'] }, to: { type: 'string' } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        { required: ['kind'], if: { properties: { kind: { const: 'x' } } }, then: { required: ['to'] } },
      ),
      { kind: 'x' },
      { kind: 'x', to: 'text' },
    ],
    [
      'a parameter of a reference to a reference',
      object(
        { p: { $ref: '#/$defs/a' }, q: {} },
        { required: ['p'], $defs: { a: { $ref: '#/$defs/b' }, b: { minLength: 6, type: 'string' } } },
      ),
      { q: 1 },
      { q: 1, p: 'textxx' },
    ],
  ])('keeps what was right and shows %s', async (...[, schema, given, expected]) => {
    expect(await shown(schema, given)).toEqual(expected);
    expect(fits(schema, expected)).toBe(true);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['nothing fits', one({ allOf: [{ type: 'string' }, { type: 'integer' }] }), { p: 1 }],
    ['a pattern cannot be read', one({ type: 'string', pattern: '^[^\\x00-\\uffff]$' }), { p: 'a' }],
    ['it would be endless', one({ type: 'array', minItems: 10_000 }), { p: [] }],
  ])('shows nothing where %s', async (_, schema, given) => {
    expect(await shown(schema, given)).toBeUndefined();
  });

  it('shows nothing that was not checked', async () => {
    const endless = object({ a: { $ref: 'https://example.com/a.json' } }, { required: ['a'] });
    const proves = await checker.prover(tool(endless));
    expect(fittingExample(endless, { params: {}, problems: [], proves })).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ['parameters that are itself', object(named(20, '#'), { required: Object.keys(named(20, '#')) })],
    [
      'lists of lists that are itself',
      {
        ...one({ $ref: '#/$defs/it' }),
        $defs: {
          it: {
            type: 'array',
            minItems: 20,
            allOf: times(20, () => ({ contains: { $ref: '#/$defs/it' }, minContains: 20 })),
          },
        },
      },
    ],
    [
      'parameters that need the next one',
      object(
        {},
        {
          required: ['p0'],
          dependentRequired: Object.fromEntries(times(5_000, (at) => [`p${at}`, [`p${at + 1}`]])),
        },
      ),
    ],
    ['more parameters than an error has room for', object({}, { required: times(5_000, String) })],
    [
      'many parts',
      { type: 'object', allOf: times(2_000, (at) => ({ properties: { [`p${at}`]: {} }, required: [`p${at}`] })) },
    ],
  ])('gives up soon with %s', (_, given) => {
    const { schema, reads } = countedReads(given);
    const tried: unknown[] = [];
    const proves = (params: JsonObject) => tried.push(params) < 0;
    expect(fittingExample(schema, { params: {}, problems: [], proves })).toBeUndefined();
    expect(tried.length).toBeLessThan(50);
    expect(reads()).toBeLessThan(100_000);
  });

  it.each<[string, (text: string) => boolean]>([
    ['date', (text) => new Date(text).toISOString().startsWith(`${text}T`)],
    ['date-time', (text) => !Number.isNaN(Date.parse(text)) && text.includes('T')],
    ['email', (text) => /^[^@\s]+@[^@\s]+\.com$/.test(text)],
    ['uuid', (text) => /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(text)],
    ['uri', (text) => URL.canParse(text)],
    ['duration', (text) => /^P(?:T?\d+[DHMSWY])+$/.test(text)],
    ['ipv6', isIPv6],
  ])('shows a text of the format %s, which only the server checks', async (format, isOne) => {
    const { p } = (await shown(one({ type: 'string', format }), {})) ?? {};
    expect(typeof p === 'string' && isOne(p), String(p)).toBe(true);
  });

  it('shows what fits, for most schemas that anything fits', async () => {
    const random = randomSchemas(7);
    const counts = { shown: 0, missed: 0 };
    for (let round = 0; round < 40; round++) {
      const schema = random.tool();
      const given = { [random.pick(['a', 'b', 'z'])]: random.pick([1, 'x', true]) };
      const checked = await checker.check(tool(schema), given);
      if (checked.fits) continue;
      const params = fittingExample(schema, checked);
      if (params) expect(fits(schema, params), JSON.stringify({ schema, params })).toBe(true);
      const others = Array.from({ length: 300 }, () => random.near(schema, schema));
      const isMissed = others.some((other) => isObject(other) && checked.proves(other as JsonObject));
      if (params) counts.shown++;
      else if (isMissed) counts.missed++;
    }
    expect(counts.shown).toBeGreaterThan(counts.missed * 5);
  });
});
