/** A tool's input schema as one line that reads like TypeScript and loses nothing that a caller needs, or says that it does (`…6 more`, `object`). */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { pointedAt } from '../stdx/json-pointer.ts';
import { plainLine } from './third-party-text.ts';

/** Deeper objects are written as `object`; whoever needs them asks for the schema. */
const DEPTH_MAX = 4;
/** Characters of the values of an enumeration: fifty of six letters, so that hardly one has to be asked for. */
const ENUM_CHARACTERS_MAX = 480;
/** Of a default or another value, which a schema tells whole. */
const VALUE_CHARACTERS_MAX = 80;
/** What cannot be read as anything but a name, however the line around it goes. */
const PLAIN_NAME = /^[\p{L}\p{N}_$@./-]+$/u;
const TYPE = /^[\w.-]{1,40}$/;
/** Alternatives of alternatives, which lead nowhere in honest schemas. */
const UNION_DEPTH_MAX = 12;
/** Schemas that are looked at for one line: references to themselves make endless ones of a few. */
const LOOKS_MAX = 5_000;

/** References behind references and parts of parts; honest schemas need two or three. */
const HOPS_MAX = 8;

/** For example `read_file(path: string, head?: integer<1..500>, mode?: "text"|"binary" = "text")`. */
export function signature(name: string, inputSchema: JsonObject): string {
  const place = { schema: inputSchema, root: inputSchema, depth: 0, looks: { left: LOOKS_MAX } };
  return `${plainLine(name)}(${parameters(whole(place), place).join(', ')})`;
}

interface Place {
  readonly schema: Record<string, unknown>;
  readonly root: Record<string, unknown>;
  readonly depth: number;
  /** Of the whole line. */
  readonly looks: { left: number };
}

/** A schema with what it refers to and all that it consists of laid over each other, and the alternatives of them all. */
interface Whole {
  readonly schema: Record<string, unknown>;
  readonly choices: readonly (readonly unknown[])[];
}

function whole(place: Place, hops = 0): Whole {
  if (hops > HOPS_MAX || place.looks.left-- <= 0) return { schema: {}, choices: [] };
  const { $ref, allOf, anyOf, oneOf, ...own } = place.schema;
  const others = [...(isLocal($ref) ? [pointedAt(place.root, $ref)] : []), ...(Array.isArray(allOf) ? allOf : [])];
  const parts = others.filter(isObject).map((schema) => whole({ ...place, schema }, hops + 1));
  return {
    schema: [...parts.map(({ schema }) => schema), own].reduce(overlay, {}),
    choices: [...parts.flatMap(({ choices }) => choices), ...[anyOf, oneOf].filter(Array.isArray)],
  };
}

const isLocal = (reference: unknown): reference is string =>
  typeof reference === 'string' && reference.startsWith('#/');

function overlay(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const required = [...requiredOf(below), ...requiredOf(above)];
  return {
    ...below,
    ...above,
    ...(isObject(below.properties) && isObject(above.properties)
      ? { properties: { ...below.properties, ...above.properties } }
      : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

const requiredOf = ({ required }: Record<string, unknown>): string[] =>
  Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];

/** Required ones first, then those of any name, then what one of several alternatives adds or requires. */
function parameters({ schema, choices }: Whole, place: Place): string[] {
  const properties = new Map(isObject(schema.properties) ? Object.entries(schema.properties) : []);
  const required = new Set(requiredOf(schema));
  const names = [...new Set([...properties.keys(), ...required])];
  const inOrder = names.sort((a, b) => Number(required.has(b)) - Number(required.has(a)));
  const shown = inOrder.map((name) => {
    const child = properties.get(name);
    const fallback = isObject(child) ? defaultText(child.default) : '';
    return `${parameterName(name)}${required.has(name) ? '' : '?'}: ${typeText(inside(place, child))}${fallback}`;
  });
  const { additionalProperties } = schema;
  if (isObject(additionalProperties)) shown.push(`[key]: ${typeText(inside(place, additionalProperties))}`);
  return [...shown, ...choices.flatMap((variants) => alternatives(variants, properties, place))];
}

const defaultText = (value: unknown) => (value === undefined || value === null ? '' : ` = ${compact(value)}`);

/** `...({x: string}|{y: string})`; an alternative that only requires is shown with what the object says of those parameters. */
function alternatives(variants: readonly unknown[], properties: ReadonlyMap<string, unknown>, place: Place): string[] {
  const texts = variants.map((variant) => {
    const { schema, choices } = whole({ ...place, schema: isObject(variant) ? variant : {} });
    const known = requiredOf(schema).flatMap((name) => (properties.has(name) ? [[name, properties.get(name)]] : []));
    const own = isObject(schema.properties) ? schema.properties : {};
    const described = { ...schema, properties: { ...Object.fromEntries(known), ...own } };
    return place.depth >= DEPTH_MAX
      ? []
      : parameters({ schema: described, choices }, { ...place, depth: place.depth + 1 });
  });
  if (texts.every((fields) => fields.length === 0)) return [];
  return [`...(${union(texts.map((fields) => `{${fields.join(', ')}}`))})`];
}

function typeText(place: Place): string {
  if (place.looks.left-- <= 0 || place.depth > UNION_DEPTH_MAX) return 'any';
  const found = whole(place);
  const text = bareType(found, place);
  return found.schema.nullable === true ? union([text, 'null']) : text;
}

function bareType(found: Whole, place: Place): string {
  const { schema, choices } = found;
  const { const: constant, type } = schema;
  if (constant !== undefined) return compact(constant);
  if (Array.isArray(schema.enum)) return literals(schema.enum);
  if (type === 'object' || (type === undefined && isObject(schema.properties))) return objectType(found, place);
  const [variants] = choices;
  if (variants) return union(variants.map((variant) => typeText(inside(place, withType(variant, type)))));
  if (Array.isArray(type)) return union(type.map((each) => typeText({ ...place, schema: { ...schema, type: each } })));
  return type === 'array' ? arrayType(schema, place) : simpleType(schema);
}

const withType = (variant: unknown, type: unknown) =>
  isObject(variant) && type !== undefined ? { type, ...variant } : variant;

function simpleType(schema: Record<string, unknown>): string {
  const { type, format, pattern } = schema;
  if (!isWord(type)) return 'any';
  if (type === 'integer' || type === 'number') return `${type}${bounds(schema)}`;
  if (type !== 'string') return type;
  if (isWord(format)) return `string<${format}>`;
  return typeof pattern === 'string' && pattern.length <= VALUE_CHARACTERS_MAX ? `string<${compact(pattern)}>` : type;
}

/** `<1..100>`; none where generators write what any number keeps. */
function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Record<string, unknown>): string {
  const low = bound(minimum) ?? bound(exclusiveMinimum, 'above ') ?? '';
  const high = bound(maximum) ?? bound(exclusiveMaximum, 'below ') ?? '';
  return low + high === '' ? '' : `<${low}..${high}>`;
}

const bound = (value: unknown, word = '') =>
  typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? `${word}${value}` : undefined;

const isWord = (value: unknown): value is string => typeof value === 'string' && TYPE.test(value);

function arrayType({ items, prefixItems }: Record<string, unknown>, place: Place): string {
  if (place.depth >= DEPTH_MAX) return 'any[]';
  const tuple = Array.isArray(prefixItems) ? prefixItems : items;
  if (Array.isArray(tuple)) return `[${tuple.map((item) => typeText(inside(place, item))).join(', ')}]`;
  const item = isObject(items) ? typeText(inside(place, items)) : 'any';
  return /[ |]/.test(item) && !/^\{(?!.*\}\|)/.test(item) ? `(${item})[]` : `${item}[]`;
}

function objectType(found: Whole, place: Place): string {
  if (place.depth >= DEPTH_MAX) return 'object';
  const fields = parameters(found, place);
  return fields.length > 0 ? `{${fields.join(', ')}}` : 'object';
}

function inside(place: Place, schema: unknown): Place {
  return { ...place, schema: isObject(schema) ? schema : {}, depth: place.depth + 1 };
}

function literals(values: readonly unknown[]): string {
  const shown: string[] = [];
  let left = ENUM_CHARACTERS_MAX;
  for (const value of values) {
    const text = compact(value);
    left -= text.length + 1;
    if (left < 0) break;
    shown.push(text);
  }
  return [...shown, ...(values.length > shown.length ? [`…${values.length - shown.length} more`] : [])].join('|');
}

const union = (types: readonly string[]) => [...new Set(types)].join('|');
const parameterName = (name: string) => (PLAIN_NAME.test(name) ? name : plainLine(JSON.stringify(name)));

function compact(value: unknown): string {
  if (typeof value === 'string' && value.length > VALUE_CHARACTERS_MAX) {
    return compact(`${value.slice(0, VALUE_CHARACTERS_MAX - 1)}…`);
  }
  const json = plainLine(JSON.stringify(value) ?? 'any');
  return typeof value === 'string' || json.length <= VALUE_CHARACTERS_MAX ? json : '…';
}
