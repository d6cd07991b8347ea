/** One upstream server as a relay sees it: who it is, and any request to it, through the filters that hold for everybody. */
import { MODERN_VERSION } from '../bridge/protocol-versions.ts';
import type { AskableClient, UpstreamSession } from '../bridge/upstream-session.ts';
import { requireConfigured } from '../catalog/needs-config.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { Lease } from '../lifecycle/pool.ts';
import type { Identity } from '../meta-tools/identity.ts';
import type { CallContext, MetaToolParts } from '../meta-tools/parts.ts';
import { unknownTool } from '../meta-tools/tool-offer.ts';
import { callUpstream } from '../meta-tools/upstream-call.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { shownTools, usableTools } from './usable-tools.ts';

/** What the server says of itself, as it was last listed. */
export interface RelayFacts {
  readonly isModern: boolean;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions: string | undefined;
}

export interface RelayRequest {
  readonly method: string;
  /** Without what is between client and gateway: envelope and progress token. */
  readonly params: JsonObject;
  readonly context: CallContext;
  /** For a client that may be asked: whose instance it is, and how it is asked. */
  readonly behalf?: { readonly session: string; readonly client?: AskableClient } | undefined;
  readonly envelope?: JsonObject | undefined;
  /** Told through which session the request goes, before it is sent. */
  readonly onUpstream?: ((upstream: UpstreamSession) => void) | undefined;
}

export interface RelayTarget {
  readonly name: string;
  /** Lists the server first when it was never listed. Throws what that throws. */
  facts(signal: AbortSignal): Promise<RelayFacts>;
  /** What a tool wants of its arguments, as it was last listed; undefined for one that is not known. */
  inputSchema(tool: string): JsonObject | undefined;
  /** The result as it came. Throws what `callUpstream` throws, and TOOL_UNKNOWN for a tool that is not to be seen. */
  request(request: RelayRequest): Promise<JsonObject>;
  /** Keeps an instance up for what a server says unasked. */
  hold(principal: Principal, behalf?: RelayRequest['behalf']): Promise<Lease>;
  /** Calls and holds under way on all its instances. */
  leases(): number;
}

export function createRelayTarget(parts: MetaToolParts, known: KnownServer, identity: Identity): RelayTarget {
  return {
    name: known.name,
    facts: (signal) => factsOf(parts, known, { identity, signal }),
    inputSchema: (tool) => parts.catalog.tool(known.name, tool)?.definition.inputSchema as JsonObject | undefined,
    request: (request) => perform(parts, known, request),
    hold: async ({ id }, behalf) => {
      requireConfigured(known);
      return parts.pool.acquire(known.name, { principal: id, ...behalf });
    },
    leases: () => {
      const state = parts.pool.state(known.name);
      return 'leases' in state ? state.leases : 0;
    },
  };
}

async function factsOf(
  { catalog, discovery }: MetaToolParts,
  { name }: KnownServer,
  { identity, signal }: { readonly identity: Identity; readonly signal: AbortSignal },
): Promise<RelayFacts> {
  if (!catalog.listing(name)) await discovery.ensureListed(name, { signal });
  return (
    listedFacts(catalog, name) ?? {
      isModern: false,
      capabilities: { tools: {} },
      serverInfo: { ...identity },
      instructions: undefined,
    }
  );
}

/** Undefined for a server that was never listed. */
export function listedFacts(catalog: MetaToolParts['catalog'], server: string): RelayFacts | undefined {
  const listing = catalog.listing(server);
  if (!listing) return undefined;
  const { protocolVersion, capabilities, serverInfo, instructions } = listing;
  return { isModern: protocolVersion === MODERN_VERSION, capabilities, serverInfo, instructions };
}

async function perform(parts: MetaToolParts, known: KnownServer, request: RelayRequest): Promise<JsonObject> {
  const { method, params, context } = request;
  const isUsable = usableTools(parts.catalog, known);
  const isVisible = (tool: string) => isUsable(tool) && parts.policy.seesTool(context.principal, known.name, tool);
  if (method === 'tools/list') return listTools(parts, known, { request, isVisible });
  if (method === 'tools/call' && !isVisible(String(params.name ?? ''))) {
    throw unknownTool(String(params.name ?? ''), parts.catalog.toolNames(known.name).filter(isVisible));
  }
  return send(parts, known, request);
}

function send(parts: MetaToolParts, known: KnownServer, request: RelayRequest): Promise<JsonObject> {
  const { method, params, context, behalf, envelope, onUpstream } = request;
  const onLease = onUpstream && (({ session }: Lease) => onUpstream(session));
  return callUpstream(parts, {
    door: 'direct',
    server: known,
    tool: method === 'tools/call' ? String(params.name) : method,
    method,
    params,
    context,
    behalf,
    envelope,
    ...(onLease ? { onLease } : {}),
  });
}

interface ToolsAsked {
  readonly request: RelayRequest;
  readonly isVisible: (tool: string) => boolean;
}

/**
 * From the running server page by page; from the catalog, whole, while it sleeps. A client that may be asked is shown
 * what its own instance offers, which may be more.
 */
async function listTools(
  parts: MetaToolParts,
  known: KnownServer,
  { request, isVisible }: ToolsAsked,
): Promise<JsonObject> {
  const { params, context, behalf } = request;
  const { approved, catalog, discovery, pool } = parts;
  const isAsked = behalf?.client !== undefined || params.cursor !== undefined;
  const isUp = isAsked || pool.state(known.name).kind === 'ready';
  if (!isUp) await discovery.ensureListed(known.name, { signal: context.signal });
  const page: JsonObject = isUp ? await send(parts, known, request) : {};
  const tools = isUp
    ? shownTools(known, approved.sift(known, page.tools))
    : catalog.tools(known.name).map((tool) => tool.definition as unknown as Json);
  return { ...page, tools: tools.filter((tool) => isObject(tool) && isVisible(String(tool.name))) };
}
