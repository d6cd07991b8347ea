/** The parts as one principal may use them: what its policy hides is in none of them. */
import type { ServerDirectory } from '../catalog/server-directory.ts';
import { splitToolId } from '../catalog/tool-id.ts';
import type { Principal } from '../policy/principal.ts';
import { visibleServers } from '../policy/visible-servers.ts';
import type { MetaToolParts } from './parts.ts';
import { namedParts } from './shown-view.ts';

/** The parts themselves where nothing is hidden or has another name; otherwise a view for one call. */
export function viewOf(whole: MetaToolParts, principal: Principal): MetaToolParts {
  const parts = namedParts(whole);
  const directory = visibleServers(parts.directory, parts.policy, principal);
  if (directory === parts.directory) return parts;
  return { ...parts, directory, index: visibleIndex(parts.index, directory) };
}

/** Filters before any cut-off, so that what is hidden takes no place and counts nowhere. */
function visibleIndex(index: SearchOnly, directory: ServerDirectory): SearchOnly {
  const servers = new Map(directory.names().map((name) => [name, directory.get(name)]));
  const isVisible = ({ id, server }: { readonly id: string; readonly server: string }) =>
    servers.get(server)?.allows(splitToolId(id)?.tool ?? '') ?? false;
  return {
    search: ({ allow, ...request }) =>
      index.search({ ...request, allow: allow ? (document) => allow(document) && isVisible(document) : isVisible }),
  };
}

type SearchOnly = MetaToolParts['index'];
