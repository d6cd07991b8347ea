/** Reads what an agent meant to call, in any of the spellings and nestings that agents are seen to use. */
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { DEPTH_MAX, isTooDeep } from '../stdx/json-depth.ts';

export interface UseToolRequest {
  readonly server: string | undefined;
  /** May still be `server:tool`. */
  readonly tool: string;
  /** As they came where they are no object, so that whoever knows the tool can say what they should be. */
  readonly params: Json;
}

const SERVER_KEYS = ['mcp_server_name', 'mcpServerName', 'server', 'server_name', 'serverName'];
const TOOL_KEYS = ['mcp_tool_name', 'mcpToolName', 'tool', 'tool_name', 'toolName', 'name'];
const PARAMS_KEYS = ['params', 'arguments', 'args', 'parameters', 'input', 'params_json', 'tool_input'];

/** Throws ARGUMENTS_INVALID when no tool is named, and for JSON text that nobody could write again. */
export function readUseToolRequest(given: Readonly<Record<string, unknown>>): UseToolRequest {
  const server = firstText(given, SERVER_KEYS);
  const tool = firstText(given, TOOL_KEYS);
  const params = firstOf(given, PARAMS_KEYS);
  if (tool === undefined) return fromNested(given, server, params);
  const parsed = params === undefined ? flattened(given) : readParams(params);
  return { server, tool, params: isObject(parsed) ? withoutWrapper(parsed as JsonObject) : parsed };
}

/** `{params: {mcp_tool_name, params}}`: the whole call was put one level too deep. */
function fromNested(
  given: Readonly<Record<string, unknown>>,
  server: string | undefined,
  params: unknown,
): UseToolRequest {
  const inner = typeof params === 'string' ? tryJson(params) : params;
  if (isObject(inner) && firstText(inner, TOOL_KEYS) !== undefined) {
    const request = readUseToolRequest(inner);
    return { ...request, server: request.server ?? server };
  }
  throw new GatewayError('ARGUMENTS_INVALID', 'use_tool was not told which tool to call', {
    hint: `give mcp_tool_name, as in ${EXAMPLE}; search_mcp_server finds names`,
    data: { given: Object.keys(given) },
  });
}

const EXAMPLE = '{"mcp_server_name":"filesystem","mcp_tool_name":"read_text_file","params":{"path":"notes.txt"}}';

function readParams(params: unknown): Json {
  const value = typeof params === 'string' ? fromText(params) : params;
  return value === null ? {} : (value as Json);
}

/** JSON text, once or twice over; any other text as it is. */
function fromText(text: string): unknown {
  if (text.trim() === '') return {};
  const value = tryJson(text) ?? text;
  return typeof value === 'string' ? (tryJson(value) ?? value) : value;
}

/** Arguments beside the names instead of inside `params`. */
function flattened(given: Readonly<Record<string, unknown>>): JsonObject {
  const known = new Set([...SERVER_KEYS, ...TOOL_KEYS, ...PARAMS_KEYS]);
  return Object.fromEntries(Object.entries(given).filter(([key]) => !known.has(key))) as JsonObject;
}

/** `{params: {params: {...}}}` and nothing else inside: the wrapper was written twice. */
function withoutWrapper(params: JsonObject): JsonObject {
  const keys = Object.keys(params);
  const inner = params.params ?? params.arguments;
  return keys.length === 1 && (keys[0] === 'params' || keys[0] === 'arguments') && isObject(inner)
    ? (inner as JsonObject)
    : params;
}

function tryJson(text: string): unknown {
  const value = parsed(text);
  if (!isTooDeep(value)) return value;
  throw new GatewayError('ARGUMENTS_INVALID', `params are nested deeper than ${DEPTH_MAX} levels`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstOf(given: Readonly<Record<string, unknown>>, keys: readonly string[]): unknown {
  return keys.map((key) => given[key]).find((value) => value !== undefined);
}

function firstText(given: Readonly<Record<string, unknown>>, keys: readonly string[]): string | undefined {
  const value = keys.map((key) => given[key]).find((text) => typeof text === 'string' && text.trim() !== '');
  return typeof value === 'string' ? value.trim() : undefined;
}
