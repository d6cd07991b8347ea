/** The one database of a data folder: what may be asked of it, and how its troubles are told. */
import { GatewayError } from '../errors.ts';
import { FollowedDatabase, type Reopened } from './followed-database.ts';
import { transacted } from './open-sqlite.ts';

export interface Statement {
  all(...parameters: SqlValue[]): unknown[];
  get(...parameters: SqlValue[]): unknown;
  run(...parameters: SqlValue[]): { readonly changes: number | bigint };
}

export type SqlValue = string | number | bigint | null | Uint8Array;

/** Statements throw DATA_DIR_UNUSABLE where the file cannot be read any more. */
export interface Database {
  readonly file: string;
  readonly isOpen: boolean;
  /** Costs nothing when it was prepared before, and stays valid when the file is another. */
  prepare(sql: string): Statement;
  exec(sql: string): void;
  /** Another number after others have written, or when the file is another. */
  dataVersion(): number;
  close(): void;
}

export interface OpenedDatabase {
  readonly database: Database;
  /** Where an unreadable file was moved to, if there was one. */
  readonly setAside: string | undefined;
}

/** `onReopened` is told, in a turn of its own, when the file was another under us. Throws DATA_DIR_UNUSABLE when the folder cannot be written or a newer Tooldex wrote the file. */
export function openDatabase(file: string, onReopened?: (reopened: Reopened) => void): OpenedDatabase {
  const database = new FollowedDatabase(file, onReopened);
  return { database, setAside: database.setAside };
}

/** All of the work or none of it; nothing of another process comes between. Throws DATA_DIR_UNUSABLE as `writing` does. */
export const inTransaction = <Result>(database: Database, work: () => Result): Result =>
  writing(database, () => transacted(database, work));

/** For whatever writes: throws DATA_DIR_UNUSABLE, with the remedy, when the disk is full or takes nothing. */
export function writing<Result>(database: Database, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const isOther = error instanceof GatewayError || !(error instanceof Error) || !UNWRITABLE.test(error.message);
    if (isOther) throw error;
    throw new GatewayError('DATA_DIR_UNUSABLE', `cannot write to the catalog ${database.file}: ${error.message}`, {
      hint: 'free space on its disk, or make the folder writable; meanwhile what is known already can be used',
      cause: error,
    });
  }
}

/** SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR and SQLITE_CANTOPEN, as SQLite words them. */
const UNWRITABLE = /database or disk is full|readonly database|disk I\/O error|unable to open database file/;
