/** What a schema demands of a value where another part of it does or does not fit, in words: `a needs b`, `if {x} then {y}`, `contains string`. */
import { isObject } from '../stdx/json.ts';
import type { Schema } from './merged-schema.ts';
import { type Steps, take } from './steps.ts';
import { parameterName } from './told-values.ts';
import { counted, UNTOLD } from './value-rules.ts';

export interface Telling {
  /** The type of a part. */
  readonly type: (schema: unknown) => string;
  readonly steps: Steps;
}

/** Of `if`; nothing follows from one alone. */
export function conditional(rule: Schema, { type }: Telling): string[] {
  if (rule.if === undefined || (rule.then ?? rule.else) === undefined) return [];
  const then = rule.then === undefined ? '' : ` then ${type(rule.then)}`;
  return [`if ${type(rule.if)}${then}${rule.else === undefined ? '' : ` else ${type(rule.else)}`}`];
}

/** `a needs b, c`, `with a: {b: string}`. */
export function dependencies(rule: Schema, telling: Telling): string[] {
  const named = [rule.dependentRequired, rule.dependentSchemas, rule.dependencies].filter(isObject);
  const told: string[] = [];
  for (const [name, needed] of named.flatMap(Object.entries)) {
    if (!take(telling.steps, name) || !take(telling.steps, needed)) return [...told, UNTOLD];
    told.push(...dependency(name, needed, telling));
  }
  return told;
}

function dependency(name: string, needed: unknown, { type }: Telling): string[] {
  if (!Array.isArray(needed)) return [`with ${parameterName(name)}: ${type(needed)}`];
  return needed.length === 0
    ? []
    : [`${parameterName(name)} needs ${needed.map(String).map(parameterName).join(', ')}`];
}

/** `keys: string<"^[a-z]+$">`. */
export function keyNames({ propertyNames }: Schema, { type }: Telling): string[] {
  return propertyNames === undefined ? [] : [`keys: ${type({ allOf: [{ type: 'string' }, propertyNames] })}`];
}

/** `contains 2 of {x}`. */
export function contained({ contains, minContains, maxContains }: Schema, { type }: Telling): string[] {
  if (contains === undefined || (minContains === 0 && maxContains === undefined)) return [];
  const isAtLeastOne = (minContains ?? 1) === 1 && maxContains === undefined;
  const [count] = isAtLeastOne ? [] : counted('of', minContains ?? 1, maxContains);
  return [`contains ${count === undefined ? '' : `${count} `}${type(contains)}`];
}
