/** A tool's input schema as one line that reads like TypeScript: what a call may fail by is told, or `…` says that more is in the schema. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { areDisjoint } from './disjoint.ts';
import {
  asSchema,
  type Choice,
  isForeign,
  type Merged,
  mergedSchema,
  requiredOf,
  type Schema,
} from './merged-schema.ts';
import { plainLine } from './third-party-text.ts';
import { parameterName, toldValue, toldValues } from './told-values.ts';
import { counted, UNTOLD, valueRules } from './value-rules.ts';

/** Deeper objects are written as `object<…>`; whoever needs them asks for the schema. */
const DEPTH_MAX = 4;
/** Alternatives of alternatives, which lead nowhere in honest schemas. */
const UNION_DEPTH_MAX = 12;
/** Schemas that are looked at for one line. */
const LOOKS_MAX = 5_000;

export interface Signature {
  /** For example `read_file(path: string, head?: integer<1..500>, mode?: "text"|"binary" = "text")`. */
  readonly text: string;
  /** False where a rule of the schema is not told; a `…` outside of quotation marks stands in its place. */
  readonly isWhole: boolean;
}

export function signature(name: string, inputSchema: JsonObject): Signature {
  const line = { left: LOOKS_MAX, isWhole: true };
  const place: Place = { schema: inputSchema, root: inputSchema, depth: 0, part: 'whole', line };
  const found = merged(place);
  const { properties, additionalProperties } = found.schema;
  const isOpen = additionalProperties === true && properties === undefined;
  const fields = objectFields(
    isOpen ? { ...found, schema: { ...found.schema, additionalProperties: {} } } : found,
    place,
  );
  return { text: `${plainLine(name)}(${fields})`, isWhole: line.isWhole };
}

interface Place {
  readonly schema: unknown;
  readonly root: Schema;
  readonly depth: number;
  /** A variant or a condition speaks of parameters that are told elsewhere. */
  readonly part: 'whole' | 'variant' | 'condition';
  /** Of the whole line. */
  readonly line: { left: number; isWhole: boolean };
}

const limitsOf = ({ root, line }: Place) => ({ root, looks: line });
const merged = (place: Place): Merged => mergedSchema(place.schema, limitsOf(place));
const inside = (place: Place, schema: unknown): Place => ({ ...place, schema, depth: place.depth + 1 });

function untold({ line }: Place): string {
  line.isWhole = false;
  return UNTOLD;
}

/** Of rules that were found, those that cannot be told count, too. */
function noticed(rules: readonly string[], place: Place): readonly string[] {
  if (rules.includes(UNTOLD)) untold(place);
  return [...new Set(rules)];
}

const typeText = (place: Place): string => union(members(place));
const union = (types: readonly string[]) => (types.length === 0 ? 'never' : [...new Set(types)].join('|'));

/** `<1..3 items, unique>` behind a type, which is in parentheses where it is one of several. */
function ruled(types: readonly string[], rules: readonly string[]): readonly string[] {
  if (rules.length === 0) return types;
  return [`${types.length === 1 ? types[0] : `(${union(types)})`}<${rules.join(', ')}>`];
}

/** The types or values that it may be one of; none where nothing fits. */
function members(place: Place): readonly string[] {
  if (place.line.left-- <= 0 || place.depth > UNION_DEPTH_MAX) return [`any<${untold(place)}>`];
  const found = merged(place);
  const types = found.types ?? typesMeant(found);
  const own = found.values
    ? literals(found, found.values, place)
    : types === undefined
      ? ofType(found, undefined, place)
      : types.flatMap((type) => ofType(found, type, place));
  return [...new Set(found.schema.nullable === true ? [...own, 'null'] : own)];
}

/** Without `type`, what speaks of parameters or members means objects or lists. */
function typesMeant({ schema, rules }: Merged): readonly string[] | undefined {
  const { properties, required, additionalProperties, items, prefixItems } = schema;
  const ofKeys = ['dependentRequired', 'dependentSchemas', 'dependencies', 'propertyNames', 'patternProperties'];
  const isObjects = [properties, required, additionalProperties].some((given) => typeof given === 'object');
  const types = [
    ...(isObjects || rules.some((rule) => ofKeys.some((name) => name in rule)) ? ['object'] : []),
    ...(items !== undefined || prefixItems !== undefined ? ['array'] : []),
  ];
  return types.length > 0 ? types : undefined;
}

function ofType(found: Merged, type: string | undefined, place: Place): readonly string[] {
  if (type === 'object') return objectType(found, place);
  const [choice, ...others] = found.choices;
  if (choice)
    return chosen({ ...found, choices: others, types: type === undefined ? undefined : [type] }, choice, place);
  const text = type === 'array' ? listType(found.schema, place) : (type ?? 'any');
  return ruled([text], rulesOf(found, type, place));
}

/** Each variant with what holds for all of them. */
function chosen(found: Merged, choice: Choice, place: Place): readonly string[] {
  const base = asSchema(found);
  const types = ofEach(choice, (variant) => members(inside(place, { allOf: [base, variant] })), place);
  const rules = [...exclusive(choice, place), ...found.choices.map((other) => `and ${anyOf(other, place)}`)];
  return ruled(types, found.isWhole ? rules : [...rules, untold(place)]);
}

/** Types of all variants, or of those that there is time for. */
function ofEach({ variants }: Choice, typesOf: (variant: unknown) => readonly string[], place: Place): string[] {
  const types = new Set<string>();
  for (const variant of variants) {
    for (const type of typesOf(variant)) types.add(type);
    if (place.line.left <= 0) return [...types.add(`any<${untold(place)}>`)];
  }
  return [...types];
}

const anyOf = (choice: Choice, place: Place) =>
  union(ofEach(choice, (variant) => members(inside(place, variant)), place));

const exclusive = ({ isExclusive, variants }: Choice, place: Place): string[] =>
  isExclusive && !areDisjoint(variants, limitsOf(place)) ? ['exactly one'] : [];

/** Values speak for themselves, so a format adds nothing to them. */
function literals(found: Merged, values: readonly unknown[], place: Place): readonly string[] {
  const { format: _, nullable, properties, required, items, prefixItems, ...schema } = found.schema;
  const { types } = found;
  const fitting = types
    ? values.filter((value) => types.some((type) => isOfType(value, type)) || (value === null && nullable === true))
    : values;
  const told = toldValues(fitting.length > 0 ? fitting : values);
  const isOdd = values.length > 0 && fitting.length === 0;
  const isLost = isOdd || [properties, required, items, prefixItems].some((given) => given !== undefined);
  if (!told.isWhole) untold(place);
  const rules = rulesOf(
    { ...found, schema, isWhole: found.isWhole && !isLost },
    types?.length === 1 ? types[0] : undefined,
    place,
  );
  return ruled(told.texts, [...rules, ...found.choices.map((choice) => `and ${anyOf(choice, place)}`)]);
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  return type === 'array' ? Array.isArray(value) : type === 'object' ? isObject(value) : typeof value === type;
}

function listType({ items, prefixItems }: Schema, place: Place): string {
  const isPlain = prefixItems === undefined && (items === undefined || items === true || isEmpty(items));
  if (isPlain) return 'any[]';
  if (place.depth >= DEPTH_MAX) return `any[]<${untold(place)}>`;
  const listed = items === undefined || items === true ? undefined : list(members(inside(place, items)));
  if (!Array.isArray(prefixItems)) return listed ?? 'any[]';
  const first = prefixItems.map((item) => typeText(inside(place, item)));
  return `[${[...first, ...(listed && items !== false ? [`...${listed}`] : [])].join(', ')}]`;
}

const isEmpty = (schema: unknown) => isObject(schema) && Object.keys(schema).length === 0;
const list = (types: readonly string[]) => (types.length === 1 ? `${types[0]}[]` : `(${union(types)})[]`);

function objectType(found: Merged, place: Place): readonly string[] {
  if (place.depth >= DEPTH_MAX) return [isAnyObject(found) ? 'object' : `object<${untold(place)}>`];
  const fields = objectFields(found, place);
  return [fields === '' ? 'object' : `{${fields}}`];
}

function isAnyObject({ schema, choices, rules, isWhole }: Merged): boolean {
  const { properties = {}, additionalProperties, minProperties, maxProperties } = schema;
  const isOpen = typeof additionalProperties !== 'object' && (minProperties ?? maxProperties) === undefined;
  return isOpen && isWhole && isEmpty(properties) && requiredOf(schema).length + choices.length + rules.length === 0;
}

/** What stands between the parentheses or braces: required ones first, then those of other names, alternatives, and the rules. */
function objectFields(found: Merged, place: Place): string {
  const { schema, rules } = found;
  const isShut = place.part === 'condition' && schema.additionalProperties === false;
  const fields = [
    ...parameters(schema, place),
    ...rules.flatMap(({ patternProperties }) => ofPatterns(patternProperties, place)),
    ...(isObject(schema.additionalProperties)
      ? [`[key]: ${typeText(inside(place, schema.additionalProperties))}`]
      : []),
    ...found.choices.flatMap((choice) => alternatives(found, choice, place)),
  ];
  const told = [...rulesOf(found, 'object', place), ...(isShut ? [untold(place)] : [])];
  const comment = told.length > 0 ? [`/* ${told.join('; ').replaceAll('*/', '*\\/')} */`] : [];
  return [...(fields.length > 0 ? [fields.join(', ')] : []), ...comment].join(' ');
}

function parameters(schema: Schema, place: Place): string[] {
  const properties = new Map(isObject(schema.properties) ? Object.entries(schema.properties) : []);
  const required = new Set(requiredOf(schema));
  const names = [...new Set([...properties.keys(), ...required])];
  const inOrder = names.sort((a, b) => Number(required.has(b)) - Number(required.has(a)));
  return inOrder.map((name) => {
    const child = properties.get(name);
    const shown = `${parameterName(name)}${required.has(name) ? '' : '?'}`;
    if (child === undefined && place.part !== 'whole') return shown;
    return `${shown}: ${typeText(inside(place, child))}${isObject(child) ? defaultText(child.default) : ''}`;
  });
}

const defaultText = (value: unknown) => (value === undefined || value === null ? '' : ` = ${toldValue(value).text}`);

const ofPatterns = (patterns: unknown, place: Place): string[] =>
  !isObject(patterns)
    ? []
    : Object.entries(patterns).map(([pattern, schema]) => {
        const { text, isWhole } = toldValue(pattern);
        return `[key ${isWhole ? text : untold(place)}]: ${typeText(inside(place, schema))}`;
      });

/** `...({x: string}|{y: string})`; what an alternative only requires is named, as it is told before. */
function alternatives(found: Merged, choice: Choice, place: Place): string[] {
  if (place.depth >= DEPTH_MAX) return [`...(${untold(place)})`];
  const its = (variant: unknown): Place => ({
    ...inside(place, { type: 'object', allOf: [variant] }),
    part: 'variant',
  });
  const texts = ofEach(choice, (variant) => members(its(variant)), place);
  const rules = [...exclusive(choice, place), ...(forbidEachOther(found, choice, place) ? [untold(place)] : [])];
  if (rules.length === 0 && texts.length > 0 && texts.every((text) => text === 'object')) return [];
  return [`...(${union(texts)})${rules.length > 0 ? `<${rules.join(', ')}>` : ''}`];
}

/** Whether what is told of a variant, or of all, names parameters that the other does not let pass. */
const forbidEachOther = (found: Merged, { variants }: Choice, place: Place): boolean =>
  variants
    .map((variant) => mergedSchema(variant, limitsOf(place)))
    .some((variant) => isForeign(found, variant) || isForeign(variant, found));

/** Of the values themselves, then what stands beside other rules. */
function rulesOf({ schema, rules, isWhole }: Merged, type: string | undefined, place: Place): readonly string[] {
  const all = [schema, ...rules].flatMap((rule) => [...valueRules(rule, type), ...conditions(rule, type, place)]);
  return noticed(isWhole ? all : [...all, UNTOLD], place);
}

function conditions(rule: Schema, type: string | undefined, place: Place): string[] {
  const part = (schema: unknown) => typeText({ ...inside(place, schema), part: 'condition' });
  return [
    ...(rule.not === undefined ? [] : excluded(rule.not, type, place)),
    ...(rule.if === undefined || (rule.then ?? rule.else) === undefined ? [] : [conditional(rule, part)]),
    ...(type === undefined || type === 'object' ? dependencies(rule, part) : []),
    ...(type === undefined || type === 'array' ? contained(rule, part) : []),
  ];
}

function excluded(schema: unknown, type: string | undefined, place: Place): string[] {
  const types = type === undefined ? {} : { type };
  if (type !== undefined && areDisjoint([types, schema], limitsOf(place))) return [];
  return [`not ${typeText({ ...inside(place, schema), part: 'condition' })}`];
}

type Part = (schema: unknown) => string;

function conditional(rule: Schema, part: Part): string {
  const then = rule.then === undefined ? '' : ` then ${part(rule.then)}`;
  return `if ${part(rule.if)}${then}${rule.else === undefined ? '' : ` else ${part(rule.else)}`}`;
}

/** `a needs b, c`, `with a: {b: string}`, `keys: string<"^[a-z]+$">`. */
function dependencies(rule: Schema, part: Part): string[] {
  const named = [rule.dependentRequired, rule.dependentSchemas, rule.dependencies].filter(isObject);
  const told = named.flatMap(Object.entries).flatMap(([name, needed]) => {
    if (!Array.isArray(needed)) return [`with ${parameterName(name)}: ${part(needed)}`];
    return needed.length === 0
      ? []
      : [`${parameterName(name)} needs ${needed.map(String).map(parameterName).join(', ')}`];
  });
  const { propertyNames } = rule;
  return [
    ...told,
    ...(propertyNames === undefined ? [] : [`keys: ${part({ allOf: [{ type: 'string' }, propertyNames] })}`]),
  ];
}

function contained({ contains, minContains, maxContains }: Schema, part: Part): string[] {
  if (contains === undefined || (minContains === 0 && maxContains === undefined)) return [];
  const isAtLeastOne = (minContains ?? 1) === 1 && maxContains === undefined;
  const [count] = isAtLeastOne ? [] : counted('of', minContains ?? 1, maxContains);
  return [`contains ${count === undefined ? '' : `${count} `}${part(contains)}`];
}
