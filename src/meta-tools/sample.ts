/** Values made from a schema, to show what would fit. Each try takes other ways through it; whether one fits is for the validator to say. */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { matchingText } from './matching-text.ts';
import {
  asSchema,
  type Merged,
  type MergeLimits,
  mergedSchema,
  numberOr,
  requiredOf,
  type Schema,
} from './merged-schema.ts';
import { type Steps, take } from './steps.ts';

/** Objects in objects, alternatives in alternatives. */
const DEPTH_MAX = 24;
/** A pattern costs one for each character, and is not read where it is longer. */
const PATTERN_STEPS_MAX = 300;
/** Of a list; whoever wants more is not shown any. */
const MEMBERS_MAX = 20;
/** The first tries take what the schema suggests as default or example. */
const SUGGESTED_TRIES = 4;

export interface SampleRequest {
  /** What references point into. */
  readonly root: JsonObject;
  /** From 0: other alternatives, with or without the condition. */
  readonly nth: number;
  /** Of all samples for one example; where none are left, nulls stand for values. */
  readonly steps: Steps;
}

/** Only what is required, `also` these, and what they need. */
export function sampleObject(request: SampleRequest, also: readonly string[] = []): JsonObject {
  return objectOrNothing(sample({ allOf: [request.root, { required: also }] }, request));
}

export function sample(schema: unknown, { root, nth, steps }: SampleRequest): Json {
  return made({ schema, limits: { root, steps }, nth, depth: 0, member: 0 });
}

interface Place {
  readonly schema: unknown;
  readonly limits: MergeLimits;
  readonly nth: number;
  readonly depth: number;
  /** Of a list whose members must differ. */
  readonly member: number;
}

const inside = (place: Place, schema: unknown): Place => ({ ...place, schema, depth: place.depth + 1 });

function made(place: Place): Json {
  const { nth, member, depth } = place;
  if (depth > DEPTH_MAX || place.limits.steps.left <= 0) return null;
  place.limits.steps.left -= 1;
  const found = mergedSchema(place.schema, place.limits);
  const suggested = nth < SUGGESTED_TRIES && member === 0 ? suggestion(found.schema) : undefined;
  if (suggested !== undefined) return suggested;
  if (found.values)
    return (found.values[(nth + member) % Math.max(1, found.values.length)] as Json | undefined) ?? null;
  const ways = [
    ...found.choices.map(({ variants }) => variants[nth % Math.max(1, variants.length)]),
    ...branches(found, nth),
  ];
  if (ways.length > 0) return made(inside(place, { allOf: [withoutBranches(found), ...ways] }));
  return ofType(found, place);
}

function suggestion({ default: fallback, examples, example }: Schema): Json | undefined {
  const [first] = Array.isArray(examples) ? examples : [];
  return [fallback, first, example].find((value) => value !== undefined) as Json | undefined;
}

/** Every other try meets the conditions and what follows from them. */
function branches({ rules }: Merged, nth: number): unknown[] {
  return rules
    .filter((rule) => rule.if !== undefined)
    .flatMap((rule) => (nth % 2 === 1 ? [rule.if, rule.then ?? true] : [rule.else ?? true]));
}

const withoutBranches = (found: Merged): Schema =>
  asSchema({ ...found, rules: found.rules.filter((rule) => rule.if === undefined) });

function ofType(found: Merged, place: Place): Json {
  const { schema, types, rules } = found;
  const [type = meant(schema)] = types?.filter((each) => each !== 'null') ?? [];
  if (types?.length === 1 && types[0] === 'null') return null;
  if (type === 'object') return objectOf(found, place);
  if (type === 'array') return listOf(found, place);
  if (type === 'integer' || type === 'number') return numberOf(schema, type, place);
  if (type === 'boolean') return place.member === 0;
  const form: Schema = Object.assign({}, schema, ...rules.filter(({ pattern }) => pattern));
  if (typeof form.pattern === 'string') place.limits.steps.left -= Math.min(PATTERN_STEPS_MAX, form.pattern.length);
  return matchingText(form, place.member);
}

const meant = ({ properties, required, items }: Schema) =>
  properties !== undefined || required !== undefined ? 'object' : items !== undefined ? 'array' : 'string';

function objectOf(found: Merged, place: Place): JsonObject {
  const { schema, rules } = found;
  const properties = isObject(schema.properties) ? schema.properties : {};
  // Each once: names that stand there several times, in schemas within each other, would make a sample without an end.
  const names = new Set(requiredOf(schema));
  const least = typeof schema.minProperties === 'number' ? schema.minProperties : 0;
  for (const name of Object.keys(properties)) if (names.size < least) names.add(name);
  const needed = dependents(rules, names, place.limits.steps);
  if (needed.length > 0) {
    const others = rules.filter(
      ({ dependentSchemas, dependencies }) => (dependentSchemas ?? dependencies) === undefined,
    );
    return objectOrNothing(made(inside(place, { allOf: [asSchema({ ...found, rules: others }), ...needed] })));
  }
  const { additionalProperties } = schema;
  const entries = [...names].map((name): [string, Json] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return [name, made(inside({ ...place, member: 0 }, known))];
  });
  return Object.fromEntries(entries);
}

const objectOrNothing = (value: Json): JsonObject => (isObject(value) ? (value as JsonObject) : {});

/** Adds the names that others need, and gives the schemas that hold when they are there. */
function dependents(rules: readonly Schema[], names: Set<string>, steps: Steps): unknown[] {
  const all = rules.flatMap(({ dependentRequired, dependentSchemas, dependencies }) =>
    [dependentRequired, dependentSchemas, dependencies].filter(isObject),
  );
  // A set that grows is walked to its end.
  for (const name of names) {
    if (!take(steps, all)) return [];
    const needed = all.flatMap((each) => (Array.isArray(each[name]) ? (each[name] as unknown[]) : []));
    steps.left -= needed.length;
    for (const one of needed) names.add(String(one));
  }
  const named = [...names];
  return all.flatMap((each) => (take(steps, named) ? named.flatMap((name) => each[name] ?? []).filter(isObject) : []));
}

function listOf({ schema, rules }: Merged, place: Place): Json[] {
  const { minItems, maxItems, prefixItems, items } = schema;
  const contained = rules.flatMap(({ contains, minContains }) =>
    contains === undefined
      ? []
      : Array<unknown>(Math.min(MEMBERS_MAX, numberOr(minContains, 1))).fill({ allOf: [items ?? true, contains] }),
  );
  const first = [...(Array.isArray(prefixItems) ? prefixItems : []), ...contained];
  const length = Math.min(Math.max(first.length, numberOr(minItems, 1)), numberOr(maxItems, MEMBERS_MAX), MEMBERS_MAX);
  const schemas = Array.from({ length }, (_, at) => (at < first.length ? first[at] : items));
  return schemas.map((member, at) => made({ ...inside(place, member), member: schema.uniqueItems === true ? at : 0 }));
}

/** The least that it may be, or the greatest, or 1; of a list's members each greater than the one before. Not whole, every other time, where it need not be. */
function numberOf(schema: Schema, type: string, { member, nth }: Place): number {
  const step = numberOr(schema.multipleOf, type === 'integer' ? 1 : 0.5);
  const whole = typeof schema.multipleOf === 'number' || type === 'integer';
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low = Math.max(
    numberOr(minimum, -Infinity),
    typeof exclusiveMinimum === 'number' ? exclusiveMinimum + step : -Infinity,
  );
  const high = Math.min(
    numberOr(maximum, Infinity),
    typeof exclusiveMaximum === 'number' ? exclusiveMaximum - step : Infinity,
  );
  const wanted = Number.isFinite(low) ? low : Math.min(1, high);
  const fitting =
    whole && wanted % step !== 0
      ? (Number.isFinite(low) ? Math.ceil(wanted / step) : Math.floor(wanted / step)) * step
      : wanted;
  return fitting + member * step + (whole ? 0 : (nth % 2) / 2);
}
