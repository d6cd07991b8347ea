import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { signature } from '../../../src/meta-tools/signature.ts';
import { isObject, type JsonObject } from '../../../src/stdx/json.ts';
import { type RandomSchemas, randomSchemas } from '../../helpers/random-schemas.ts';

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'type enum const allOf anyOf oneOf not if then else minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern ' +
    'items prefixItems minItems maxItems uniqueItems contains minContains maxContains required properties patternProperties propertyNames ' +
    'additionalProperties minProperties maxProperties dependentRequired dependentSchemas'
  ).split(' '),
);
/** What a signature takes for granted: that no parameter but those it names may be given, and that who has parameters is an object. */
const isGranted = (keyword: string, schema: JsonObject) =>
  (keyword === 'additionalProperties' && schema[keyword] === false) ||
  (keyword === 'type' && (schema.properties !== undefined || schema.items !== undefined));

interface Site {
  readonly keyword: string;
  readonly holder: JsonObject;
}

function sites(schema: unknown): Site[] {
  if (Array.isArray(schema)) return schema.flatMap(sites);
  if (!isObject(schema)) return [];
  const holder = schema as JsonObject;
  const own = Object.keys(holder).filter((keyword) => KEYWORDS.has(keyword) && !isGranted(keyword, holder));
  const below = Object.entries(holder).flatMap(([keyword, value]) => {
    if (['enum', 'const', 'required', 'dependentRequired', '$defs'].includes(keyword)) return [];
    const isMap = ['properties', 'patternProperties', 'dependentSchemas'].includes(keyword);
    return isMap && isObject(value) ? Object.values(value).flatMap(sites) : sites(value);
  });
  return [...own.map((keyword) => ({ keyword, holder })), ...below];
}

/** A schema, and the same without one of its keywords. */
function differing({ tool, pick }: RandomSchemas) {
  const schema = tool();
  const without = structuredClone(schema);
  const { holder, keyword } = pick(sites(without));
  delete holder[keyword];
  return { keyword, schema, without };
}

const ajv = new Ajv2020({ strict: false, validateSchema: false });

/** Arguments that fit only one of two schemas; undefined where none are found. */
function witness(schemas: readonly JsonObject[], { near }: RandomSchemas): JsonObject | undefined {
  const [fits, others] = schemas.map((schema) => ajv.compile(schema));
  const [schema = {}] = schemas;
  for (let tries = 0; tries < 100; tries++) {
    const value = near(schema, schema);
    if (isObject(value) && fits?.(value) !== others?.(value)) return value as JsonObject;
  }
  return undefined;
}

describe('signature', () => {
  it('tells apart what a call may fail by, or says that it does not tell all, whatever the schema', () => {
    const random = randomSchemas(20_26);
    const told = new Set<string>();
    const alike: ReturnType<typeof differing>[] = [];
    for (let round = 0; round < 1_500; round++) {
      const found = differing(random);
      const [one, other] = [found.schema, found.without].map((schema) => signature('f', schema));
      if (one?.text !== other?.text) told.add(found.keyword);
      else if (one?.isWhole) alike.push(found);
    }
    const lost = alike.flatMap(({ keyword, schema, without }) => {
      const value = witness([schema, without], random);
      return value
        ? [`${keyword}: ${JSON.stringify(value)} by ${JSON.stringify(schema)} = ${signature('f', schema).text}`]
        : [];
    });
    expect(lost.slice(0, 10)).toEqual([]);
    expect([...KEYWORDS].filter((keyword) => !told.has(keyword))).toEqual([]);
  });
});
