/** The one SQLite file of a data folder: opened, migrated, and set aside (never wiped) when it cannot be read. */
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { GatewayError } from '../errors.ts';

export type Database = InstanceType<typeof DatabaseSync>;
export type Statement = ReturnType<Database['prepare']>;

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

export interface OpenedDatabase {
  readonly database: Database;
  /** Where an unreadable file was moved to, if there was one. */
  readonly setAside: string | undefined;
}

/** Throws DATA_DIR_UNUSABLE when the folder cannot be written or a newer Tooldex wrote the file. */
export function openDatabase(file: string): OpenedDatabase {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return { database: openAndMigrate(file), setAside: undefined };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (isCorrupt(error)) return reopenBeside(file);
    throw unusable(file, error);
  }
}

/** All of the work or none of it; nothing of another process comes between. Throws DATA_DIR_UNUSABLE as `writing` does. */
export function inTransaction<Result>(database: Database, work: () => Result): Result {
  return writing(database, () => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      rollBack(database);
      throw error;
    }
  });
}

/** For whatever writes: throws DATA_DIR_UNUSABLE, with the remedy, when the disk is full or takes nothing. */
export function writing<Result>(database: Database, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const isOther = error instanceof GatewayError || !(error instanceof Error) || !UNWRITABLE.test(error.message);
    if (isOther) throw error;
    throw new GatewayError('DATA_DIR_UNUSABLE', `cannot write to the catalog ${fileOf(database)}: ${error.message}`, {
      hint: 'free space on its disk, or make the folder writable; meanwhile what is known already can be used',
      cause: error,
    });
  }
}

/** SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR and SQLITE_CANTOPEN, as SQLite words them. */
const UNWRITABLE = /database or disk is full|readonly database|disk I\/O error|unable to open database file/;

/** A disk that is full makes SQLite roll back by itself, and then there is nothing left to do. */
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // What went wrong before is what counts.
  }
}

function fileOf(database: Database): string {
  const row = database.prepare('PRAGMA database_list').get() as { file?: string } | undefined;
  return row?.file ?? '';
}

function openAndMigrate(file: string): Database {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database, file: string): void {
  if (schemaVersion(database) === SCHEMA_VERSION) return;
  inTransaction(database, () => {
    const version = schemaVersion(database);
    if (version > SCHEMA_VERSION) throw writtenByNewer(file, version);
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function schemaVersion(database: Database): number {
  const row = database.prepare('PRAGMA user_version').get() as { user_version?: number } | undefined;
  return row?.user_version ?? 0;
}

function reopenBeside(file: string): OpenedDatabase {
  const setAside = `${file}.unreadable-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  try {
    renameSync(file, setAside);
    return { database: openAndMigrate(file), setAside };
  } catch (error) {
    throw unusable(file, error);
  }
}

function isCorrupt(error: unknown): boolean {
  return error instanceof Error && /not a database|malformed|SQLITE_(NOTADB|CORRUPT)/i.test(error.message);
}

function unusable(file: string, cause: unknown): GatewayError {
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
