/** The parts as a profile shows them: other parts know nothing of it, and ask these as they would ask the whole. */
import type { Catalog, StoredTool } from '../catalog/catalog.ts';
import type { KnownServer, ServerDirectory } from '../catalog/server-directory.ts';
import { splitToolId, toolId } from '../catalog/tool-id.ts';
import { GatewayError } from '../errors.ts';
import type { Brought } from '../policy/additions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Principal } from '../policy/principal.ts';
import type { ProfileRule } from '../policy/profile-rule.ts';
import type { MetaToolParts } from './parts.ts';

/** Names of tools are those of the profile throughout; `KnownServer.ownName` leads back at the upstream. */
export function profileView(parts: MetaToolParts, rule: ProfileRule): MetaToolParts {
  const directory = chosenServers(parts, rule);
  return {
    ...parts,
    directory,
    catalog: shownCatalog(parts.catalog, rule),
    index: chosenIndex(parts, rule),
    policy: policyByOwnNames(parts.policy, rule),
    additions: { ...parts.additions, add: refuseAddition, ask: refuseAddition, standing: () => undefined },
  };
}

const refuseAddition = async (_: Principal, { server }: Brought): Promise<never> => {
  throw new GatewayError('NOT_ALLOWED', `"${server}" was not added: the profile has the servers that it was given`, {
    hint: 'ask the admin, who puts servers into a profile',
  });
};

function chosenServers({ directory, catalog }: MetaToolParts, rule: ProfileRule): ServerDirectory {
  const choose = (known: KnownServer): KnownServer => {
    const { name } = known;
    return {
      ...known,
      allows: (shown) => {
        const own = rule.ownName(name, shown);
        return (
          own !== undefined && known.allows(own) && rule.hasTool(name, own, () => catalog.tool(name, own)?.definition)
        );
      },
      ownName: (shown) => rule.ownName(name, shown) ?? shown,
    };
  };
  const chosen = new WeakMap<KnownServer, KnownServer>();
  return {
    names: () => directory.names().filter((name) => rule.hasServer(name)),
    get(server) {
      const known = rule.hasServer(server) ? directory.get(server) : undefined;
      if (!known) return undefined;
      const shown = chosen.get(known) ?? choose(known);
      chosen.set(known, shown);
      return shown;
    },
  };
}

function shownCatalog(catalog: Catalog, rule: ProfileRule): Catalog {
  const show = ({ server, name, hash, definition }: StoredTool): StoredTool => {
    const shown = rule.shownName(server, name);
    const description = rule.description(server, name);
    if (shown === name && description === undefined) return { server, name, hash, definition };
    const said = { ...definition, name: shown, ...(description === undefined ? {} : { description }) };
    return { server, name: shown, hash: `${hash} ${shown} ${description ?? ''}`, definition: said };
  };
  /** A tool whose name another one was given is not to be had by it. */
  const isReachable = (server: string, own: string) => rule.ownName(server, rule.shownName(server, own)) === own;
  return {
    listings: () => catalog.listings(),
    listing: (server) => catalog.listing(server),
    failure: (server) => catalog.failure(server),
    tools: (server) =>
      catalog
        .tools(server)
        .filter(({ name }) => isReachable(server, name))
        .map(show),
    tool(server, name) {
      const own = rule.ownName(server, name);
      const tool = own === undefined ? undefined : catalog.tool(server, own);
      return tool && show(tool);
    },
    toolNames: (server) =>
      catalog
        .toolNames(server)
        .filter((own) => isReachable(server, own))
        .map((own) => rule.shownName(server, own)),
    serversWithTool(name) {
      const own = catalog.serversWithTool(name).filter((server) => rule.ownName(server, name) === name);
      const renamed = catalog.listings().flatMap(({ server }) => {
        const from = rule.ownName(server, name);
        return from !== undefined && from !== name && catalog.tool(server, from) ? [server] : [];
      });
      return [...new Set([...own, ...renamed])];
    },
    generation: () => catalog.generation(),
    ...READ_ONLY,
  };
}

const refuse = () => {
  throw new GatewayError('INTERNAL', 'a profile only reads the catalog');
};
const READ_ONLY = { replace: refuse, recordFailure: refuse, forget: refuse, close: refuse } as const;

/** Filters before any cut-off, by the servers' own names; hits come back under the profile's. */
function chosenIndex({ index, directory, catalog }: MetaToolParts, rule: ProfileRule): MetaToolParts['index'] {
  const isChosen = (server: string, own: string) =>
    (directory.get(server)?.allows(own) ?? false) &&
    rule.hasTool(server, own, () => catalog.tool(server, own)?.definition);
  const shownId = (id: string) => {
    const split = splitToolId(id);
    return split ? toolId(split.server, rule.shownName(split.server, split.tool)) : id;
  };
  return {
    async search({ allow, ...request }) {
      const servers = new Set(directory.names().filter((name) => rule.hasServer(name)));
      const answer = await index.search({
        ...request,
        allow: ({ id, server }) =>
          servers.has(server) &&
          isChosen(server, splitToolId(id)?.tool ?? '') &&
          (allow?.({ id: shownId(id), server }) ?? true),
      });
      return { ...answer, hits: answer.hits.map((hit) => ({ ...hit, id: shownId(hit.id) })) };
    },
  };
}

/** Rules of access are written with the servers' own names, and no profile gets round them. */
function policyByOwnNames(policy: Policy, rule: ProfileRule): Policy {
  return {
    ...policy,
    seesTool: (principal, server, shown) => {
      const own = rule.ownName(server, shown);
      return own !== undefined && policy.seesTool(principal, server, own);
    },
  };
}
