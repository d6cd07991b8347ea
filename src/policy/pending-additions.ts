/** What callers ask to be added and an admin decides: who may ask for what, and what becomes of it. */
import { type PendingServer, type PendingServers, pendingId } from '../catalog/pending-servers.ts';
import { GatewayError } from '../errors.ts';
import { nearest } from '../stdx/nearest.ts';
import type { Principal } from './principal.ts';

/** `joined`: it waited already, because somebody else (or the same) asked for it. `replaced`: by the same caller's other config. */
export type Asked = 'asked' | 'joined' | 'replaced';

export interface PendingAdditions {
  /** Throws NOT_ALLOWED for a name that others wait for with another config, for too many, and for what was rejected. */
  ask(principal: Principal, server: string, config: unknown): Asked;
  /** How a request of this principal's stands; undefined for those of others. */
  standing(principal: Principal, server: string): PendingServer | undefined;
  /** Those that wait, the oldest first. */
  waiting(): PendingServer[];
  /** Throws SERVER_UNKNOWN when nothing of that name waits, and USAGE when it is not what the admin looked at, by its `id`. */
  require(server: string, id?: string): PendingServer;
  /** Takes it out of those that wait, in one with what `keep` writes. Throws what `require` does. */
  approve(server: string, id: string, keep: (request: PendingServer) => void): void;
  /** Throws SERVER_UNKNOWN. */
  reject(server: string, reason: string | undefined): PendingServer;
}

const OF_PRINCIPAL_MAX = 5;
const WAITING_MAX = 200;
const CONFIG_CHARACTERS_MAX = 32_000;

/** `now` in milliseconds since 1970. */
export function createPendingAdditions(pending: PendingServers, now: () => number): PendingAdditions {
  const waiting = () => pending.all().filter(({ rejected }) => rejected === undefined);
  const find = (server: string) => {
    const found = pending.get(server);
    if (found && found.rejected === undefined) return found;
    throw nothingWaits(server, waiting());
  };
  const require = (server: string, id?: string) => {
    const found = find(server);
    requireLookedAt(found, id);
    return found;
  };
  return {
    ask(principal, server, config) {
      refuseLong(server, config);
      return pending.atomically(() => {
        const earlier = pending.get(server);
        const asked = howAsked(principal, server, { earlier, id: pendingId(config) });
        if (asked === 'joined' && earlier) {
          const askedBy = [...new Set([...earlier.askedBy, principal.id])];
          if (askedBy.length <= ASKERS_KEPT) pending.put({ ...earlier, askedBy });
          return asked;
        }
        if (asked === 'asked') refuseMany(principal, waiting());
        const isReplaced = asked === 'replaced';
        pending.put({ server, config, askedBy: [principal.id], askedAt: now(), isReplaced, rejected: undefined });
        return asked;
      });
    },
    standing(principal, server) {
      const found = pending.get(server);
      return found?.askedBy.includes(principal.id) ? found : undefined;
    },
    waiting,
    require,
    approve: (server, id, keep) =>
      pending.atomically(() => {
        keep(require(server, id));
        pending.remove(server);
      }),
    reject: (server, reason) =>
      pending.atomically(() => {
        const found = { ...find(server), rejected: { at: now(), reason } };
        pending.put(found);
        return found;
      }),
  };
}

const ASKERS_KEPT = 50;

interface Earlier {
  readonly earlier: PendingServer | undefined;
  readonly id: string;
}

function howAsked(principal: Principal, server: string, { earlier, id }: Earlier): Asked {
  if (earlier === undefined) return 'asked';
  if (earlier.rejected) {
    if (earlier.id === id) throw turnedDown(earlier);
    return 'asked';
  }
  if (earlier.id === id) return 'joined';
  const isOwn = earlier.askedBy.length === 1 && earlier.askedBy[0] === principal.id;
  if (isOwn) return 'replaced';
  throw new GatewayError('NOT_ALLOWED', `"${server}" was not added: another server of that name waits for an admin`, {
    hint: 'choose another name',
  });
}

export function turnedDown({ server, rejected }: PendingServer): GatewayError {
  const why = rejected?.reason === undefined ? '' : `: ${rejected.reason}`;
  return new GatewayError('NOT_ALLOWED', `"${server}" was not added: an admin has turned it down${why}`, {
    hint: 'use what search_mcp_server finds, or ask the admin',
  });
}

function refuseMany({ id }: Principal, waiting: readonly PendingServer[]): void {
  const own = waiting.filter(({ askedBy }) => askedBy[0] === id).map(({ server }) => server);
  if (own.length < OF_PRINCIPAL_MAX && waiting.length < WAITING_MAX) return;
  const many = own.length < OF_PRINCIPAL_MAX ? 'too many servers' : `${own.length} of yours (${own.join(', ')})`;
  throw new GatewayError('NOT_ALLOWED', `nothing was asked: ${many} wait for an admin already`, {
    hint: 'wait until an admin has decided on them',
  });
}

function refuseLong(server: string, config: unknown): void {
  if (JSON.stringify(config).length <= CONFIG_CHARACTERS_MAX) return;
  throw new GatewayError('ARGUMENTS_INVALID', `the config of "${server}" is too long for anybody to read`, {
    hint: `give one of at most ${CONFIG_CHARACTERS_MAX} characters`,
  });
}

/** What was put in the place of something else may have been put there after the admin looked. */
function requireLookedAt({ server, id, isReplaced }: PendingServer, lookedAt: string | undefined): void {
  if (lookedAt === id || (lookedAt === undefined && !isReplaced)) return;
  throw new GatewayError('USAGE', `what waits as "${server}" was changed since it was first asked for`, {
    hint: `look at it with "tooldex pending", then "tooldex approve ${server} --id ${id}"`,
  });
}

function nothingWaits(server: string, waiting: readonly PendingServer[]): GatewayError {
  const names = waiting.map((each) => each.server);
  const near = nearest(server, names);
  const others = names.length > 0 ? `what waits: ${names.slice(0, 20).join(', ')}` : 'no server waits';
  return new GatewayError('SERVER_UNKNOWN', `no server "${server}" waits for an admin`, {
    hint: near.length > 0 ? `did you mean ${near.join(', ')}?` : others,
  });
}
