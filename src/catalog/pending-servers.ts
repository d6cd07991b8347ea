/** Servers that callers asked for and that an admin has not let in: those that wait, and those that were turned down. */
import { type Database, inTransaction } from './database.ts';
import { fingerprint } from './fingerprint.ts';

export interface PendingServer {
  readonly server: string;
  /** As it was given, secrets and all. */
  readonly config: unknown;
  /** Changes with the config. */
  readonly id: string;
  /** Principals, in the order in which they asked. */
  readonly askedBy: readonly string[];
  /** The first of them; milliseconds since 1970. */
  readonly askedAt: number;
  /** Whether the same principal asked for something else under this name before. */
  readonly isReplaced: boolean;
  /** Undefined while it waits. */
  readonly rejected: { readonly at: number; readonly reason: string | undefined } | undefined;
}

export interface PendingServers {
  /** Rejected ones too, the oldest first. */
  all(): PendingServer[];
  get(server: string): PendingServer | undefined;
  put(pending: Omit<PendingServer, 'id'>): void;
  remove(server: string): void;
  /** Nothing of another process comes between the reads and writes of `work`. */
  atomically<Result>(work: () => Result): Result;
}

/** Turned-down requests are remembered so that they are not asked again and again; only the last of them. */
const REJECTED_KEPT = 200;

export const pendingId = (config: unknown): string => fingerprint(config).slice(0, 8);

export function createPendingServers(database: Database): PendingServers {
  const rows = (where: string, ...values: string[]) =>
    database.prepare(`SELECT * FROM pending_servers ${where}`).all(...values) as unknown as Row[];
  return {
    all: () => rows('ORDER BY asked_at, server').map(toPending),
    get: (server) => rows('WHERE server = ?', server).map(toPending)[0],
    put({ server, config, askedBy, askedAt, isReplaced, rejected }) {
      const insert = database.prepare('INSERT OR REPLACE INTO pending_servers VALUES (?, ?, ?, ?, ?, ?, ?)');
      const decided = [rejected?.at ?? null, rejected?.reason ?? null] as const;
      insert.run(server, JSON.stringify(config), JSON.stringify(askedBy), askedAt, Number(isReplaced), ...decided);
      if (rejected) database.prepare(FORGET_OLDEST).run(REJECTED_KEPT);
    },
    remove: (server) => void database.prepare('DELETE FROM pending_servers WHERE server = ?').run(server),
    atomically: (work) => inTransaction(database, work),
  };
}

const FORGET_OLDEST = `DELETE FROM pending_servers WHERE server IN (
  SELECT server FROM pending_servers WHERE rejected_at IS NOT NULL ORDER BY rejected_at DESC LIMIT -1 OFFSET ?)`;

interface Row {
  readonly server: string;
  readonly config: string;
  readonly asked_by: string;
  readonly asked_at: number;
  readonly replaced: number;
  readonly rejected_at: number | null;
  readonly reason: string | null;
}

function toPending({ server, config: text, asked_by, asked_at, replaced, rejected_at, reason }: Row): PendingServer {
  const config: unknown = JSON.parse(text);
  return {
    server,
    config,
    id: pendingId(config),
    askedBy: JSON.parse(asked_by) as string[],
    askedAt: asked_at,
    isReplaced: replaced !== 0,
    rejected: rejected_at === null ? undefined : { at: rejected_at, reason: reason ?? undefined },
  };
}
