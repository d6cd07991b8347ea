/** Turns values into what was obviously meant: "5" into 5, "true" into true, JSON text into what it says, null into nothing. */
import type { ErrorObject } from 'ajv';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** A copy with every mendable `type` error mended; whether it fits now is for the validator to say. */
export function coerce(params: JsonObject, errors: readonly ErrorObject[]): JsonObject {
  const copy = structuredClone(params);
  // Each alternative has an error of its own, and the first one that can be mended is.
  const mended = new Set<string>();
  for (const error of errors) {
    if (error.data === null && MEANS_ABSENT.has(error.keyword)) removeAt(copy, error.instancePath);
    if (error.keyword !== 'type' || mended.has(error.instancePath)) continue;
    const wanted: unknown = error.params.type;
    const types = (Array.isArray(wanted) ? wanted : [wanted]).map(String);
    replaceAt(copy, error.instancePath, (value) => {
      const fitting = firstThatFits(value, types);
      if (fitting !== value) mended.add(error.instancePath);
      return fitting;
    });
  }
  return copy;
}

/** Models that have to fill in every parameter give null for those that they do not want. */
const MEANS_ABSENT: ReadonlySet<string> = new Set(['type', 'enum', 'const']);

function firstThatFits(value: Json, types: readonly string[]): Json {
  for (const type of types) {
    const mended = CASTS[type]?.(value);
    if (mended !== undefined) return mended;
  }
  return value;
}

type Cast = (value: Json) => Json | undefined;

const CASTS: Readonly<Record<string, Cast>> = {
  number: (value) => asNumber(value),
  integer: (value) => {
    const number = asNumber(value);
    return number !== undefined && Number.isInteger(number) ? number : undefined;
  },
  boolean: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  string: (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined),
  object: (value) => {
    const parsed = fromJsonText(value);
    return isObject(parsed) ? (parsed as JsonObject) : undefined;
  },
  array: (value) => {
    const parsed = fromJsonText(value);
    if (Array.isArray(parsed)) return parsed as Json[];
    return value === null ? undefined : [value];
  },
};

function asNumber(value: Json): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function fromJsonText(value: Json): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function replaceAt(root: JsonObject, pointer: string, change: (value: Json) => Json): void {
  const { parent, last } = placeOf(root, pointer);
  if (Array.isArray(parent)) parent[Number(last)] = change(parent[Number(last)] as Json);
  else if (isObject(parent) && Object.hasOwn(parent, last)) parent[last] = change(parent[last] as Json);
}

/** A member of an object; what is in a list stays, since the rest would move up. */
function removeAt(root: JsonObject, pointer: string): void {
  const { parent, last } = placeOf(root, pointer);
  if (isObject(parent) && parent[last] === null) delete parent[last];
}

function placeOf(root: JsonObject, pointer: string): { parent: unknown; last: string } {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop();
  if (last === undefined) return { parent: undefined, last: '' };
  let parent: unknown = root;
  for (const key of keys) parent = child(parent, key);
  return { parent, last };
}

function child(parent: unknown, key: string): unknown {
  if (Array.isArray(parent)) return parent[Number(key)];
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}
