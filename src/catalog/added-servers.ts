/** Servers that were added while running (`add_mcp_server` with a config), so that they are there after a restart too. */
import type { Database } from './database.ts';

export interface AddedServer {
  readonly server: string;
  /** As it was given. */
  readonly config: unknown;
  /** The admin who let it in; undefined where nobody had to. */
  readonly approvedBy: string | undefined;
}

export interface AddedServers {
  all(): AddedServer[];
  save(server: string, config: unknown, approvedBy?: string): void;
  /** False when there was none of that name. */
  remove(server: string): boolean;
}

export function createAddedServers(database: Database): AddedServers {
  return {
    all() {
      const rows = database.prepare('SELECT server, config, approved_by FROM added_servers ORDER BY server').all();
      return (rows as unknown as Row[]).map(({ server, config, approved_by }) => ({
        server,
        config: JSON.parse(config),
        approvedBy: approved_by ?? undefined,
      }));
    },
    save(server, config, approvedBy) {
      const columns = '(server, config, added_at, approved_by)';
      const insert = database.prepare(`INSERT OR REPLACE INTO added_servers ${columns} VALUES (?, ?, ?, ?)`);
      insert.run(server, JSON.stringify(config), Date.now(), approvedBy ?? null);
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
}
