/** Named byte strings in the catalog's database, for whoever must keep something durable without knowing SQLite. */
import type { Database } from './database.ts';

export interface Blobs {
  read(key: string): Uint8Array | undefined;
  write(key: string, bytes: Uint8Array): void;
  delete(key: string): void;
}

export function createBlobs(database: Database): Blobs {
  return {
    read(key) {
      const row = database.prepare('SELECT bytes FROM blobs WHERE key = ?').get(key) as
        | { bytes: Uint8Array }
        | undefined;
      return row?.bytes;
    },
    write(key, bytes) {
      database.prepare('INSERT OR REPLACE INTO blobs VALUES (?, ?)').run(key, bytes);
    },
    delete(key) {
      database.prepare('DELETE FROM blobs WHERE key = ?').run(key);
    },
  };
}
