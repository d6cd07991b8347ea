/** Servers that were added while running (`add_mcp_server` with a config), so that they are there after a restart too. */
import type { Database } from './database.ts';

export interface AddedServers {
  /** Name to the configuration as it was given. */
  all(): ReadonlyMap<string, unknown>;
  save(server: string, config: unknown): void;
  remove(server: string): void;
}

export function createAddedServers(database: Database): AddedServers {
  return {
    all() {
      const rows = database.prepare('SELECT server, config FROM added_servers ORDER BY server').all();
      return new Map((rows as { server: string; config: string }[]).map((row) => [row.server, JSON.parse(row.config)]));
    },
    save(server, config) {
      const insert = database.prepare('INSERT OR REPLACE INTO added_servers VALUES (?, ?, ?)');
      insert.run(server, JSON.stringify(config), Date.now());
    },
    remove(server) {
      database.prepare('DELETE FROM added_servers WHERE server = ?').run(server);
    },
  };
}
