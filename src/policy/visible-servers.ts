/** The servers as one principal sees them: what the policy hides is not among them. */
import type { KnownServer, ServerDirectory } from '../catalog/server-directory.ts';
import type { Policy } from './policy.ts';
import type { Principal } from './principal.ts';

/** The directory itself where nothing is hidden. For one call or request: what it has answered it answers again. */
export function visibleServers(directory: ServerDirectory, policy: Policy, principal: Principal): ServerDirectory {
  if (!policy.restricts(principal)) return directory;
  const seen = new Map<KnownServer, KnownServer>();
  return {
    names: () => directory.names().filter((name) => policy.seesServer(principal, name)),
    unconfigured: () => (directory.unconfigured?.() ?? []).filter(({ name }) => policy.seesServer(principal, name)),
    get(server) {
      const known = policy.seesServer(principal, server) ? directory.get(server) : undefined;
      if (!known) return undefined;
      const restricted = seen.get(known) ?? restrict(known, (tool) => policy.seesTool(principal, server, tool));
      seen.set(known, restricted);
      return restricted;
    },
  };
}

const restrict = (known: KnownServer, sees: (tool: string) => boolean): KnownServer => ({
  ...known,
  allows: (tool) => known.allows(tool) && sees(tool),
});
