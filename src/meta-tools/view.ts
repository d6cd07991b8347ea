/** The parts as one principal may use them: what its policy hides is in none of them. */
import type { ServerDirectory } from '../catalog/server-directory.ts';
import { splitToolId } from '../catalog/tool-id.ts';
import type { Principal } from '../policy/principal.ts';
import { rememberVisible } from '../policy/visible-servers.ts';
import type { MetaToolParts } from './parts.ts';
import { rememberNamed } from './shown-view.ts';

export type ViewOf = (whole: MetaToolParts, principal: Principal) => MetaToolParts;

/** The parts themselves where nothing is hidden or has another name; otherwise a view, made once for each principal and policy. */
export function rememberViews(): ViewOf {
  const named = rememberNamed();
  const visible = rememberVisible();
  // A directory that was restricted belongs to one principal and one policy.
  const made = new WeakMap<ServerDirectory, MetaToolParts>();
  return (whole, principal) => {
    const parts = named(whole);
    const directory = visible(parts.directory, parts.policy, principal);
    if (directory === parts.directory) return parts;
    const known = made.get(directory);
    if (known) return known;
    const view = { ...parts, directory, index: visibleIndex(parts.index, directory) };
    made.set(directory, view);
    return view;
  };
}

/** Filters before any cut-off, so that what is hidden takes no place and counts nowhere. */
function visibleIndex(index: SearchOnly, directory: ServerDirectory): SearchOnly {
  return {
    search({ allow, ...request }) {
      const servers = new Map(directory.names().map((name) => [name, directory.get(name)]));
      const isVisible = ({ id, server }: { readonly id: string; readonly server: string }) =>
        servers.get(server)?.allows(splitToolId(id)?.tool ?? '') ?? false;
      const isAllowed = allow
        ? (document: Parameters<typeof allow>[0]) => allow(document) && isVisible(document)
        : isVisible;
      return index.search({ ...request, allow: isAllowed });
    },
  };
}

type SearchOnly = MetaToolParts['index'];
