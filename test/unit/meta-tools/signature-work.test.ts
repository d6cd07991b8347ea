import { describe, expect, it } from 'vitest';
import { signature } from '../../../src/meta-tools/signature.ts';
import type { Json, JsonObject } from '../../../src/stdx/json.ts';
import { countedReads } from '../../helpers/counted-reads.ts';

const MANY = 10_000;
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const named = (count: number, make: (at: number) => Json): JsonObject =>
  Object.fromEntries(times(count, (at) => [`p${at}`, make(at)]));
/** Many parameters that are all `shared`, which may refer to itself. */
const shared = (schema: JsonObject): JsonObject => ({
  type: 'object',
  properties: named(40, () => ({ $ref: '#/$defs/it' })),
  $defs: { it: schema },
});
const IT = { $ref: '#/$defs/it' };

/** Of the largest schema below: reading it once is in order. */
const READS_MAX = 300_000;

describe('signature', () => {
  it.each<[string, JsonObject]>([
    ['alternatives that are itself', shared({ anyOf: times(20, () => IT) })],
    ['parts that are itself', shared({ allOf: times(20, () => IT) })],
    ['parameters that are itself', { type: 'object', properties: named(30, () => ({ $ref: '#' })) }],
    ['conditions that are itself', shared({ type: 'object', if: IT, else: IT, not: IT, properties: { a: IT } })],
    [
      'alternatives times parts',
      { type: 'object', allOf: times(40, (i) => ({ anyOf: times(40, (j) => ({ required: [`a${i}_${j}`] })) })) },
    ],
    ['many parameters', shared({ type: 'object', properties: { ...named(MANY, () => ({})), it: IT } })],
    [
      'many parts',
      { type: 'object', allOf: times(MANY, (at) => ({ properties: { [`p${at}`]: {} }, required: [`p${at}`] })) },
    ],
    ['many parts that say nothing', shared({ allOf: times(MANY, () => true), properties: { a: IT } })],
    ['many types', shared({ type: times(MANY, (at) => `t${at}`), allOf: [{ type: times(MANY, (at) => `t${at}`) }] })],
    ['one type many times', { type: times(MANY, () => 'object'), properties: named(40, () => ({ $ref: '#' })) }],
    [
      'many values',
      shared({ type: ['string', 'null'], allOf: [{ enum: times(MANY, String) }, { enum: times(MANY, String) }] }),
    ],
    ['long values', shared({ const: times(MANY, (at) => [at]), allOf: [{ const: times(MANY, (at) => [at]) }] })],
    [
      'long defaults',
      shared({ type: 'object', properties: named(40, () => ({ default: times(MANY / 40, () => ({})) })) }),
    ],
    ['many names', shared({ type: 'object', dependentRequired: { a: times(MANY, String), b: times(MANY, String) } })],
    ['many conditions', shared({ type: 'object', dependentSchemas: named(MANY, () => ({ required: ['a'] })) })],
    ['many members', shared({ type: 'array', prefixItems: times(MANY, () => true), items: IT })],
    ['many patterns', shared({ type: 'object', patternProperties: named(MANY / 4, () => IT) })],
    [
      'alternatives that nothing tells apart',
      shared({
        oneOf: times(30, () => ({
          required: times(MANY / 40, String),
          properties: named(MANY / 40, () => ({ const: 1 })),
        })),
      }),
    ],
    ['a long reference', shared({ $ref: `#${'/a'.repeat(MANY)}` })],
  ])('ends soon, and says that it does not tell all, with %s', (_, given) => {
    const { schema, reads } = countedReads(given);
    const { isWhole, text } = signature('f', schema);
    expect(isWhole).toBe(false);
    expect(text).toContain('…');
    expect(reads()).toBeLessThan(READS_MAX);
  });
});
