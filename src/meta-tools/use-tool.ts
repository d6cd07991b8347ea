/** `use_tool`: one call to one tool, whatever it takes to get its server running. */
import { BUILT_IN_SERVER } from '../catalog/server-directory.ts';
import { GatewayError } from '../errors.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { short } from './argument-check.ts';
import { notAnObject, wrongArguments } from './argument-problems.ts';
import { callHeedingChanges } from './heeding-changes.ts';
import { named } from './named-error.ts';
import type { CallContext, MetaTool, MetaToolParts } from './parts.ts';
import { resolveTool, startProgress, type Target } from './resolve-tool.ts';
import { readUseToolRequest, type UseToolRequest } from './use-tool-request.ts';

/** Throws GatewayErrors; what the tool itself reports, `isError` included, is returned as it came. */
export const useTool: MetaTool = async (parts, given, context) => {
  const request = readUseToolRequest(given);
  const builtIn = callBuiltIn(parts, request, context.principal);
  if (builtIn) return builtIn;
  const target = await resolveTool(parts, request, context);
  const params = await fittingArguments(parts, target, request.params);
  const result = await call(parts, target, { params, context });
  return parts.results.bound(result, target.server.resultBytesMax, context.principal.id);
};

async function fittingArguments({ checker }: MetaToolParts, target: Target, given: Json): Promise<JsonObject> {
  if (!isObject(given)) {
    const proves = await checker.prover(target.tool);
    throw wrongArguments(target, { params: {}, problems: [notAnObject(given)], proves });
  }
  const checked = await checker.check(target.tool, given as JsonObject);
  if (checked.fits) return checked.params;
  throw wrongArguments(target, checked);
}

interface Call {
  readonly params: JsonObject;
  readonly context: CallContext;
}

async function call(parts: MetaToolParts, { server, tool }: Target, { params, context }: Call): Promise<JsonObject> {
  const message = { name: tool.name, arguments: params, ...traceContext(context.meta) };
  try {
    const onStart = startProgress(context);
    const [door, method] = ['use_tool', 'tools/call'] as const;
    return await callHeedingChanges(parts, {
      door,
      method,
      server,
      tool: tool.name,
      params: message,
      context,
      onStart,
    });
  } catch (error) {
    throw named(error, `${server.name}:${tool.name}`);
  }
}

/** Other `_meta` may be private to the client and is none of a third party's business. */
export function traceContext(meta: JsonObject | undefined): { _meta?: JsonObject } {
  const kept = ['traceparent', 'tracestate', 'baggage'].filter((key) => meta?.[key] !== undefined);
  return kept.length > 0 ? { _meta: Object.fromEntries(kept.map((key) => [key, meta?.[key] ?? null])) } : {};
}

const BUILT_IN_PREFIX = `${BUILT_IN_SERVER}:`;
const META_TOOLS = /^(search_?mcp_?server|add_?mcp_?server|use_?tool)$/i;

/** What `read_result` answers; undefined for a tool of any other server. Throws TOOL_UNKNOWN for what Tooldex does not have. */
export function callBuiltIn(
  { results, directory }: MetaToolParts,
  request: UseToolRequest,
  { id }: Pick<Principal, 'id'>,
): JsonObject | undefined {
  const tool = request.tool.startsWith(BUILT_IN_PREFIX) ? request.tool.slice(BUILT_IN_PREFIX.length) : request.tool;
  if (tool === 'read_result' && (request.server ?? BUILT_IN_SERVER) === BUILT_IN_SERVER)
    return results.read(isObject(request.params) ? (request.params as JsonObject) : {}, id);
  const onAServer = request.server !== undefined && request.server !== BUILT_IN_SERVER;
  if (META_TOOLS.test(tool) && !onAServer) throw recursion(tool);
  if (request.server !== BUILT_IN_SERVER || directory.get(BUILT_IN_SERVER)) return undefined;
  throw new GatewayError(
    'TOOL_UNKNOWN',
    `the built-in server ${BUILT_IN_SERVER} has one tool, read_result, not ${short(tool)}`,
  );
}

function recursion(tool: string): GatewayError {
  return new GatewayError('TOOL_UNKNOWN', `${tool} is a tool of Tooldex itself; use_tool calls the tools behind it`, {
    hint: `call ${tool} directly`,
  });
}
