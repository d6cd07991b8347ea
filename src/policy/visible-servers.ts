/** The servers as one principal sees them: what the policy hides is not among them. */
import type { KnownServer, ServerDirectory } from '../catalog/server-directory.ts';
import type { Policy } from './policy.ts';
import type { Principal } from './principal.ts';

/** The directory itself where nothing is hidden. What the policy says of a server and a tool it is asked once. */
export function visibleServers(directory: ServerDirectory, policy: Policy, principal: Principal): ServerDirectory {
  if (!policy.restricts(principal)) return directory;
  // By what the directory itself knows, which is another object when the configuration is another.
  const seen = new WeakMap<KnownServer, Seen>();
  const look = (known: KnownServer): Seen => {
    const { name } = known;
    const sees = (tool: string) => policy.seesTool(principal, name, tool);
    const one = { server: policy.seesServer(principal, name) ? restrict(known, sees) : undefined };
    seen.set(known, one);
    return one;
  };
  return {
    names: () => directory.names().filter((name) => policy.seesServer(principal, name)),
    unconfigured: () => directory.unconfigured().filter(({ name }) => policy.seesServer(principal, name)),
    get(server) {
      const known = directory.get(server);
      return known && (seen.get(known) ?? look(known)).server;
    },
  };
}

/** `visibleServers`, made once for as long as directory and policy are the same: a call asks for it several times. */
export function rememberVisible(): typeof visibleServers {
  const made = new WeakMap<Principal, Made>();
  return (directory, policy, principal) => {
    const last = made.get(principal);
    if (last && last.directory === directory && last.policy === policy) return last.visible;
    const visible = visibleServers(directory, policy, principal);
    made.set(principal, { directory, policy, visible });
    return visible;
  };
}

interface Made {
  readonly directory: ServerDirectory;
  readonly policy: Policy;
  readonly visible: ServerDirectory;
}

interface Seen {
  /** Undefined when it may not be seen. */
  readonly server: KnownServer | undefined;
}

function restrict(known: KnownServer, asked: (tool: string) => boolean): KnownServer {
  const answers = new Map<string, boolean>();
  const sees = (tool: string) => {
    const answered = answers.get(tool);
    if (answered !== undefined) return answered;
    const answer = asked(tool);
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(tool, answer);
    return answer;
  };
  return { ...known, allows: (tool) => known.allows(tool) && sees(tool) };
}

/** Callers may ask for tools that there are not. */
const ANSWERS_MAX = 1_000;
