/** Opens the SQLite file of a data folder: made, migrated, and set aside (never wiped) when it cannot be read. */
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { GatewayError } from '../errors.ts';

export type Sqlite = InstanceType<typeof DatabaseSync>;
export type SqliteStatement = ReturnType<Sqlite['prepare']>;

/** Bump it together with a new entry of MIGRATIONS. */
const SCHEMA_VERSION = 5;

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE listings (
     server TEXT PRIMARY KEY, config_hash TEXT NOT NULL, fingerprint TEXT NOT NULL, tool_count INTEGER NOT NULL,
     listed_at INTEGER NOT NULL, start_ms REAL NOT NULL, protocol_version TEXT NOT NULL, server_info TEXT NOT NULL,
     capabilities TEXT NOT NULL, instructions TEXT
   ) STRICT;
   CREATE TABLE failures (
     server TEXT PRIMARY KEY, config_hash TEXT NOT NULL, reason TEXT NOT NULL, failed_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE tools (
     server TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, hash TEXT NOT NULL, definition TEXT NOT NULL,
     PRIMARY KEY (server, name)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX tools_by_name ON tools (name);
   CREATE TABLE blobs (key TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
   CREATE TABLE added_servers (server TEXT PRIMARY KEY, config TEXT NOT NULL, added_at INTEGER NOT NULL) STRICT;`,
  `CREATE TABLE api_keys (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, groups TEXT NOT NULL, hash BLOB NOT NULL, created_at INTEGER NOT NULL,
     expires_at INTEGER, revoked_at INTEGER, used_at INTEGER
   ) STRICT;`,
  `CREATE TABLE withheld_tools (
     server TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, hash TEXT NOT NULL, definition TEXT NOT NULL,
     approved TEXT, noticed_at INTEGER NOT NULL, PRIMARY KEY (server, name)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE pending_servers (
     server TEXT PRIMARY KEY, config TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at INTEGER NOT NULL,
     replaced INTEGER NOT NULL, rejected_at INTEGER, reason TEXT
   ) STRICT;
   ALTER TABLE added_servers ADD COLUMN approved_by TEXT;`,
  'ALTER TABLE added_servers ADD COLUMN origin TEXT;',
];

export interface OpenedSqlite {
  readonly sqlite: Sqlite;
  /** Where an unreadable file was moved to, if there was one. */
  readonly setAside: string | undefined;
}

/** Throws DATA_DIR_UNUSABLE when the folder cannot be written or a newer Tooldex wrote the file. */
export function openSqlite(file: string): OpenedSqlite {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return { sqlite: openAndMigrate(file), setAside: undefined };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (isCorrupt(error)) return reopenBeside(file);
    throw unusable(file, error);
  }
}

/** SQLITE_NOTADB and SQLITE_CORRUPT: the file, or a part of it, is not what SQLite wrote. */
export function isCorrupt(error: unknown): boolean {
  return error instanceof Error && /not a database|malformed|SQLITE_(NOTADB|CORRUPT)/i.test(error.message);
}

/** All of the work or none of it; nothing of another process comes between. */
export function transacted<Result>(sqlite: Pick<Sqlite, 'exec'>, work: () => Result): Result {
  sqlite.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    sqlite.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(sqlite);
    throw error;
  }
}

/** A disk that is full makes SQLite roll back by itself, and then there is nothing left to do. */
function rollBack(sqlite: Pick<Sqlite, 'exec'>): void {
  try {
    sqlite.exec('ROLLBACK');
  } catch {
    // What went wrong before is what counts.
  }
}

function openAndMigrate(file: string): Sqlite {
  const sqlite = new DatabaseSync(file);
  try {
    sqlite.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(sqlite, file);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function migrate(sqlite: Sqlite, file: string): void {
  if (schemaVersion(sqlite) === SCHEMA_VERSION) return;
  transacted(sqlite, () => {
    const version = schemaVersion(sqlite);
    if (version > SCHEMA_VERSION) throw writtenByNewer(file, version);
    for (const migration of MIGRATIONS.slice(version)) sqlite.exec(migration);
    sqlite.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function schemaVersion(sqlite: Sqlite): number {
  const row = sqlite.prepare('PRAGMA user_version').get() as { user_version?: number } | undefined;
  return row?.user_version ?? 0;
}

function reopenBeside(file: string): OpenedSqlite {
  const setAside = `${file}.unreadable-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  try {
    renameSync(file, setAside);
    return { sqlite: openAndMigrate(file), setAside };
  } catch (error) {
    throw unusable(file, error);
  }
}

/** What kept a database from being opened, with the remedy. */
export function unusable(file: string, cause: unknown): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const isBlocked = code === 'EEXIST' || code === 'ENOTDIR';
  const reason = isBlocked
    ? 'a file is in the place of its folder'
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return new GatewayError('DATA_DIR_UNUSABLE', `cannot open the catalog ${file}: ${reason}`, {
    hint: 'free space on its disk or make the folder writable, or choose another one with --data-dir',
    cause,
  });
}

function writtenByNewer(file: string, version: number): GatewayError {
  return new GatewayError(
    'DATA_DIR_UNUSABLE',
    `the catalog ${file} has schema version ${version}, this Tooldex knows up to ${SCHEMA_VERSION}`,
    { hint: 'run the newer Tooldex that wrote it, or choose another folder with --data-dir' },
  );
}
