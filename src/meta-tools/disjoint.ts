/** Whether no value fits two schemas, so that "exactly one of them" says no more than "one of them". */
import { isObject } from '../stdx/json.ts';
import { commonTypes, commonValues } from './common-values.ts';
import { type Merged, type MergeLimits, mergedSchema, requiredOf } from './merged-schema.ts';
import { take } from './steps.ts';

/** Of more than these nobody looks at every pair. */
const VARIANTS_MAX = 30;

/** True where types, values, or those of a parameter that both require, tell each pair apart; false where that cannot be seen. */
export function areDisjoint(schemas: readonly unknown[], limits: MergeLimits): boolean {
  if (schemas.length > VARIANTS_MAX) return false;
  const variants = schemas.map((schema) => variantOf(schema, limits));
  return variants.every((one, at) => variants.slice(at + 1).every((other) => exclude(one, other, limits)));
}

interface Variant {
  readonly itself: Merged;
  readonly required: readonly string[];
  /** The same, to look one up. */
  readonly names: ReadonlySet<string>;
  /** Those of the required parameters that were looked at. */
  readonly parameters: Map<string, Merged>;
}

function variantOf(schema: unknown, limits: MergeLimits): Variant {
  const itself = mergedSchema(schema, limits);
  const names = new Set(requiredOf(itself.schema));
  return { itself, required: [...names], names, parameters: new Map() };
}

function exclude(one: Variant, other: Variant, limits: MergeLimits): boolean {
  if (haveNothingInCommon(one.itself, other.itself, limits)) return true;
  if (!take(limits.steps, one.required)) return false;
  return one.required.some(
    (name) =>
      other.names.has(name) &&
      haveNothingInCommon(parameter(one, name, limits), parameter(other, name, limits), limits),
  );
}

function parameter({ itself, parameters }: Variant, name: string, limits: MergeLimits): Merged {
  const { properties } = itself.schema;
  const known = parameters.get(name) ?? mergedSchema(isObject(properties) ? properties[name] : undefined, limits);
  parameters.set(name, known);
  return known;
}

function haveNothingInCommon(one: Merged, other: Merged, { steps }: MergeLimits): boolean {
  const isOfOtherType = one.types && other.types && commonTypes(one.types, other.types).length === 0;
  const isOtherValue = one.values && other.values && commonValues(one.values, other.values, steps).length === 0;
  return isOfOtherType === true || isOtherValue === true;
}
