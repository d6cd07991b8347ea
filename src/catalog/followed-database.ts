/** Keeps to the path of a database, as a restart would: who deletes, replaces or spoils the file under us is noticed, and what is there then is used. */
import { rmSync, statSync } from 'node:fs';
import { GatewayError } from '../errors.ts';
import type { Database, Statement } from './database.ts';
import { isCorrupt, openSqlite, type Sqlite, type SqliteStatement, unusable } from './open-sqlite.ts';

export interface Reopened {
  readonly why: 'replaced' | 'damaged';
  /** Where an unreadable file was moved to, if there was one. */
  readonly setAside: string | undefined;
}

/** A look costs microseconds; what is another at two looks is no half-finished replacement. */
const LOOK_EVERY_MS = 1_000;
/** What is damaged in part is so again after it was opened; whoever asks for the rest must not wait for that each time. */
const MEND_EVERY_MS = 60_000;

export class FollowedDatabase implements Database {
  readonly file: string;
  /** At the first opening. */
  readonly setAside: string | undefined;
  readonly #onReopened: ((reopened: Reopened) => void) | undefined;
  readonly #statements = new Map<string, SqliteStatement>();
  #sqlite: Sqlite;
  #marks: ReadonlyMap<string, string>;
  #strange: string | undefined;
  #isClosed = false;
  /** Why it could not be opened again. */
  #failure: unknown;
  #times = 0;
  #lookedAtMs = performance.now();
  #mendedAtMs = Number.NEGATIVE_INFINITY;

  /** Throws as `openSqlite` does. */
  constructor(file: string, onReopened?: (reopened: Reopened) => void) {
    const { sqlite, setAside } = openSqlite(file);
    this.file = file;
    this.setAside = setAside;
    this.#onReopened = onReopened;
    this.#sqlite = sqlite;
    this.#marks = marksOf(file);
  }

  get isOpen(): boolean {
    return this.#sqlite.isOpen;
  }

  prepare(sql: string): Statement {
    return {
      all: (...parameters) => this.#ask(sql, (statement) => statement.all(...parameters)),
      get: (...parameters) => this.#ask(sql, (statement) => statement.get(...parameters)),
      run: (...parameters) => this.#guarded(() => this.#statement(sql).run(...parameters), isDamage),
    };
  }

  exec(sql: string): void {
    this.#guarded(() => this.#sqlite.exec(sql), isDamage);
  }

  dataVersion(): number {
    const row = this.#ask('PRAGMA data_version', (statement) => statement.get()) as { data_version?: number };
    return (row.data_version ?? 0) + this.#times * 2 ** 32;
  }

  close(): void {
    this.#isClosed = true;
    this.#statements.clear();
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  #ask<Result>(sql: string, work: (statement: SqliteStatement) => Result): Result {
    return this.#guarded(() => work(this.#statement(sql)), isUnreadable);
  }

  #statement(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** What finds the file damaged is asked once more when that was opened again; a transaction is not, but whoever comes next. */
  #guarded<Result>(work: () => Result, isOurs: (error: unknown) => boolean): Result {
    const isApart = !this.#sqlite.isOpen || !this.#sqlite.isTransaction;
    if (isApart) this.#look();
    try {
      return work();
    } catch (error) {
      if (!isOurs(error)) throw error;
      if (!isApart || performance.now() - this.#mendedAtMs < MEND_EVERY_MS) throw unreadable(this.file, error);
      this.#mendedAtMs = performance.now();
      this.#reopen('damaged');
      return this.#guarded(work, isOurs);
    }
  }

  #look(): void {
    const nowMs = performance.now();
    const isDue = nowMs - this.#lookedAtMs >= LOOK_EVERY_MS && !this.#isClosed;
    if (!isDue) {
      if (this.#failure !== undefined) throw this.#failure;
      return;
    }
    this.#lookedAtMs = nowMs;
    const mark = markOf(this.file);
    // What is open goes on while nobody can say whether it is still there.
    if (mark === UNKNOWN && this.#failure === undefined) return;
    if (this.#failure !== undefined || mark === this.#strange) this.#reopen('replaced');
    else this.#strange = mark === this.#marks.get(this.file) ? undefined : mark;
  }

  /** Throws as `openSqlite` does. */
  #reopen(why: Reopened['why']): void {
    this.#statements.clear();
    if (this.#sqlite.isOpen) closeSpoilt(this.#sqlite);
    try {
      this.#removeLeftovers();
      const { sqlite, setAside } = openSqlite(this.file);
      this.#sqlite = sqlite;
      this.#failure = undefined;
      setImmediate(() => {
        if (!this.#isClosed) this.#onReopened?.({ why, setAside });
      });
    } catch (error) {
      this.#failure = error instanceof GatewayError ? error : unusable(this.file, error);
      throw this.#failure;
    }
    this.#marks = marksOf(this.file);
    this.#strange = undefined;
    this.#times++;
  }

  /** Of a file that was replaced the log would be taken for that of the new one. */
  #removeLeftovers(): void {
    if (markOf(this.file) === this.#marks.get(this.file)) return;
    for (const beside of besides(this.file)) {
      if (markOf(beside) === this.#marks.get(beside)) rmSync(beside, { force: true });
    }
  }
}

/** Files that SQLite keeps beside its own, and finds by name. */
const besides = (file: string) => [`${file}-wal`, `${file}-shm`];

const marksOf = (file: string) => new Map([file, ...besides(file)].map((each) => [each, markOf(each)]));

const UNKNOWN = 'unknown';

/** Which file is at a path: another text for another file. */
function markOf(file: string): string {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'none' : UNKNOWN;
  }
}

function closeSpoilt(sqlite: Sqlite): void {
  try {
    sqlite.close();
  } catch {
    // It could not write what it had; there is nothing left to write it to.
  }
}

/** An emptied file is a database without tables. */
const isDamage = (error: unknown) =>
  isCorrupt(error) || (error instanceof Error && /no such table/.test(error.message));

/** SQLite also says so where a file has become shorter than it was; of writing it says so when the disk is full. */
const isUnreadable = (error: unknown) =>
  isDamage(error) || (error instanceof Error && /disk I\/O error/.test(error.message));

const unreadable = (file: string, cause: unknown) =>
  new GatewayError(
    'DATA_DIR_UNUSABLE',
    `the catalog ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      hint: 'stop Tooldex, move that file away with its -wal and -shm, or bring it back from a backup, and start again',
      cause,
    },
  );
