/** Turns values into the type that was obviously meant: "5" into 5, "true" into true, JSON text into what it says. */
import type { ErrorObject } from 'ajv';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** A copy with every mendable `type` error mended; whether it fits now is for the validator to say. */
export function coerce(params: JsonObject, errors: readonly ErrorObject[]): JsonObject {
  const copy = structuredClone(params);
  // Each alternative has an error of its own, and the first one that can be mended is.
  const mended = new Set<string>();
  for (const error of errors) {
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
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop();
  if (last === undefined) return;
  let parent: unknown = root;
  for (const key of keys) parent = child(parent, key);
  if (Array.isArray(parent)) parent[Number(last)] = change(parent[Number(last)] as Json);
  else if (isObject(parent) && Object.hasOwn(parent, last)) parent[last] = change(parent[last] as Json);
}

function child(parent: unknown, key: string): unknown {
  if (Array.isArray(parent)) return parent[Number(key)];
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}
