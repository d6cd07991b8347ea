/** The MCP server that an agent connects to: the menu and the three tools, for either era of the protocol. */
import { ProtocolError, ProtocolErrorCode, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { Identity } from './identity.ts';
import type { Menu } from './menu.ts';
import type { CallContext } from './parts.ts';
import { anyObject, PassThroughServer } from './pass-through.ts';
import type { MetaToolCalls } from './register.ts';

/** The menu never changes while the process runs, so clients may keep it for long. */
const MENU_TTL_MS = 3_600_000;

export function createMetaServer(identity: Identity, menu: Menu, calls: MetaToolCalls): Server {
  const server = new PassThroughServer(identity, {
    capabilities: { tools: {} },
    instructions: menu.instructions,
    cacheHints: { 'tools/list': { ttlMs: MENU_TTL_MS, cacheScope: 'public' } },
  });
  server.setRequestHandler('tools/list', { params: anyObject, result: anyObject }, async () => listTools(menu));
  server.setRequestHandler('tools/call', { params: anyObject, result: anyObject }, async (params, ctx) => {
    const name = typeof params.name === 'string' ? params.name : '';
    const { context, flushed } = callContext(params, ctx);
    const result = calls.call(name, params.arguments, context);
    if (!result) throw unknownTool(name, menu);
    return result.finally(flushed);
  });
  return server;
}

const listTools = (menu: Menu): JsonObject => ({ tools: menu.tools as unknown as JsonObject[] });

function unknownTool(name: string, menu: Menu): ProtocolError {
  const names = menu.tools.map((tool) => tool.name).join(', ');
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool "${name}"; the tools are ${names}`);
}

/** What the SDK says of a request, in our words; `flushed` resolves when all progress so far has been handed over. */
export function callContext(
  params: JsonObject,
  { mcpReq }: ServerContext,
): { context: CallContext; flushed: () => Promise<void> } {
  const meta = isObject(params._meta) ? (params._meta as JsonObject) : undefined;
  const progressToken = mcpReq._meta?.progressToken ?? meta?.progressToken;
  let sent = Promise.resolve();
  const onProgress = (progress: JsonObject) => {
    const notification = { method: 'notifications/progress', params: { ...progress, progressToken } } as Notification;
    sent = sent.then(() => mcpReq.notify(notification)).catch(IGNORE_GONE_CALLER);
  };
  const wanted = typeof progressToken === 'string' || typeof progressToken === 'number';
  const context = { signal: mcpReq.signal, ...(meta ? { meta } : {}), ...(wanted ? { onProgress } : {}) };
  return { context, flushed: () => sent };
}

type Notification = Parameters<ServerContext['mcpReq']['notify']>[0];
const IGNORE_GONE_CALLER = () => undefined;
