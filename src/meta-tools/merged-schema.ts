/** A schema laid over what it refers to and consists of, so that whoever describes it or makes values for it finds each rule in one place. */
import { isObject } from '../stdx/json.ts';
import { pointedAt } from '../stdx/json-pointer.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** `anyOf`, or `oneOf`, of which exactly one may fit. */
export interface Choice {
  readonly isExclusive: boolean;
  readonly variants: readonly unknown[];
}

export interface Merged {
  /** Without `$ref`, `allOf`, `anyOf`, `oneOf` and the rules; `types` and `values` stand for `type`, `const` and `enum`. */
  readonly schema: Schema;
  /** Undefined for any; none where nothing fits. */
  readonly types: readonly string[] | undefined;
  /** What it must be one of; undefined for anything. */
  readonly values: readonly unknown[] | undefined;
  /** Each must be kept besides. */
  readonly choices: readonly Choice[];
  /** Parts with what cannot be laid over each other: a second pattern, `not`, `if` with its `then`, and the like. */
  readonly rules: readonly Schema[];
  /** False where something could not be found, or told from what contradicts it. */
  readonly isWhole: boolean;
}

export interface MergeLimits {
  /** What references point into. */
  readonly root: unknown;
  /** Schemas that may still be looked at: references to themselves make endless ones of a few. */
  readonly looks: { left: number };
}

/** References behind references and parts of parts; honest schemas need two or three. */
const HOPS_MAX = 8;

const EMPTY: Merged = { schema: {}, types: undefined, values: undefined, choices: [], rules: [], isWhole: true };

/** Of `true`, `false` and what is no schema, too. */
export function mergedSchema(schema: unknown, limits: MergeLimits, hops = 0): Merged {
  if (schema === false) return { ...EMPTY, types: [] };
  if (!isObject(schema)) return EMPTY;
  if (hops > HOPS_MAX || limits.looks.left <= 0) return { ...EMPTY, isWhole: false };
  limits.looks.left -= 1 + Math.floor(sizeOf(schema) / ENTRIES_A_LOOK);
  const { $ref, allOf, ...own } = schema;
  const target = typeof $ref === 'string' ? pointedAt(limits.root, $ref) : undefined;
  const others = [...(target === undefined ? [] : [target]), ...(Array.isArray(allOf) ? allOf : [])];
  const parts = others.map((other) => mergedSchema(other, limits, hops + 1));
  const isLost = ($ref !== undefined && target === undefined) || '$dynamicRef' in own || '$recursiveRef' in own;
  const all = [...parts, ownPart(own)].reduce(overlaid);
  return isLost ? { ...all, isWhole: false } : all;
}

/** Of parameters and values; copying so many takes about as long as the rest of a look. */
const ENTRIES_A_LOOK = 50;

function sizeOf({ properties, required, enum: values }: Schema): number {
  const lists = [required, values].map((list) => (Array.isArray(list) ? list.length : 0));
  return lists.reduce((sum, length) => sum + length, isObject(properties) ? Object.keys(properties).length : 0);
}

/** Rules that stand beside each other, however many there are. */
const RULES: readonly (readonly string[])[] = [
  ['not'],
  ['if', 'then', 'else'],
  ['dependentRequired'],
  ['dependentSchemas'],
  ['dependencies'],
  ['contains', 'minContains', 'maxContains'],
  ['propertyNames'],
  ['patternProperties'],
];

function ownPart(own: Record<string, unknown>): Merged {
  const { type, enum: values, const: constant, anyOf, oneOf, ...rest } = own;
  const schema = { ...rest };
  const rules: Schema[] = [];
  for (const keywords of RULES) {
    const given = Object.fromEntries(keywords.flatMap((name) => (name in schema ? [[name, schema[name]]] : [])));
    for (const name of keywords) delete schema[name];
    const [first] = keywords;
    if (first !== undefined && given[first] !== undefined) rules.push(given);
  }
  const given = type === undefined || Array.isArray(type) ? type : [type];
  const types = Array.isArray(given) ? given.flatMap(typeWord) : [];
  return {
    schema: normalized(schema),
    types: types.length > 0 ? types : undefined,
    values: joined(
      Array.isArray(values) ? values : undefined,
      constant === undefined ? undefined : [constant],
      commonValues,
    ),
    choices: [...choicesOf(anyOf, false), ...choicesOf(oneOf, true)],
    rules,
    isWhole: given === undefined || given.length === types.length,
  };
}

/** Of what is no type of JSON (`str, optional`) the first word, which says more than nothing. */
const WORD = /^[\w.]{1,40}(?:\[[\w.]{0,40}\])?/;
const typeWord = (type: unknown): string[] => (typeof type === 'string' ? (WORD.exec(type) ?? []).slice(0, 1) : []);

const choicesOf = (variants: unknown, isExclusive: boolean): Choice[] =>
  Array.isArray(variants) ? [{ isExclusive, variants }] : [];

/** What older drafts and `unevaluated…` say, in the words of the newest draft. */
function normalized(given: Record<string, unknown>): Schema {
  const { unevaluatedProperties, unevaluatedItems, additionalItems, ...schema } = given;
  if (Array.isArray(schema.items)) Object.assign(schema, { prefixItems: schema.items, items: additionalItems });
  if (schema.items === undefined) schema.items = unevaluatedItems;
  // That nothing else may be given is what readers of a list of parameters take for granted.
  if (schema.additionalProperties === undefined && isObject(unevaluatedProperties))
    schema.additionalProperties = unevaluatedProperties;
  for (const [limit, exclusive] of EXCLUSIVE) {
    if (schema[exclusive] === true) Object.assign(schema, { [exclusive]: schema[limit], [limit]: undefined });
  }
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

const EXCLUSIVE = [
  ['minimum', 'exclusiveMinimum'],
  ['maximum', 'exclusiveMaximum'],
] as const;

function overlaid(below: Merged, above: Merged): Merged {
  const schema: Record<string, unknown> = { ...below.schema };
  const conflicts: Schema[] = [];
  let isWhole = below.isWhole && above.isWhole && !isForeign(below, above) && !isForeign(above, below);
  for (const [keyword, value] of Object.entries(above.schema)) {
    const other = below.schema[keyword];
    schema[keyword] = other === undefined ? value : (JOINED[keyword]?.(other, value) ?? value);
    if (other === undefined || other === value || JOINED[keyword]) continue;
    if (SEVERAL.has(keyword)) conflicts.push({ [keyword]: other });
    else if (keyword === 'prefixItems') isWhole = false;
  }
  return {
    schema,
    types: joined(below.types, above.types, commonTypes),
    values: joined(below.values, above.values, commonValues),
    choices: [...below.choices, ...above.choices],
    rules: [...below.rules, ...above.rules, ...conflicts],
    isWhole,
  };
}

const SEVERAL: ReadonlySet<string> = new Set([
  'pattern',
  'format',
  'multipleOf',
  'contentEncoding',
  'contentMediaType',
]);

type Join = (below: unknown, above: unknown) => unknown;

const both: Join = (below, above) => (below === above ? above : { allOf: [below, above] });
const larger: Join = (below, above) => Math.max(numberOr(below, -Infinity), numberOr(above, -Infinity));
const smaller: Join = (below, above) => Math.min(numberOr(below, Infinity), numberOr(above, Infinity));

/** How two parts' words on the same are one. */
const JOINED: Readonly<Record<string, Join>> = {
  required: (below, above) => [...namesIn(below), ...namesIn(above)],
  properties: (below, above) => (isObject(below) && isObject(above) ? joinedProperties(below, above) : above),
  additionalProperties: both,
  items: both,
  uniqueItems: (below, above) => below === true || above === true,
  minimum: larger,
  exclusiveMinimum: larger,
  minLength: larger,
  minItems: larger,
  minProperties: larger,
  maximum: smaller,
  exclusiveMaximum: smaller,
  maxLength: smaller,
  maxItems: smaller,
  maxProperties: smaller,
};

export const numberOr = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise);

function joinedProperties(below: Record<string, unknown>, above: Record<string, unknown>): Schema {
  const entries = Object.entries(above).map(([name, schema]) => {
    return [name, Object.hasOwn(below, name) ? both(below[name], schema) : schema] as const;
  });
  return Object.fromEntries([...Object.entries(below), ...entries]);
}

/** Whether one part forbids parameters that the other brings. */
export function isForeign({ schema: strict }: Merged, { schema: other }: Merged): boolean {
  const { additionalProperties, properties } = strict;
  if (additionalProperties === undefined || additionalProperties === true) return false;
  const known = isObject(properties) ? properties : {};
  const brought = [...(isObject(other.properties) ? Object.keys(other.properties) : []), ...requiredOf(other)];
  return brought.some((name) => !Object.hasOwn(known, name));
}

function joined<T>(
  below: readonly T[] | undefined,
  above: readonly T[] | undefined,
  common: (below: readonly T[], above: readonly T[]) => readonly T[],
): readonly T[] | undefined {
  return below && above ? common(below, above) : (below ?? above);
}

/** A number that is wanted by the one may be a whole one by the other. */
export function commonTypes(some: readonly string[], others: readonly string[]): readonly string[] {
  const kept = some.filter((type) => others.includes(type) || (type === 'integer' && others.includes('number')));
  const whole = others.includes('integer') && some.includes('number') && !kept.includes('integer') ? ['integer'] : [];
  return [...kept, ...whole];
}

export function commonValues(some: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const texts = new Set(others.map((value) => JSON.stringify(value)));
  return some.filter((value) => texts.has(JSON.stringify(value)));
}

const namesIn = (names: unknown): string[] =>
  Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];

/** Names, each as often as it stands there. */
export const requiredOf = ({ required }: Schema): string[] => namesIn(required);

/** The same as a schema again, without the choices. */
export function asSchema({ schema, types, values, rules }: Merged): Schema {
  return {
    ...schema,
    ...(types ? { type: types } : {}),
    ...(values ? { enum: values } : {}),
    ...(rules.length > 0 ? { allOf: rules } : {}),
  };
}
