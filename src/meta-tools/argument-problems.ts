/** Explains why arguments do not fit: the failing paths, the schema of just those, and one call that would where one is found. */
import { GatewayError } from '../errors.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { nearest } from '../stdx/nearest.ts';
import { type Problem, short, type WrongArguments } from './argument-check.ts';
import { fittingExample, propertiesOf } from './fitting-example.ts';
import type { Target } from './resolve-tool.ts';
import { plainLine } from './third-party-text.ts';

const FRAGMENT_CHARACTERS_MAX = 1_500;
const WHERE_CHARACTERS_MAX = 200;

export function wrongArguments(target: Target, wrong: WrongArguments): GatewayError {
  const schema = target.tool.definition.inputSchema;
  const { problems } = wrong;
  const id = `${target.server.name}:${target.tool.name}`;
  const lines = problems.map((problem) => `- ${describe(problem, schema)}`);
  const message = [`${id} was not called: its arguments do not fit`, ...lines].join('\n');
  const hint = [`schema: ${fragment(schema, problems)}`, ...example(target, fittingExample(schema, wrong))].join('\n');
  return new GatewayError('ARGUMENTS_INVALID', message, { hint, data: { problems } });
}

function example({ server, tool }: Target, params: JsonObject | undefined): string[] {
  const call = { mcp_server_name: server.name, mcp_tool_name: tool.name, params };
  return params === undefined ? [] : [`example: use_tool ${JSON.stringify(call)}`];
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
