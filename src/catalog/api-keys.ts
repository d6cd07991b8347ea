/** The API keys of this gateway: what is kept is a hash, so that whoever reads the file has no key. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Database, Statement } from './database.ts';

/** What is known of a key; the key itself was shown once and is nowhere. */
export interface ApiKey {
  /** Part of the key that is no secret; unique. */
  readonly id: string;
  /** Unique among the keys that are not revoked. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** To the minute. */
  readonly usedAt: number | undefined;
}

export interface NewApiKey {
  readonly name: string;
  readonly groups: readonly string[];
  readonly expiresAt: number | undefined;
}

export interface ApiKeys {
  /** Returns the key, which nobody can show again; undefined when a key of that name is in force. */
  create(wanted: NewApiKey): string | undefined;
  /** In the order in which they were made; revoked and expired ones too. */
  all(): ApiKey[];
  /** By name or id; what others revoke is refused from the next millisecond on. Undefined when there is no such key in force. */
  revoke(nameOrId: string): ApiKey | undefined;
  /**
   * Whose key it is, the same object until something changes in the database; undefined for whatever is no key in force.
   * How long it takes tells whether a key was used lately, and nothing of its secret.
   */
  find(key: string): ApiKey | undefined;
}

const KEY = /^tdx_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const KEY_LENGTH = 60;
const USED_WITHIN_MS = 60_000;
const RECENT_MAX = 1_000;
const COLUMNS =
  'id, name, groups, hash, created_at AS createdAt, expires_at AS expiresAt, revoked_at AS revokedAt, used_at AS usedAt';

/** Whether a text looks like one of our keys, so that other bearer tokens are not looked up; `find` looks closer. */
export const isApiKey = (text: string) => text.length === KEY_LENGTH && text.startsWith('tdx_');

/** The only one on its connection: what others change is noticed because it comes over another. */
export function createApiKeys(database: Database, now: () => number): ApiKeys {
  return new SqliteApiKeys(database, now);
}

interface Row {
  id: string;
  name: string;
  groups: string;
  hash: Uint8Array;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  usedAt: number | null;
}

/** Of a key that was right when the database was last another. */
interface Recent {
  readonly key: ApiKey;
  touchedAt: number;
}

class SqliteApiKeys implements ApiKeys {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #byId: Statement;
  readonly #touch: Statement;
  /** By the key as it was sent. Texts are compared only where their hashes are the same, so time tells nothing of a secret. */
  readonly #recent = new Map<string, Recent>();
  #recentVersion: unknown;
  #lookedAt = Number.NaN;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#byId = database.prepare(`SELECT ${COLUMNS} FROM api_keys WHERE id = ?`);
    this.#touch = database.prepare('UPDATE api_keys SET used_at = ? WHERE id = ?');
  }

  create({ name, groups, expiresAt }: NewApiKey): string | undefined {
    const id = randomBytes(6).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const insert = this.#database.prepare(
      `INSERT INTO api_keys (id, name, groups, hash, created_at, expires_at)
       SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM api_keys WHERE name = ? AND revoked_at IS NULL)`,
    );
    const given = [id, name, JSON.stringify(groups), hashOf(secret), this.#now(), expiresAt ?? null, name];
    return insert.run(...given).changes === 0 ? undefined : `tdx_${id}_${secret}`;
  }

  all(): ApiKey[] {
    const rows = this.#database.prepare(`SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, rowid`).all();
    return (rows as unknown as Row[]).map(toApiKey);
  }

  revoke(nameOrId: string): ApiKey | undefined {
    const inForce = this.all().find((key) => !key.revokedAt && (key.name === nameOrId || key.id === nameOrId));
    if (!inForce) return undefined;
    this.#recent.clear();
    const revokedAt = this.#now();
    this.#database.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ?').run(revokedAt, inForce.id);
    return { ...inForce, revokedAt };
  }

  find(text: string): ApiKey | undefined {
    const now = this.#now();
    const recent = this.#findRecent(text, now) ?? this.#verify(text);
    if (!recent || (recent.key.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return undefined;
    if (now - recent.touchedAt >= USED_WITHIN_MS) {
      recent.touchedAt = now;
      this.#noteUse(recent.key.id, now);
    }
    return recent.key;
  }

  #noteUse(id: string, now: number): void {
    try {
      this.#touch.run(now, id);
    } catch {
      // Nobody is kept out because the disk is full.
    }
  }

  #findRecent(text: string, now: number): Recent | undefined {
    if (now !== this.#lookedAt) this.#look(now);
    return this.#recent.get(text);
  }

  /** Once in a millisecond: whoever revokes a key needs longer until he can say so to anybody. */
  #look(now: number): void {
    const version = this.#database.dataVersion();
    if (version !== this.#recentVersion) this.#recent.clear();
    this.#recentVersion = version;
    this.#lookedAt = now;
  }

  #verify(text: string): Recent | undefined {
    const [, id = '', secret = ''] = KEY.exec(text) ?? [];
    const row = this.#byId.get(id) as unknown as Row | undefined;
    const isRight = timingSafeEqual(hashOf(secret), row?.hash ?? NO_HASH);
    if (!row || !isRight) return undefined;
    const key = toApiKey(row);
    if (key.revokedAt !== undefined) return undefined;
    const recent = { key, touchedAt: key.usedAt ?? 0 };
    if (this.#recent.size >= RECENT_MAX) this.#recent.clear();
    this.#recent.set(text, recent);
    return recent;
  }
}

/** A fast hash is enough: nobody can try 2^256 secrets, which is what slow ones are for, and each request pays for it. */
const hashOf = (secret: string) => createHash('sha256').update(secret).digest();
const NO_HASH = new Uint8Array(32);

function toApiKey({ id, name, groups, createdAt, expiresAt, revokedAt, usedAt }: Row): ApiKey {
  return {
    id,
    name,
    groups: JSON.parse(groups),
    createdAt,
    expiresAt: expiresAt ?? undefined,
    revokedAt: revokedAt ?? undefined,
    usedAt: usedAt ?? undefined,
  };
}
