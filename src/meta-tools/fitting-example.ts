/** Arguments that fit a schema and keep what was right of those that did not; shown only where the validator agrees. */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { nearest } from '../stdx/nearest.ts';
import type { Problem, WrongArguments } from './argument-check.ts';
import { sample, sampleObject } from './sample.ts';
import { type Steps, take } from './steps.ts';

/** Alternatives of alternatives that are tried before nothing is shown. */
const TRIES_MAX = 12;
/** Of making samples and having them checked, which goes over the whole schema each time. */
const STEPS_MAX = 3_000;
/** Names that a misspelt one may stand for, and such ones that are mended. */
const NAMES_MAX = 200;
const MISSPELT_MAX = 5;
/** An error is no place for more. */
const EXAMPLE_CHARACTERS_MAX = 2_000;
const VALUE_CHARACTERS_MAX = 200;
const ENTRIES_MAX = 20;

/** Undefined where none was found that is known to fit. */
export function fittingExample(root: JsonObject, { params, problems, proves }: WrongArguments): JsonObject | undefined {
  const given = abridged(params);
  const meant = namesMeant(root, given, problems);
  const steps = { left: STEPS_MAX };
  const rules = JSON.stringify(root);
  const tried = new Set<string>();
  for (let nth = 0; nth < TRIES_MAX; nth++) {
    for (const example of examples({ root, given, problems, meant, nth, steps })) {
      const text = JSON.stringify(example);
      if (!take(steps, text)) return undefined;
      if (text.length > EXAMPLE_CHARACTERS_MAX || tried.has(text)) continue;
      if (proves(example)) return example;
      take(steps, rules);
      tried.add(text);
    }
  }
  return undefined;
}

interface Try {
  readonly root: JsonObject;
  readonly given: JsonObject;
  readonly problems: readonly Problem[];
  /** For names that nobody knows the ones that may be meant. */
  readonly meant: ReadonlyMap<string, string | undefined>;
  readonly nth: number;
  readonly steps: Steps;
}

/** First those that keep the most of what was given. */
function* examples(attempt: Try): IterableIterator<JsonObject> {
  const { root, given, problems } = attempt;
  const wrong = new Set(problems.map(({ path }) => path.split('/')[1]));
  const right = Object.entries(given).filter(([name]) => !wrong.has(name));
  const known = right.filter(([name]) => propertiesOf(root)[name] !== undefined);
  const full = sampleObject(
    attempt,
    known.map(([name]) => name),
  );
  yield corrected(attempt, full);
  yield { ...full, ...Object.fromEntries(known) };
  const bare = sampleObject(attempt);
  yield { ...bare, ...Object.fromEntries(right.filter(([name]) => bare[name] !== undefined)) };
  yield bare;
}

/** Without most of long texts, which whoever sent them has: an error is no place to pay for them again. */
function abridged(params: JsonObject): JsonObject {
  const kept = Object.entries(params).filter(([key]) => key.length <= VALUE_CHARACTERS_MAX);
  return Object.fromEntries(kept.slice(0, ENTRIES_MAX).map(([key, inner]) => [key, abridgedValue(inner)]));
}

function abridgedValue(value: Json): Json {
  if (typeof value === 'string')
    return value.length > VALUE_CHARACTERS_MAX ? `${value.slice(0, VALUE_CHARACTERS_MAX)}…` : value;
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map(abridgedValue);
  return isObject(value) ? abridged(value as JsonObject) : value;
}

/** What was right is kept, misspelt names are mended, what is missing or wrong is replaced by a sample. */
function corrected({ root, given, problems, meant, nth, steps }: Try, bare: JsonObject): JsonObject {
  const properties = propertiesOf(root);
  const made: JsonObject = { ...bare, ...given };
  for (const { path } of problems) {
    const top = path.split('/')[1];
    if (top === undefined) continue;
    made[top] = asText(properties[top], given[top]) ?? bare[top] ?? sample(properties[top], { root, nth, steps });
  }
  for (const [unknown, name] of meant) {
    if (name !== undefined || root.additionalProperties === false) rename(made, unknown, name);
  }
  return made;
}

function namesMeant(root: JsonObject, given: JsonObject, problems: readonly Problem[]): Try['meant'] {
  const properties = propertiesOf(root);
  const missing = problems.flatMap(({ keyword, parameter }) =>
    keyword === 'required' && parameter ? [parameter] : [],
  );
  const free = Object.keys(properties).filter((name) => given[name] === undefined);
  const nearby = free.slice(0, NAMES_MAX);
  const unknowns = Object.keys(given).filter((key) => properties[key] === undefined);
  return new Map(
    unknowns.map((unknown, at) => {
      const [near] = at < MISSPELT_MAX ? nearest(unknown, nearby, 1) : [];
      return [unknown, near ?? onlyOne(missing, properties, given[unknown])];
    }),
  );
}

/** Where a text of no format is wanted, what an object or list is as JSON text. */
function asText(schema: unknown, given: Json | undefined): string | undefined {
  const isTextWanted = isObject(schema) && schema.type === 'string' && schema.format === undefined;
  return isTextWanted && typeof given === 'object' && given !== null ? JSON.stringify(given) : undefined;
}

/** One parameter is missing and one that nobody knows was given, of its type: that is the one. */
function onlyOne(
  missing: readonly string[],
  properties: Record<string, unknown>,
  value: Json | undefined,
): string | undefined {
  const [name, ...others] = missing;
  const schema = name === undefined ? undefined : properties[name];
  const isOfItsType = isObject(schema) && (schema.type === undefined || schema.type === typeof value);
  return others.length === 0 && isOfItsType ? name : undefined;
}

function rename(params: JsonObject, from: string, to: string | undefined): void {
  const value: Json | undefined = params[from];
  delete params[from];
  if (to !== undefined && value !== undefined) params[to] = value;
}

/** By name; none where the schema has no list of them. */
export function propertiesOf(schema: JsonObject): Record<string, unknown> {
  return isObject(schema.properties) ? schema.properties : {};
}
