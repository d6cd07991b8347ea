/** The MCP server behind `/mcp/<server>`: the tools of one upstream server, passed through as they are. */
import { ProtocolError, type Server } from '@modelcontextprotocol/server';
import type { KnownServer } from '../catalog/server-directory.ts';
import { explain, GatewayError } from '../errors.ts';
import type { Identity } from '../meta-tools/identity.ts';
import { callContext } from '../meta-tools/meta-server.ts';
import type { CallContext, MetaToolParts } from '../meta-tools/parts.ts';
import { anyObject, PassThroughServer } from '../meta-tools/pass-through.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** Says who it is and what it has from the catalog while the server sleeps; the first call starts it. */
export function createDirectServer(parts: MetaToolParts, known: KnownServer, identity: Identity): Server {
  const listing = parts.catalog.listing(known.name);
  const info = { ...identity, ...(listing?.serverInfo as Partial<Identity> | undefined) };
  const server = new PassThroughServer(info, {
    capabilities: { tools: {} },
    ...(listing?.instructions ? { instructions: listing.instructions } : {}),
  });
  server.setRequestHandler('tools/list', { params: anyObject, result: anyObject }, async (params, ctx) =>
    translated(listTools(parts, known, { params, context: callContext(params, ctx).context })),
  );
  server.setRequestHandler('tools/call', { params: anyObject, result: anyObject }, async (params, ctx) => {
    const { context, flushed } = callContext(params, ctx);
    const result = await translated(callTool(parts, known, { params, context })).finally(flushed);
    return server.projectCallToolResult(result as never, undefined) as unknown as JsonObject;
  });
  return server;
}

interface Request {
  readonly params: JsonObject;
  readonly context: CallContext;
}

/** From the running server page by page; from the catalog, whole, while it sleeps. */
async function listTools(parts: MetaToolParts, known: KnownServer, { params, context }: Request): Promise<JsonObject> {
  if (parts.pool.state(known.name).kind === 'ready') {
    const page = await request(parts, known, { method: 'tools/list', params: cursorOf(params), context });
    return { ...page, tools: (Array.isArray(page.tools) ? page.tools : []).filter((tool) => isVisible(known, tool)) };
  }
  await parts.discovery.ensureListed(known.name, { signal: context.signal });
  const tools = parts.catalog.tools(known.name).map((tool) => tool.definition as unknown as Json);
  return { tools: tools.filter((tool) => isVisible(known, tool)) };
}

const cursorOf = ({ cursor }: JsonObject): JsonObject => (typeof cursor === 'string' ? { cursor } : {});
const isVisible = (known: KnownServer, tool: Json) => isObject(tool) && known.allows(String(tool.name));

async function callTool(parts: MetaToolParts, known: KnownServer, { params, context }: Request): Promise<JsonObject> {
  const name = String(params.name ?? '');
  if (!known.allows(name)) throw new GatewayError('TOOL_UNKNOWN', `Unknown tool: ${name}`);
  const { _meta, ...rest } = params;
  const trace = isObject(_meta) ? withoutProgressToken(_meta as JsonObject) : {};
  return request(parts, known, { method: 'tools/call', params: { ...rest, ...trace }, context });
}

/** The token is between client and gateway; the bridge has its own with the server. */
function withoutProgressToken({ progressToken: _, ...meta }: JsonObject): JsonObject {
  return Object.keys(meta).length > 0 ? { _meta: meta } : {};
}

interface UpstreamRequest extends Request {
  readonly method: string;
}

async function request(
  parts: MetaToolParts,
  known: KnownServer,
  { method, params, context }: UpstreamRequest,
): Promise<JsonObject> {
  const { signal, onProgress } = context;
  const lease = await parts.pool.acquire(known.name, { signal });
  try {
    const options = { signal, timeoutMs: known.callTimeoutMs, maxTotalMs: known.callTotalTimeoutMs };
    return await lease.session.request(method, params, onProgress ? { ...options, onProgress } : options);
  } finally {
    lease.release();
  }
}

/** The upstream's own JSON-RPC error where it gave one; ours otherwise. */
async function translated(work: Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const rpc = error.data?.rpc;
    if (isObject(rpc)) throw new ProtocolError(Number(rpc.code), String(rpc.message), rpc.data);
    throw new ProtocolError(error.class.rpcCode, explain(error), { code: error.code });
  }
}
