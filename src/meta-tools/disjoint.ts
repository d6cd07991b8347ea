/** Whether no value fits two schemas, so that "exactly one of them" says no more than "one of them". */
import { isObject } from '../stdx/json.ts';
import { commonTypes, commonValues, type Merged, type MergeLimits, mergedSchema, requiredOf } from './merged-schema.ts';

/** Of more than these nobody looks at every pair. */
const VARIANTS_MAX = 30;

/** True where types, values, or those of a parameter that both require, tell each pair apart; false where that cannot be seen. */
export function areDisjoint(variants: readonly unknown[], limits: MergeLimits): boolean {
  if (variants.length > VARIANTS_MAX) return false;
  const all = variants.map((variant) => mergedSchema(variant, limits));
  return all.every((one, at) => all.slice(at + 1).every((other) => exclude(one, other, limits)));
}

function exclude(one: Merged, other: Merged, limits: MergeLimits): boolean {
  if (haveNothingInCommon(one, other)) return true;
  const required = new Set(requiredOf(other.schema));
  return requiredOf(one.schema).some((name) => {
    const [its, others] = [one, other].map(({ schema: { properties } }) =>
      mergedSchema(isObject(properties) ? properties[name] : undefined, limits),
    );
    return required.has(name) && its !== undefined && others !== undefined && haveNothingInCommon(its, others);
  });
}

function haveNothingInCommon(one: Merged, other: Merged): boolean {
  const isOfOtherType = one.types && other.types && commonTypes(one.types, other.types).length === 0;
  const isOtherValue = one.values && other.values && commonValues(one.values, other.values).length === 0;
  return isOfOtherType === true || isOtherValue === true;
}
