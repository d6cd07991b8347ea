/** What a profile with `exposure: direct` serves: the tools of several servers in one list, each called as its server wants. */
import type { StoredTool } from '../catalog/catalog.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { toByteText } from '../stdx/json-cursor.ts';
import { membersOf } from '../stdx/json-members.ts';
import { LISTING_MS_MAX, listUnlisted } from './exposed-lists.ts';
import { type ExposedTool, exposedNames } from './exposed-names.ts';
import { callHeedingChanges, passHeedingChanges } from './heeding-changes.ts';
import { hasLookAlikes } from './look-alikes.ts';
import type { CallContext, GiveUp, MetaToolParts, PassedBy } from './parts.ts';
import { unknownTool, withoutProgressToken } from './tool-offer.ts';

interface ChosenTool extends ExposedTool {
  readonly stored: StoredTool;
}

/** The tools that a profile serves, by the names under which it does. */
export interface Exposed {
  readonly parts: MetaToolParts;
  readonly tools: ReadonlyMap<string, ChosenTool>;
}

export type ExposedOf = (parts: MetaToolParts) => Exposed;

/** Made once for as long as catalog and servers are the same: each call asks for one of what may be thousands. */
export function rememberExposed(): ExposedOf {
  const made = new WeakMap<MetaToolParts, Made>();
  return (parts) => {
    const servers = parts.directory.names().map((name) => parts.directory.get(name));
    const version = parts.catalog.version();
    const last = made.get(parts);
    if (last?.version === version && areSame(last.servers, servers)) return last.exposed;
    const tools = exposedNames(servers.flatMap((server) => (server ? toolsOf(parts, server) : [])));
    const exposed = { parts, tools };
    made.set(parts, { version, servers, exposed });
    return exposed;
  };
}

interface Made {
  readonly version: number;
  readonly servers: readonly (KnownServer | undefined)[];
  readonly exposed: Exposed;
}

const areSame = (some: readonly unknown[], others: readonly unknown[]) =>
  some.length === others.length && some.every((one, index) => one === others[index]);

function toolsOf({ catalog }: MetaToolParts, { name: server, allows, shows }: KnownServer): ChosenTool[] {
  const isGiven = (name: string) => shows !== undefined && shows.own(name) !== name;
  return catalog
    .tools(server)
    .filter(({ name }) => allows(name))
    .map((stored) => ({ server, tool: stored.name, isGiven: isGiven(stored.name), stored }));
}

/** `parts` are those of the profile's view. Servers that were never listed are listed first; failing ones are left out. */
export async function listExposed(
  parts: MetaToolParts,
  { exposed, context }: { readonly exposed: ExposedOf; readonly context: CallContext },
): Promise<JsonObject> {
  await listUnlisted(parts, AbortSignal.any([context.signal, AbortSignal.timeout(LISTING_MS_MAX)]));
  const tools = [...exposed(parts).tools].map(([name, { stored }]) => ({ ...stored.definition, name }));
  return { tools: tools as unknown as Json[] };
}

/** The result as it came. Throws TOOL_UNKNOWN, and what `callUpstream` throws. */
export async function callExposed(exposed: Exposed, params: JsonObject, context: CallContext): Promise<JsonObject> {
  const name = String(params.name ?? '');
  const chosen = choose(exposed, name);
  if (!chosen) throw unknownTool(name, [...exposed.tools.keys()]);
  const { server, tool } = chosen;
  const message = { ...withoutProgressToken(params), name: tool };
  const asked = { door: 'profile', method: 'tools/call', server, tool, params: message } as const;
  return callHeedingChanges(exposed.parts, { ...asked, context });
}

/** `callExposed` for whoever takes the result as bytes. Undefined, and nothing is begun, where that has to look. */
export function passExposed(exposed: Exposed, params: JsonObject, by: PassedBy): GiveUp | undefined {
  const chosen = choose(exposed, String(params.name ?? ''));
  const { _meta: meta, ...message } = withoutProgressToken(params);
  if (!chosen || hasLookAlikes(params)) return undefined;
  const { server, tool } = chosen;
  const { principal, requestId, onProgress, listener } = by;
  const text = toByteText(JSON.stringify({ ...message, name: tool }));
  return passHeedingChanges(exposed.parts, {
    door: 'profile',
    server,
    tool,
    params: { text, meta: meta ? membersOf(meta as JsonObject) : '' },
    principal,
    requestId,
    behalf: undefined,
    envelope: undefined,
    onProgress,
    listener,
  });
}

function choose({ parts, tools }: Exposed, name: string) {
  const chosen = tools.get(name);
  const server = chosen && parts.directory.get(chosen.server);
  return server && { server, tool: chosen.tool };
}
