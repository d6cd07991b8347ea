/** A tool's input schema as one line that reads like TypeScript: what a call may fail by is told, or `…` says that more is in the schema. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { conditional, contained, dependencies, keyNames, type Telling } from './condition-words.ts';
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
import { take } from './steps.ts';
import { plainLine } from './third-party-text.ts';
import { parameterName, toldText, toldValue, toldValues } from './told-values.ts';
import { UNTOLD, valueRules } from './value-rules.ts';

/** Deeper objects are written as `object<…>`; whoever needs them asks for the schema. */
const DEPTH_MAX = 4;
/** Alternatives of alternatives, which lead nowhere in honest schemas. */
const UNION_DEPTH_MAX = 12;
/** For one line; the longest of 27,000 tools takes 300. */
const STEPS_MAX = 2_000;

export interface Signature {
  /** For example `read_file(path: string, head?: integer<1..500>, mode?: "text"|"binary" = "text")`. */
  readonly text: string;
  /** False where a rule of the schema is not told; a `…` outside of quotation marks stands in its place. */
  readonly isWhole: boolean;
}

export function signature(name: string, inputSchema: JsonObject): Signature {
  const line = { left: STEPS_MAX, isWhole: true };
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

const limitsOf = ({ root, line }: Place) => ({ root, steps: line });
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
  const types = ofVariants(choice, (variant) => members(inside(place, { allOf: [base, variant] })), place);
  const rules = [...exclusive(choice, place), ...found.choices.map((other) => `and ${anyOf(other, place)}`)];
  return ruled(types, found.isWhole ? rules : [...rules, untold(place)]);
}

/** What is told of each, as far as there are steps for it. */
function ofEach<Item>(items: readonly Item[], tell: (item: Item) => readonly string[], place: Place): string[] {
  const told: string[] = [];
  for (const item of items) {
    if (place.line.left <= 0) return [...told, untold(place)];
    told.push(...tell(item));
  }
  return told;
}

/** Those of all variants, or `any<…>` besides. */
function ofVariants({ variants }: Choice, tell: (variant: unknown) => readonly string[], place: Place): string[] {
  const types = new Set(ofEach(variants, tell, place));
  return [...(types.delete(UNTOLD) ? types.add(`any<${UNTOLD}>`) : types)];
}

const anyOf = (choice: Choice, place: Place) =>
  union(ofVariants(choice, (variant) => members(inside(place, variant)), place));

const exclusive = ({ isExclusive, variants }: Choice, place: Place): string[] =>
  isExclusive && !areDisjoint(variants, limitsOf(place)) ? ['exactly one'] : [];

/** Values speak for themselves, so a format adds nothing to them. */
function literals(found: Merged, values: readonly unknown[], place: Place): readonly string[] {
  const { format: _, nullable, properties, required, items, prefixItems, ...schema } = found.schema;
  const { types } = found;
  const fitting = types
    ? values.filter((value) => types.some((type) => isOfType(value, type)) || (value === null && nullable === true))
    : values;
  const told = toldValues(fitting.length > 0 ? fitting : values, place.line);
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
  const first = ofEach(prefixItems, (item) => [typeText(inside(place, item))], place);
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
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(requiredOf(schema));
  const names = Object.keys(properties);
  const needed = new Set([...names.filter((name) => required.has(name)), ...required]);
  const inOrder = [...needed, ...names.filter((name) => !required.has(name))];
  return ofEach(inOrder, (name) => [parameter(name, { properties, isRequired: required.has(name) }, place)], place);
}

interface Parameter {
  readonly properties: Record<string, unknown>;
  readonly isRequired: boolean;
}

function parameter(name: string, { properties, isRequired }: Parameter, place: Place): string {
  take(place.line, name);
  const child = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const shown = `${parameterName(name)}${isRequired ? '' : '?'}`;
  if (child === undefined && place.part !== 'whole') return shown;
  return `${shown}: ${typeText(inside(place, child))}${isObject(child) ? defaultText(child.default, place) : ''}`;
}

const defaultText = (value: unknown, { line }: Place) =>
  value === undefined || value === null ? '' : ` = ${toldValue(value, line).text}`;

function ofPatterns(patterns: unknown, place: Place): string[] {
  const told = ([pattern, schema]: [string, unknown]) => {
    const { text, isWhole } = toldText(pattern);
    return [`[key ${isWhole ? text : untold(place)}]: ${typeText(inside(place, schema))}`];
  };
  return isObject(patterns) ? ofEach(Object.entries(patterns), told, place) : [];
}

/** `...({x: string}|{y: string})`; what an alternative only requires is named, as it is told before. */
function alternatives(found: Merged, choice: Choice, place: Place): string[] {
  if (place.depth >= DEPTH_MAX) return [`...(${untold(place)})`];
  const its = (variant: unknown): Place => ({
    ...inside(place, { type: 'object', allOf: [variant] }),
    part: 'variant',
  });
  const texts = ofVariants(choice, (variant) => members(its(variant)), place);
  const rules = [...exclusive(choice, place), ...(forbidEachOther(found, choice, place) ? [untold(place)] : [])];
  if (rules.length === 0 && texts.length > 0 && texts.every((text) => text === 'object')) return [];
  return [`...(${union(texts)})${rules.length > 0 ? `<${rules.join(', ')}>` : ''}`];
}

/** Whether what is told of a variant, or of all, names parameters that the other does not let pass. */
const forbidEachOther = (found: Merged, { variants }: Choice, place: Place): boolean =>
  place.line.left <= 0 ||
  variants.some((variant) => {
    const its = mergedSchema(variant, limitsOf(place));
    return isForeign(found, its) || isForeign(its, found);
  });

/** Of the values themselves, then what stands beside other rules. */
function rulesOf({ schema, rules, isWhole }: Merged, type: string | undefined, place: Place): readonly string[] {
  const beside = ofEach(rules, (rule) => [...valueRules(rule, type), ...conditions(rule, type, place)], place);
  return noticed([...valueRules(schema, type), ...beside, ...(isWhole ? [] : [UNTOLD])], place);
}

function conditions(rule: Schema, type: string | undefined, place: Place): string[] {
  const part = (schema: unknown) => typeText({ ...inside(place, schema), part: 'condition' });
  const telling: Telling = { type: part, steps: place.line };
  const isAny = type === undefined;
  return [
    ...(rule.not === undefined ? [] : excluded(rule.not, type, place)),
    ...conditional(rule, telling),
    ...(isAny || type === 'object' ? [...dependencies(rule, telling), ...keyNames(rule, telling)] : []),
    ...(isAny || type === 'array' ? contained(rule, telling) : []),
  ];
}

function excluded(schema: unknown, type: string | undefined, place: Place): string[] {
  const types = type === undefined ? {} : { type };
  if (type !== undefined && areDisjoint([types, schema], limitsOf(place))) return [];
  return [`not ${typeText({ ...inside(place, schema), part: 'condition' })}`];
}
