/** One short phrase on whether a server can be used now, and how long it would take. */
import { missingNames, missingStatus } from '../catalog/needs-config.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { MetaToolParts } from './parts.ts';
import { cap } from './third-party-text.ts';

const REASON_CHARACTERS_MAX = 160;

/** `ready`, `asleep ~0.5 s`, `installing: ...`, `not added`, `needs configuration ...`, `failing: why`. */
export function serverStatus(
  { pool, discovery, catalog, directory }: Pick<MetaToolParts, 'pool' | 'discovery' | 'catalog' | 'directory'>,
  server: string,
): string {
  const known = directory.get(server);
  if (known?.missing) return reason(missingStatus(known));
  const state = pool.state(server);
  if (state.kind === 'ready' || state.kind === 'draining') return 'ready';
  if (state.kind === 'installing') return `installing: ${reason(state.message)}`;
  if (state.kind === 'starting') return 'starting';
  if (state.kind === 'backing-off' || state.kind === 'failed') return `failing: ${reason(state.reason)}`;
  const knowledge = discovery.knowledge(server);
  if (knowledge.kind === 'failed') return `failing: ${reason(knowledge.reason)}`;
  if (knowledge.kind !== 'indexed') return 'not added';
  return `asleep ${duration(pool.startCostMs(server) ?? catalog.listing(server)?.startMs ?? 0)}`;
}

/** How many of its tools can be used, as last listed; null where it never was. */
export function usableTools(
  { catalog, directory }: Pick<MetaToolParts, 'catalog' | 'directory'>,
  server: string,
): number | null {
  if (catalog.listing(server) === undefined) return null;
  const known = directory.get(server);
  return catalog.toolNames(server).filter((tool) => known?.allows(tool) ?? true).length;
}

/** For programs: the state by name, and the whole reason where something is wrong. */
export function serverState(
  { directory, discovery, pool }: Pick<MetaToolParts, 'directory' | 'discovery' | 'pool'>,
  server: string,
): { state: string; reason?: string; missing?: KnownServer['missing'] } {
  const missing = directory.get(server)?.missing;
  if (missing) return { state: 'needs-config', missing };
  const knowledge = discovery.knowledge(server);
  if (knowledge.kind === 'failed') return { state: 'failing', reason: knowledge.reason };
  const state = pool.state(server);
  if (knowledge.kind !== 'indexed') return { state: 'not-indexed' };
  if ('reason' in state) return { state: 'failing', reason: state.reason };
  return { state: state.kind === 'stopped' ? 'asleep' : state.kind };
}

/** `4 of 6 servers indexed`, with what keeps the others; undefined when there is nothing to say. */
export function indexingStatus({ directory, discovery }: MetaToolParts): string | undefined {
  const names = directory.names();
  const rest = names.flatMap((server) => {
    const known = directory.get(server);
    if (known?.missing) return [`${server} needs configuration: ${cap(missingNames(known), 60)}`];
    const knowledge = discovery.knowledge(server);
    if (knowledge.kind === 'indexed') return [];
    if (knowledge.kind === 'failed') return [`${server} failing: ${cap(brief(knowledge.reason, server), 60)}`];
    return [`${server} ${knowledge.kind === 'listing' ? cap(knowledge.message, 40) : 'waiting'}`];
  });
  if (rest.length === 0) return undefined;
  const shown = rest.slice(0, 4).join('; ');
  const more = rest.length > 4 ? `; and ${rest.length - 4} more` : '';
  return `${names.length - rest.length} of ${names.length} servers indexed (${shown}${more})`;
}

/** For a line that has room for little and names the server already. */
function brief(text: string, server: string): string {
  const [what = text] = text.split('\nhint: ');
  return what.startsWith(`${server}: `) ? what.slice(server.length + 2) : what;
}

const reason = (text: string) => cap(text, REASON_CHARACTERS_MAX);
const duration = (ms: number) => `~${Math.max(0.1, ms / 1000).toFixed(1)} s`;
