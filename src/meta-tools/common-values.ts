/** What two parts of a schema both allow. */
import { type Steps, take } from './steps.ts';

/** A number that is wanted by the one may be a whole one by the other. */
export function commonTypes(some: readonly string[], others: readonly string[]): readonly string[] {
  const kept = some.filter((type) => others.includes(type) || (type === 'integer' && others.includes('number')));
  const whole = others.includes('integer') && some.includes('number') && !kept.includes('integer') ? ['integer'] : [];
  return [...kept, ...whole];
}

export function commonValues(some: readonly unknown[], others: readonly unknown[], steps: Steps): readonly unknown[] {
  take(steps, some);
  take(steps, others);
  const keys = new Set(others.map((value) => keyOf(value, steps)));
  return some.filter((value) => keys.has(keyOf(value, steps)));
}

/** The same for values that are alike; objects are, whose members stand in the same order. */
function keyOf(value: unknown, steps: Steps): unknown {
  const key = typeof value === 'object' && value !== null ? `json ${JSON.stringify(value)}` : value;
  take(steps, key);
  return key;
}
