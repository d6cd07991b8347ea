/** The parts with tools under the names that agents see: other parts know nothing of it, and ask these as they would ask the whole. */
import type { Catalog, StoredTool } from '../catalog/catalog.ts';
import type { KnownServer, ServerDirectory } from '../catalog/server-directory.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { splitToolId, toolId } from '../catalog/tool-id.ts';
import type { ToolNames } from '../catalog/tool-names.ts';
import { GatewayError } from '../errors.ts';
import type { Policy } from '../policy/policy.ts';
import type { MetaToolParts } from './parts.ts';

/** What is shown, and as what. Tools go by their own names. */
export interface Showing {
  hasServer(server: string): boolean;
  /** `definition` is asked only where it matters, undefined for a tool that nobody has listed. */
  hasTool(server: string, own: string, definition: () => ToolDefinition | undefined): boolean;
  names(server: KnownServer): ToolNames | undefined;
}

const EVERYTHING: Showing = { hasServer: () => true, hasTool: () => true, names: (known) => known.names };

/** Names of tools are those that are shown throughout; `KnownServer.shows` leads back at the upstream. */
export function shownView(parts: MetaToolParts, showing: Showing): MetaToolParts {
  const { directory, catalog, index, policy } = parts;
  const names = namesIn(directory, showing);
  return {
    ...parts,
    directory: shownServers(parts, showing),
    catalog: shownCatalog(catalog, names),
    index: shownIndex({ directory, catalog, index }, showing),
    policy: policyByOwnNames(policy, names),
  };
}

/** All servers, with the names that their entries give to tools; the parts themselves where none does. */
export function namedParts(parts: MetaToolParts): MetaToolParts {
  return parts.directory.hasNames ? shownView(parts, EVERYTHING) : parts;
}

/** `namedParts`, made once for each policy, which is another when the configuration is; parts have it behind a getter. */
export function rememberNamed(): typeof namedParts {
  let last: { readonly parts: MetaToolParts; readonly policy: Policy; readonly named: MetaToolParts } | undefined;
  return (parts) => {
    if (!parts.directory.hasNames) return parts;
    const { policy } = parts;
    if (last?.parts === parts && last.policy === policy) return last.named;
    const named = namedParts(parts);
    last = { parts, policy, named };
    return named;
  };
}

type NamesOf = (server: string) => ToolNames | undefined;

function namesIn(directory: ServerDirectory, showing: Showing): NamesOf {
  return (server) => {
    const known = directory.get(server);
    return known && showing.names(known);
  };
}

function shownServers({ directory, catalog }: MetaToolParts, showing: Showing): ServerDirectory {
  const show = (known: KnownServer): KnownServer => {
    const { names: _, ...rest } = known;
    const { name } = known;
    const shows = showing.names(known);
    const isThere = (own: string) =>
      known.allows(own) && showing.hasTool(name, own, () => catalog.tool(name, own)?.definition);
    if (!shows) return { ...rest, allows: isThere };
    const allows = (shown: string) => {
      const own = shows.own(shown);
      return own !== undefined && isThere(own);
    };
    return { ...rest, allows, shows };
  };
  const made = new WeakMap<KnownServer, KnownServer>();
  return {
    names: () => directory.names().filter((name) => showing.hasServer(name)),
    unconfigured: () => directory.unconfigured().filter(({ name }) => showing.hasServer(name)),
    get(server) {
      const known = showing.hasServer(server) ? directory.get(server) : undefined;
      if (!known) return undefined;
      const shown = made.get(known) ?? show(known);
      made.set(known, shown);
      return shown;
    },
  };
}

function shownCatalog(catalog: Catalog, namesOf: NamesOf): Catalog {
  const show = (tool: StoredTool): StoredTool | undefined => {
    const { server, name, hash } = tool;
    const names = namesOf(server);
    if (!names) return tool;
    const definition = names.show(tool.definition);
    if (!definition) return undefined;
    const isAsItIs = definition.name === name && definition.description === tool.definition.description;
    if (isAsItIs) return tool;
    return { server, name: definition.name, hash: `${hash} ${definition.name} ${definition.description}`, definition };
  };
  return {
    listings: () => catalog.listings(),
    listing: (server) => catalog.listing(server),
    failure: (server) => catalog.failure(server),
    tools: (server) => catalog.tools(server).flatMap((tool) => show(tool) ?? []),
    tool(server, name) {
      const own = ownOf(namesOf(server), name);
      const tool = own === undefined ? undefined : catalog.tool(server, own);
      return tool && show(tool);
    },
    toolNames(server) {
      const names = namesOf(server);
      const own = catalog.toolNames(server);
      if (!names) return own;
      return own.filter(names.reaches).map(names.shown);
    },
    serversWithTool(name) {
      const own = catalog.serversWithTool(name).filter((server) => ownOf(namesOf(server), name) === name);
      const renamed = catalog.listings().flatMap(({ server }) => {
        const from = ownOf(namesOf(server), name);
        return from !== undefined && from !== name && catalog.tool(server, from) ? [server] : [];
      });
      return [...new Set([...own, ...renamed])];
    },
    generation: () => catalog.generation(),
    version: () => catalog.version(),
    ...READ_ONLY,
  };
}

/** Undefined when no tool can have this name. */
function ownOf(names: ToolNames | undefined, shown: string): string | undefined {
  return names ? names.own(shown) : shown;
}

const refuse = () => {
  throw new GatewayError('INTERNAL', 'a view only reads the catalog');
};
const READ_ONLY = { replace: refuse, recordFailure: refuse, forget: refuse, close: refuse } as const;

/** Filters before any cut-off, by the servers' own names; hits come back under those that are shown. */
function shownIndex(
  { index, directory, catalog }: Pick<MetaToolParts, 'index' | 'directory' | 'catalog'>,
  showing: Showing,
): MetaToolParts['index'] {
  const namesOf = namesIn(directory, showing);
  const isThere = (server: string, own: string) =>
    (directory.get(server)?.allows(own) ?? false) &&
    (namesOf(server)?.reaches(own) ?? true) &&
    showing.hasTool(server, own, () => catalog.tool(server, own)?.definition);
  const shownId = (id: string) => {
    const split = splitToolId(id);
    const names = split && namesOf(split.server);
    return split && names ? toolId(split.server, names.shown(split.tool)) : id;
  };
  return {
    async search({ allow, ...request }) {
      const servers = new Set(directory.names().filter((name) => showing.hasServer(name)));
      const answer = await index.search({
        ...request,
        allow: ({ id, server }) =>
          servers.has(server) &&
          isThere(server, splitToolId(id)?.tool ?? '') &&
          (allow?.({ id: shownId(id), server }) ?? true),
      });
      return { ...answer, hits: answer.hits.map((hit) => ({ ...hit, id: shownId(hit.id) })) };
    },
  };
}

/** Rules of access are written with the servers' own names, and no other name gets round them. */
function policyByOwnNames(policy: Policy, namesOf: NamesOf): Policy {
  return {
    ...policy,
    seesTool: (principal, server, shown) => {
      const own = ownOf(namesOf(server), shown);
      return own !== undefined && policy.seesTool(principal, server, own);
    },
  };
}
