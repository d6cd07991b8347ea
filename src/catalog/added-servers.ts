/** Servers that were added while running (`add_mcp_server` with a config, or from the catalog), so that they are there after a restart too. */
import type { CatalogOrigin } from '../config/read-catalog-server.ts';
import type { Database } from './database.ts';

export interface AddedServer {
  readonly server: string;
  /** As it was given; of one from the catalog its server.json. */
  readonly config: unknown;
  readonly origin: CatalogOrigin | undefined;
  /** The admin who let it in; undefined where nobody had to. */
  readonly approvedBy: string | undefined;
}

export type SavedServer = Pick<AddedServer, 'server' | 'config'> & Partial<AddedServer>;

export interface AddedServers {
  all(): AddedServer[];
  /** Another text when others are there, by whatever process. */
  stamp(): string;
  save(added: SavedServer): void;
  /** False when there was none of that name. */
  remove(server: string): boolean;
}

export function createAddedServers(database: Database): AddedServers {
  return {
    all() {
      const rows = database
        .prepare('SELECT server, config, approved_by, origin FROM added_servers ORDER BY server')
        .all();
      return (rows as unknown as Row[]).map(({ server, config, approved_by, origin }) => ({
        server,
        config: JSON.parse(config),
        approvedBy: approved_by ?? undefined,
        origin: origin === null ? undefined : (JSON.parse(origin) as CatalogOrigin),
      }));
    },
    stamp() {
      const rows = database.prepare('SELECT server, added_at FROM added_servers ORDER BY server').all();
      return JSON.stringify(rows);
    },
    save({ server, config, approvedBy, origin }) {
      const columns = '(server, config, added_at, approved_by, origin)';
      const insert = database.prepare(`INSERT OR REPLACE INTO added_servers ${columns} VALUES (?, ?, ?, ?, ?)`);
      const from = origin === undefined ? null : JSON.stringify(origin);
      insert.run(server, JSON.stringify(config), Date.now(), approvedBy ?? null, from);
    },
    remove(server) {
      return Number(database.prepare('DELETE FROM added_servers WHERE server = ?').run(server).changes) > 0;
    },
  };
}

interface Row {
  readonly server: string;
  readonly config: string;
  readonly approved_by: string | null;
  readonly origin: string | null;
}
