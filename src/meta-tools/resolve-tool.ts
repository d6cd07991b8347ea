/** Finds the one tool that a caller means, or says which ones it may have meant. */
import type { StoredTool } from '../catalog/catalog.ts';
import { needsVariables } from '../catalog/needs-config.ts';
import { BUILT_IN_SERVER, type KnownServer } from '../catalog/server-directory.ts';
import { splitToolId } from '../catalog/tool-id.ts';
import { GatewayError } from '../errors.ts';
import { nearest } from '../stdx/nearest.ts';
import { short } from './argument-check.ts';
import { named } from './named-error.ts';
import type { CallContext, MetaToolParts } from './parts.ts';
import { indexingStatus } from './server-status.ts';
import { didYouMean, someNames } from './some-names.ts';
import type { UseToolRequest } from './use-tool-request.ts';

export interface Target {
  readonly server: KnownServer;
  readonly tool: StoredTool;
}

/** Throws SERVER_UNKNOWN, TOOL_UNKNOWN or TOOL_AMBIGUOUS, each with the nearest names. */
export async function resolveTool(
  parts: MetaToolParts,
  request: UseToolRequest,
  context: CallContext,
): Promise<Target> {
  const { tool } = request;
  const named = request.server ?? serverInside(parts, tool);
  if (named === undefined) return unnamed(parts, tool, context);
  const server = serverWithTool(parts, named, tool);
  await ensureListed(parts, server, context);
  return toolOf(parts, server, withoutServer(tool, named));
}

/** Of a server that is not known under this name, those that have the tool are told too. */
function serverWithTool(parts: MetaToolParts, name: string, tool: string): KnownServer {
  try {
    return findServer(parts, name);
  } catch (error) {
    const others = sameTool(parts, tool).map(({ server }) => server.name);
    if (others.length === 0 || !(error instanceof GatewayError) || error.code !== 'SERVER_UNKNOWN') throw error;
    const { code, message, data } = error;
    throw new GatewayError(code, message, {
      hint: `servers with a tool ${short(tool)}: ${someNames(others, 10)}`,
      data,
    });
  }
}

/** By its exact name, or by the only one that differs in nothing but case, `-` and `_`. Throws SERVER_UNKNOWN, NEEDS_CONFIG. */
export function findServer({ directory }: MetaToolParts, name: string): KnownServer {
  const exact = directory.get(name);
  if (exact) return exact;
  const names = directory.names();
  const [alike, ...others] = names.filter((candidate) => plain(candidate) === plain(name));
  const found = alike !== undefined && others.length === 0 ? directory.get(alike) : undefined;
  if (found) return found;
  const waiting = directory.unconfigured().find((candidate) => plain(candidate.name) === plain(name));
  if (waiting) throw needsVariables(waiting);
  const near = nearest(name, names);
  throw new GatewayError('SERVER_UNKNOWN', `no server is called ${short(name)}${didYouMean(near)}`, {
    hint: near.length > 0 ? 'search_mcp_server finds tools by what they do' : `servers: ${someNames(names, 20)}`,
  });
}

function serverInside({ directory }: MetaToolParts, tool: string): string | undefined {
  const split = splitToolId(tool);
  if (!split) return undefined;
  const known = [...directory.names(), BUILT_IN_SERVER].some((name) => plain(name) === plain(split.server));
  return known ? split.server : undefined;
}

/** Undefined where anything has to be waited for, guessed or told: `resolveTool` does that. */
export function resolveToolNow({ directory, catalog }: MetaToolParts, request: UseToolRequest): Target | undefined {
  const named = request.server ?? splitToolId(request.tool)?.server;
  const server = named === undefined ? undefined : directory.get(named);
  if (!server || !catalog.listing(server.name)) return undefined;
  const name = withoutServer(request.tool, server.name);
  const tool = server.allows(name) ? catalog.tool(server.name, name) : undefined;
  return tool && { server, tool };
}

function withoutServer(tool: string, server: string): string {
  const split = splitToolId(tool);
  return split && plain(split.server) === plain(server) ? split.tool : tool;
}

async function ensureListed({ discovery }: MetaToolParts, server: KnownServer, context: CallContext): Promise<void> {
  const options = { signal: context.signal, onProgress: startProgress(context), keep: true };
  try {
    await discovery.ensureListed(server.name, options);
  } catch (error) {
    throw named(error, server.name);
  }
}

/** Messages of an install or start as MCP progress; below zero, so that whatever the server reports later still grows. */
export function startProgress({ onProgress }: Pick<CallContext, 'onProgress'>): (message: string) => void {
  let step = 0;
  return (message) => {
    step += 1;
    onProgress?.({ progress: -1 + step / 1000, message });
  };
}

function toolOf(parts: MetaToolParts, server: KnownServer, name: string): Target {
  const tool = server.allows(name) ? parts.catalog.tool(server.name, name) : undefined;
  if (tool) return { server, tool };
  const names = parts.catalog.toolNames(server.name).filter((candidate) => server.allows(candidate));
  const [only, ...others] =
    spelled(parts, server, plain(name)) ?? spelled(parts, server, withoutPrefix(server, name)) ?? [];
  if (only && others.length === 0) return only;
  const elsewhere = sameTool(parts, name).map((target) => `${target.server.name}:${name}`);
  const meant = didYouMean([...nearest(name, names), ...elsewhere.slice(0, 3)]);
  throw new GatewayError('TOOL_UNKNOWN', `${server.name} has no tool ${short(name)}${meant}`, {
    hint: `its tools: ${someNames(names, 12) || 'none'}; search_mcp_server finds tools by what they do, add_mcp_server lists this server anew`,
  });
}

/** Tools of a server whose plain name is `wanted`; undefined when there are none. */
function spelled({ catalog }: MetaToolParts, server: KnownServer, wanted: string | undefined): Target[] | undefined {
  const names = wanted === undefined ? [] : catalog.toolNames(server.name);
  const alike = names.filter((name) => plain(name) === wanted && server.allows(name));
  const targets = alike.flatMap((name) => {
    const tool = catalog.tool(server.name, name);
    return tool ? [{ server, tool }] : [];
  });
  return targets.length > 0 ? targets : undefined;
}

/** The plain name of the tool in `github__create_issue`, `github.create_issue` or `mcp__github__create_issue`, if this server is named there. */
function withoutPrefix(server: KnownServer, written: string): string | undefined {
  const rest = plain(bare(written));
  const prefix = plain(server.name);
  return rest.startsWith(prefix) && rest.length > prefix.length ? rest.slice(prefix.length) : undefined;
}

/** What clients put before the names of tools in their own lists. */
const CLIENT_PREFIX = new RegExp(`^mcp_+(${BUILT_IN_SERVER}_+)?`, 'i');
const bare = (written: string) => written.replace(CLIENT_PREFIX, '');

function sameTool({ catalog, directory }: MetaToolParts, name: string): Target[] {
  return catalog.serversWithTool(name).flatMap((serverName) => {
    const server = directory.get(serverName);
    const tool = server?.allows(name) ? catalog.tool(serverName, name) : undefined;
    return server && tool ? [{ server, tool }] : [];
  });
}

/** A name that one server has and that reads as another server with its tool is ambiguous, so that no server can take the calls of another. */
function toolAnywhere(parts: MetaToolParts, name: string): Target | undefined {
  const exact = sameTool(parts, name);
  const servers = parts.directory.names().flatMap((server) => parts.directory.get(server) ?? []);
  const named = servers
    .filter((server) => exact.every((target) => target.server.name !== server.name))
    .flatMap((server) => spelled(parts, server, withoutPrefix(server, name)) ?? []);
  const found = [...exact, ...named];
  const targets = found.length > 0 ? found : servers.flatMap((server) => spelled(parts, server, plain(name)) ?? []);
  if (targets.length > 1) throw ambiguous(name, targets);
  return targets[0];
}

/** Servers whose names stand before the tool are listed first, so that nobody else has their tools meanwhile. */
async function unnamed(parts: MetaToolParts, name: string, context: CallContext): Promise<Target> {
  const before = await listedBefore(parts, name, context);
  const found = toolAnywhere(parts, name);
  if (found) return found;
  if (before) return toolOf(parts, before.server, before.tool);
  const split = splitToolId(name);
  if (split) findServer(parts, split.server);
  throw unknownEverywhere(parts, name);
}

interface Before {
  readonly server: KnownServer;
  readonly tool: string;
}

/** The one with the longest name. Where one cannot be listed, nobody knows whether the tool is its own: TOOL_AMBIGUOUS if another server has it. */
async function listedBefore(parts: MetaToolParts, name: string, context: CallContext): Promise<Before | undefined> {
  try {
    const before = serversBefore(parts, name);
    for (const { server } of before) await ensureListed(parts, server, context);
    return before.at(-1);
  } catch (error) {
    const others = sameTool(parts, name).map(({ server }) => `${server.name}:${name}`);
    if (others.length === 0 || !(error instanceof GatewayError) || context.signal.aborted) throw error;
    const what = `${short(name)} may be ${short(someNames(others, 10))}, or a tool of a server that cannot be asked`;
    throw new GatewayError('TOOL_AMBIGUOUS', `${what}: ${error.message}`, { hint: SAY_WHICH, cause: error });
  }
}

/** Throws NEEDS_CONFIG, and SERVER_UNKNOWN where several are called so. */
function serversBefore(parts: MetaToolParts, name: string): Before[] {
  const { directory } = parts;
  const names = [...directory.names(), ...directory.unconfigured().map((server) => server.name)];
  const known = new Set(names.map(plain));
  const written = bare(name);
  return [...written.slice(0, SERVER_CHARACTERS_MAX).matchAll(SEPARATOR)].flatMap(({ 0: separator, index }) => {
    const [before, tool] = [written.slice(0, index), written.slice(index + separator.length)];
    return tool !== '' && known.has(plain(before)) ? [{ server: findServer(parts, before), tool }] : [];
  });
}

/** What stands between server and tool in the names that agents write. */
const SEPARATOR = /__|[:./_ -]/g;
/** Longer than the names of servers are. */
const SERVER_CHARACTERS_MAX = 200;
const SAY_WHICH = 'say which one with mcp_server_name';

function ambiguous(name: string, targets: readonly Target[]): GatewayError {
  const ids = targets.map(({ server, tool }) => `${server.name}:${tool.name}`);
  return new GatewayError(
    'TOOL_AMBIGUOUS',
    `${short(name)} may be any of ${targets.length} tools: ${someNames(ids, 10)}`,
    { hint: SAY_WHICH },
  );
}

function unknownEverywhere(parts: MetaToolParts, name: string): GatewayError {
  const { catalog, directory } = parts;
  const indexing = indexingStatus(parts);
  const ids = new Map<string, string>();
  for (const server of directory.names()) {
    const known = directory.get(server);
    for (const tool of catalog.toolNames(server)) if (known?.allows(tool)) ids.set(`${server}:${tool}`, tool);
  }
  const near = new Set(nearest(name, ids.values()));
  const matches = [...ids].filter(([, tool]) => near.has(tool)).map(([id]) => id);
  return new GatewayError('TOOL_UNKNOWN', `no server has a tool ${short(name)}${didYouMean(matches.slice(0, 5))}`, {
    hint: `search_mcp_server finds tools by what they do${indexing ? `; ${indexing}` : ''}`,
  });
}

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
