/** Explains why arguments do not fit: the failing paths, the schema of just those, and one call that would. */
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { nearest } from '../stdx/nearest.ts';
import { type Problem, sample, sampleObject, short } from './argument-check.ts';
import type { Target } from './resolve-tool.ts';
import { plainLine } from './third-party-text.ts';

const FRAGMENT_CHARACTERS_MAX = 1_500;
const WHERE_CHARACTERS_MAX = 200;

export function wrongArguments(target: Target, params: JsonObject, problems: readonly Problem[]): GatewayError {
  const schema = target.tool.definition.inputSchema;
  const id = `${target.server.name}:${target.tool.name}`;
  const lines = problems.map((problem) => `- ${describe(problem, schema)}`);
  const example = {
    mcp_server_name: target.server.name,
    mcp_tool_name: target.tool.name,
    params: abridged(correct(schema, params, problems)),
  };
  return new GatewayError(
    'ARGUMENTS_INVALID',
    [`${id} was not called: its arguments do not fit`, ...lines].join('\n'),
    {
      hint: `schema: ${fragment(schema, problems)}\nexample: use_tool ${JSON.stringify(example)}`,
      data: { problems },
    },
  );
}

/** Of arguments that are a text, a list or the like. */
export function notAnObject(given: Json): Problem {
  const message = `must be an object, got ${short(given)}${typeof given === 'string' ? notJson(given) : ''}`;
  return { path: '', keyword: 'type', parameter: undefined, message };
}

function notJson(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return `, which is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function describe({ path, message, parameter, keyword }: Problem, schema: JsonObject): string {
  const where = plainLine(path === '' ? 'params' : path.slice(1, WHERE_CHARACTERS_MAX));
  if (keyword === 'required') return `${where}: ${short(parameter ?? '')} is missing`;
  if (keyword !== 'additionalProperties') return `${where}: ${plainLine(message)}`;
  const near = path === '' ? nearest(parameter ?? '', Object.keys(propertiesOf(schema)), 1)[0] : undefined;
  return `${where}: unknown parameter ${short(parameter ?? '')}${near ? `; did you mean "${near}"?` : ''}`;
}

/** The schemas of the top-level parameters that are at fault; all of it when it is small. */
function fragment(schema: JsonObject, problems: readonly Problem[]): string {
  const { $schema: _, ...whole } = schema;
  const everything = JSON.stringify(whole);
  if (everything.length <= FRAGMENT_CHARACTERS_MAX) return everything;
  const properties = propertiesOf(schema);
  const names = new Set(problems.map((problem) => problem.path.split('/')[1] ?? problem.parameter ?? ''));
  const parts: string[] = [];
  for (const name of names) {
    const text = properties[name] === undefined ? '' : `"${name}":${JSON.stringify(properties[name])}`;
    if (text && parts.join().length + text.length <= FRAGMENT_CHARACTERS_MAX) parts.push(text);
  }
  return parts.length > 0 ? `{${parts.join(',')}}` : 'ask search_mcp_server for it with detail "schemas"';
}

/** Without most of long texts, which whoever sent them has: an error is no place to pay for them again. */
function abridged(value: Json): Json {
  if (typeof value === 'string')
    return value.length > VALUE_CHARACTERS_MAX ? `${value.slice(0, VALUE_CHARACTERS_MAX)}…` : value;
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map(abridged);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key.length <= VALUE_CHARACTERS_MAX);
  return Object.fromEntries(kept.slice(0, ENTRIES_MAX).map(([key, inner]) => [key, abridged(inner as Json)]));
}

const VALUE_CHARACTERS_MAX = 200;
const ENTRIES_MAX = 20;

/** What was right is kept, misspelt names are mended, what is missing or wrong is replaced by a sample. */
function correct(schema: JsonObject, params: JsonObject, problems: readonly Problem[]): JsonObject {
  const properties = propertiesOf(schema);
  const corrected: JsonObject = { ...sampleObject(schema), ...params };
  for (const { path } of problems) {
    const top = path.split('/')[1];
    if (top !== undefined) corrected[top] = asText(properties[top], params[top]) ?? sample(properties[top]);
  }
  const missing = problems.flatMap(({ keyword, parameter }) =>
    keyword === 'required' && parameter ? [parameter] : [],
  );
  const free = Object.keys(properties).filter((name) => params[name] === undefined);
  const unknowns = Object.keys(params).filter((key) => properties[key] === undefined);
  for (const [index, unknown] of unknowns.entries()) {
    // Looking for what was meant takes long, and no more than so many are shown.
    const near = index < ENTRIES_MAX ? nearest(unknown, free, 1)[0] : undefined;
    const meant = near ?? onlyOne(missing, properties, params[unknown]);
    if (meant !== undefined || schema.additionalProperties === false) rename(corrected, unknown, meant);
  }
  return corrected;
}

/** Where a text is wanted, what an object or list is as JSON text. */
function asText(schema: unknown, given: Json | undefined): string | undefined {
  const isTextWanted = isObject(schema) && schema.type === 'string';
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

function propertiesOf(schema: JsonObject): Record<string, unknown> {
  return isObject(schema.properties) ? schema.properties : {};
}
