/** What a profile with `exposure: direct` serves: the tools of several servers in one list, each called as its server wants. */
import type { StoredTool } from '../catalog/catalog.ts';
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { type ExposedTool, exposedNames } from './exposed-names.ts';
import type { CallContext, MetaToolParts } from './parts.ts';
import { unknownTool } from './tool-offer.ts';
import { callUpstream } from './upstream-call.ts';

/** The rest of a list is worth more than a server that hangs. */
const LISTING_MS_MAX = 20_000;

interface ChosenTool extends ExposedTool {
  readonly stored: StoredTool;
}

/** `parts` are those of the profile's view. Servers that were never listed are listed first; failing ones are left out. */
export async function listExposed(parts: MetaToolParts, context: CallContext): Promise<JsonObject> {
  const { directory, catalog, discovery } = parts;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(LISTING_MS_MAX)]);
  const unlisted = directory.names().filter((server) => !catalog.listing(server));
  await Promise.allSettled(unlisted.map((server) => discovery.ensureListed(server, { signal })));
  const tools = [...exposed(parts)].map(([name, { stored }]) => ({ ...stored.definition, name }));
  return { tools: tools as unknown as Json[] };
}

/** The result as it came. Throws TOOL_UNKNOWN, and what `callUpstream` throws. */
export async function callExposed(
  parts: MetaToolParts,
  { params, context }: { readonly params: JsonObject; readonly context: CallContext },
): Promise<JsonObject> {
  const name = String(params.name ?? '');
  const tools = exposed(parts);
  const chosen = tools.get(name);
  const server = chosen && parts.directory.get(chosen.server);
  if (!server) throw unknownTool(name, [...tools.keys()]);
  const { _meta, ...rest } = params;
  const meta = isObject(_meta) ? withoutProgressToken(_meta as JsonObject) : {};
  const message = { ...rest, name: chosen.tool, ...meta };
  const asked = { door: 'profile', method: 'tools/call', server, tool: chosen.tool, params: message } as const;
  try {
    return await callUpstream(parts, { ...asked, context });
  } catch (error) {
    if (isUnknownUpstream(error)) parts.discovery.noteChanged(chosen.server);
    throw error;
  }
}

function exposed({ directory, catalog }: MetaToolParts): ReadonlyMap<string, ChosenTool> {
  const tools = directory.names().flatMap((server) => {
    const known = directory.get(server);
    const isGiven = (name: string) => known?.shows !== undefined && known.shows.own(name) !== name;
    return catalog
      .tools(server)
      .filter(({ name }) => known?.allows(name))
      .map((stored) => ({ server, tool: stored.name, isGiven: isGiven(stored.name), stored }));
  });
  return exposedNames(tools);
}

/** The token is between client and gateway; the bridge has its own with the server. */
function withoutProgressToken({ progressToken: _, ...meta }: JsonObject): JsonObject {
  return Object.keys(meta).length > 0 ? { _meta: meta } : {};
}

/** Its tools have changed since they were listed. */
function isUnknownUpstream(error: unknown): boolean {
  const rpc = error instanceof GatewayError && error.code === 'UPSTREAM_ERROR' ? error.data?.rpc : undefined;
  return isObject(rpc) && (rpc.code === -32601 || rpc.code === -32602);
}
