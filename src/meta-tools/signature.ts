/** A tool's input schema as one line that reads like TypeScript and loses nothing that a caller needs. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { pointedAt } from '../stdx/json-pointer.ts';
import { plainLine } from './third-party-text.ts';

/** Deeper objects are written as `object`; whoever needs them asks for the schema. */
const DEPTH_MAX = 4;
const ENUM_MAX = 24;
/** Of a default or another value, which a schema tells whole. */
const VALUE_CHARACTERS_MAX = 80;
/** What cannot be read as anything but a name, however the line around it goes. */
const PLAIN_NAME = /^[\p{L}\p{N}_$@./-]+$/u;
const TYPE = /^[\w.-]{1,40}$/;
/** Alternatives of alternatives, which lead nowhere in honest schemas. */
const UNION_DEPTH_MAX = 12;
/** Schemas that are looked at for one line: references to themselves make endless ones of a few. */
const LOOKS_MAX = 5_000;

/** For example `read_file(path: string, head?: number, mode?: "text" | "binary" = "text")`. */
export function signature(name: string, inputSchema: JsonObject): string {
  const looks = { left: LOOKS_MAX };
  return `${plainLine(name)}(${parameters({ schema: inputSchema, root: inputSchema, depth: 0, looks }).join(', ')})`;
}

interface Place {
  readonly schema: Record<string, unknown>;
  readonly root: Record<string, unknown>;
  readonly depth: number;
  /** Of the whole line. */
  readonly looks: { left: number };
}

function parameters({ schema, root, depth, looks }: Place): string[] {
  if (!isObject(schema.properties)) return [];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const entries = Object.entries(schema.properties).sort(
    ([a], [b]) => Number(required.has(b)) - Number(required.has(a)),
  );
  return entries.map(([name, property]) => {
    const child = isObject(property) ? property : {};
    const type = typeText({ schema: child, root, depth: depth + 1, looks });
    const fallback = child.default === undefined || child.default === null ? '' : ` = ${compact(child.default)}`;
    return `${parameterName(name)}${required.has(name) ? '' : '?'}: ${type}${fallback}`;
  });
}

function typeText(place: Place): string {
  if (place.depth > UNION_DEPTH_MAX || place.looks.left-- <= 0) return 'any';
  const schema = resolve(place);
  if (schema.const !== undefined) return compact(schema.const);
  if (Array.isArray(schema.enum)) return literals(schema.enum);
  const variants = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(variants)) return union(variants.map((variant) => typeText(inside(place, variant))));
  if (Array.isArray(schema.allOf)) return schema.allOf.map((part) => typeText(inside(place, part))).join(' & ');
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((type) => typeText({ ...place, schema: { ...schema, type } })));
  }
  return simpleType(schema, place);
}

function simpleType(schema: Record<string, unknown>, place: Place): string {
  if (schema.type === 'array') return arrayType(schema, place);
  if (schema.type === 'object' || isObject(schema.properties)) return objectType(schema, place);
  if (!isWord(schema.type)) return 'any';
  return schema.type === 'string' && isWord(schema.format) ? `string<${schema.format}>` : schema.type;
}

const isWord = (value: unknown): value is string => typeof value === 'string' && TYPE.test(value);

function arrayType(schema: Record<string, unknown>, place: Place): string {
  const item = isObject(schema.items) && place.depth < DEPTH_MAX ? typeText(inside(place, schema.items)) : 'any';
  return /[ |&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
}

function objectType(schema: Record<string, unknown>, place: Place): string {
  if (place.depth >= DEPTH_MAX) return 'object';
  const fields = parameters({ ...place, schema });
  if (fields.length > 0) return `{${fields.join(', ')}}`;
  return isObject(schema.additionalProperties)
    ? `{[key]: ${typeText(inside(place, schema.additionalProperties))}}`
    : 'object';
}

function inside(place: Place, schema: unknown): Place {
  return { ...place, schema: isObject(schema) ? schema : {}, depth: place.depth + 1 };
}

/** Follows one local `$ref`; anything else (remote, misspelt, circular beyond the depth) stays unresolved. */
function resolve({ schema, root, depth }: Place): Record<string, unknown> {
  if (typeof schema.$ref !== 'string' || !schema.$ref.startsWith('#/') || depth > DEPTH_MAX + 2) return schema;
  const target = pointedAt(root, schema.$ref);
  return isObject(target) ? target : {};
}

function literals(values: readonly unknown[]): string {
  const shown = values.slice(0, ENUM_MAX).map(compact);
  return [...shown, ...(values.length > ENUM_MAX ? [`…${values.length - ENUM_MAX} more`] : [])].join('|');
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
