/** What a profile with `exposure: direct` serves: the tools of several servers in one list, each called as its server wants. */
import type { StoredTool } from '../catalog/catalog.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { LISTING_MS_MAX, listUnlisted } from './exposed-lists.ts';
import { type ExposedTool, exposedNames } from './exposed-names.ts';
import { callHeedingChanges } from './heeding-changes.ts';
import type { CallContext, MetaToolParts } from './parts.ts';
import { unknownTool, withoutProgressToken } from './tool-offer.ts';

interface ChosenTool extends ExposedTool {
  readonly stored: StoredTool;
}

/** `parts` are those of the profile's view. Servers that were never listed are listed first; failing ones are left out. */
export async function listExposed(parts: MetaToolParts, context: CallContext): Promise<JsonObject> {
  await listUnlisted(parts, AbortSignal.any([context.signal, AbortSignal.timeout(LISTING_MS_MAX)]));
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
  const message = { ...withoutProgressToken(params), name: chosen.tool };
  const asked = { door: 'profile', method: 'tools/call', server, tool: chosen.tool, params: message } as const;
  return callHeedingChanges(parts, { ...asked, context });
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
