/** Schemas and values made by rule from a seed, so that what holds for all schemas is tried with many that nobody thought of. */
import { seeded } from '../../index/evaluation/bootstrap.ts';
import { isObject, type Json, type JsonObject } from '../../src/stdx/json.ts';

export interface RandomSchemas {
  /** Of a tool's arguments; draft 2020-12, as ajv compiles it. */
  readonly tool: () => JsonObject;
  /** A value that is somewhere near what a schema wants. */
  readonly near: (schema: unknown, root: JsonObject) => Json;
  readonly pick: <T>(from: readonly T[]) => T;
}

const NAMES = ['a', 'b', 'c'];
const TEXTS = ['', 'a', 'b', 'ab', 'abc', 'xyz', 'A', '7', 'abcde'];
const NUMBERS = [-1, 0, 1, 2, 3, 4, 5, 6, 10, 2.5];
const PATTERNS = ['^a', 'c$', '^[a-z]*$', '^.{2}$'];

/** The same for the same seed. */
export function randomSchemas(seed: number): RandomSchemas {
  const random = seeded(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(from: readonly T[]): T => {
    const found = from[below(from.length)];
    if (found === undefined) throw new RangeError('nothing to pick from');
    return found;
  };
  const some = <T>(from: readonly T[], least = 1): T[] => {
    const kept = from.filter(() => random() < 0.5);
    return kept.length >= least ? kept : [pick(from)];
  };
  /** The entry, one time in `oneIn`. */
  const rarely = (oneIn: number, entry: () => JsonObject): JsonObject => (below(oneIn) === 0 ? entry() : {});

  const text = (): JsonObject => ({
    type: 'string',
    ...rarely(3, () => ({ minLength: pick([1, 2, 3]) })),
    ...rarely(3, () => ({ maxLength: pick([3, 4, 5]) })),
    ...rarely(4, () => ({ pattern: pick(PATTERNS) })),
    ...rarely(8, () => ({ not: { enum: some(TEXTS) } })),
    ...rarely(8, () => ({ allOf: [{ pattern: pick(PATTERNS) }] })),
    ...rarely(8, () => ({ anyOf: [{ pattern: pick(PATTERNS) }, { maxLength: 2 } as JsonObject] })),
  });
  const number = (): JsonObject => ({
    type: pick(['integer', 'number']),
    ...rarely(3, () => ({ [pick(['minimum', 'exclusiveMinimum'])]: pick([0, 1, 2]) })),
    ...rarely(3, () => ({ [pick(['maximum', 'exclusiveMaximum'])]: pick([4, 5, 6]) })),
    ...rarely(4, () => ({ multipleOf: pick([2, 3]) })),
    ...rarely(8, () => ({ not: { const: pick(NUMBERS) } })),
  });
  const list = (depth: number): JsonObject => ({
    type: 'array',
    ...rarely(5, () => ({ prefixItems: [leaf(), leaf()] })),
    items: any(depth - 1),
    ...rarely(3, () => ({ minItems: pick([1, 2]) })),
    ...rarely(3, () => ({ maxItems: pick([2, 3]) })),
    ...rarely(3, () => ({ uniqueItems: true })),
    ...rarely(5, () => ({
      contains: leaf(),
      ...rarely(2, () => ({ minContains: 2 })),
      ...rarely(2, () => ({ maxContains: 2 })),
    })),
  });
  const leaf = () =>
    pick([text, number, () => ({ enum: some(['a', 'b', 7, null]) }), () => ({ const: pick(TEXTS) })])();
  const object = (depth: number): JsonObject => ({
    type: 'object',
    properties: Object.fromEntries(some(NAMES).map((name) => [name, any(depth - 1)])),
    ...rarely(2, () => ({ required: some(NAMES) })),
    ...rarely(4, () => ({ additionalProperties: pick<Json>([false, leaf()]) })),
    ...rarely(6, () => ({ patternProperties: { '^b': leaf() } })),
    ...rarely(6, () => ({ propertyNames: { pattern: '^[ab]' } })),
    ...rarely(6, () => ({ minProperties: pick([1, 2]) })),
    ...rarely(6, () => ({ maxProperties: pick([1, 2]) })),
    ...rarely(6, () => ({ dependentRequired: { [pick(NAMES)]: some(NAMES) } })),
    ...rarely(6, () => ({ dependentSchemas: { [pick(NAMES)]: part() } })),
    ...rarely(5, () => ({
      if: part(),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      ...rarely(2, () => ({ then: part() })),
      ...rarely(2, () => ({ else: part() })),
    })),
    ...rarely(8, () => ({ not: part() })),
    ...rarely(5, () => ({ [pick(['anyOf', 'oneOf'])]: [part(), part()] })),
    ...rarely(6, () => ({ allOf: [part()] })),
  });
  const part = (): JsonObject =>
    pick<() => JsonObject>([
      () => ({ required: some(NAMES) }),
      () => ({ properties: { [pick(NAMES)]: leaf() } }),
      () => ({ properties: { [pick(NAMES)]: leaf() }, required: some(NAMES) }),
    ])();
  const any = (depth: number): JsonObject => {
    if (depth <= 0) return leaf();
    return pick<() => JsonObject>([
      leaf,
      leaf,
      () => list(depth),
      () => object(depth),
      () => ({ [pick(['anyOf', 'oneOf'])]: [any(depth - 1), any(depth - 1)] }),
      () => ({
        allOf: [
          { $ref: '#/$defs/shared' },
          ...(random() < 0.5 ? [{ maxLength: 2, maximum: 4 }] : ([] as JsonObject[])),
        ],
      }),
      () => ({ type: ['string', 'integer', 'null'], minLength: 2, maximum: 4 }),
    ])();
  };

  const near = (schema: unknown, root: JsonObject): Json => {
    if (!isObject(schema) || random() < 0.05) return pick<Json>(['a', 1, null, [], {}]);
    const { enum: values, const: constant, $ref, anyOf, oneOf, allOf, type } = schema as JsonObject;
    if ($ref !== undefined) return near((root.$defs as JsonObject).shared, root);
    if (constant !== undefined && random() < 0.8) return constant;
    if (Array.isArray(values) && random() < 0.8) return pick(values);
    const variants = anyOf ?? oneOf ?? (type === undefined ? allOf : undefined);
    if (type === undefined && Array.isArray(variants)) return near(pick(variants), root);
    const kind = Array.isArray(type) ? pick(type) : type;
    if (kind === 'string') return pick(TEXTS);
    if (kind === 'integer' || kind === 'number') return pick(NUMBERS);
    if (kind === 'array') return Array.from({ length: below(4) }, () => near((schema as JsonObject).items, root));
    if (kind === 'object' || schema.properties) return nearObject(schema, root);
    return pick<Json>([...TEXTS, ...NUMBERS, null]);
  };
  const nearObject = (schema: Record<string, unknown>, root: JsonObject): JsonObject => {
    const properties = isObject(schema.properties) ? schema.properties : {};
    const fill = pick([0.3, 0.7, 1]);
    const names = NAMES.filter(() => random() < fill);
    return Object.fromEntries(
      names.map((name) => [name, random() < 0.2 ? near(leaf(), root) : near(properties[name] ?? leaf(), root)]),
    );
  };

  return { tool: () => ({ ...object(3), $defs: { shared: leaf() } }), near, pick };
}
