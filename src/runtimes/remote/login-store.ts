/** Keeps what a login has brought, one sealed file per server, so that every gateway of the data folder finds it. */
import { type Stats, statSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { writeWhole } from '../../stdx/write-whole.ts';
import { acquireLock } from '../packages/install-lock.ts';
import { keyFromFile, keyFromSecret, seal, unseal } from './seal.ts';

export interface StoredLogin {
  readonly tokens: StoredOAuthTokens;
  /** Milliseconds since 1970; undefined when the authorization server did not say. */
  readonly expiresAtMs: number | undefined;
  readonly client: StoredOAuthClientInformation;
  readonly discovery: OAuthDiscoveryState;
  /** What was asked for, which is what was granted unless the tokens say otherwise. */
  readonly scope?: string | undefined;
}

const stampOf = ({ ino, mtimeMs, size }: Stats) => `${ino}:${mtimeMs}:${size}`;

export const scopesIn = (text: string | undefined): string[] => text?.split(' ').filter(Boolean) ?? [];

/** The rights of a login, as far as they are known. */
export function grantedScopes(login: StoredLogin | undefined): string[] {
  return scopesIn(login?.tokens.scope ?? login?.scope);
}

export interface LoginStoreOptions {
  /** Files go to `logins` in it. Absolute. */
  readonly dataDir: string;
  /** Secret to encrypt with; without one a key file in `logins` is made. */
  readonly secret: string | undefined;
}

/** The logins of one data folder; a server is known by name and address, so that no token ever goes elsewhere. */
export class LoginStore {
  readonly #folder: string;
  readonly #secret: string | undefined;
  #key: Promise<Buffer> | undefined;

  constructor({ dataDir, secret }: LoginStoreOptions) {
    this.#folder = join(dataDir, 'logins');
    this.#secret = secret;
  }

  /** Changes whenever the login does; undefined when there is none. */
  async stamp(server: string): Promise<string | undefined> {
    const found = await stat(this.#file(server)).catch(() => undefined);
    return found && stampOf(found);
  }

  /** The same at once: for every call, where waiting for it costs many times what asking does. */
  stampNow(server: string): string | undefined {
    try {
      const found = statSync(this.#file(server), { throwIfNoEntry: false });
      return found && stampOf(found);
    } catch {
      return undefined;
    }
  }

  /** Undefined when there is none, or none that this key opens for this address. */
  async read(server: string, url: URL): Promise<StoredLogin | undefined> {
    const sealed = await readFile(this.#file(server), 'utf8').catch(() => undefined);
    if (sealed === undefined) return undefined;
    const text = unseal(sealed, await this.#openKey(), label(server, url));
    return text === undefined ? undefined : (JSON.parse(text) as StoredLogin);
  }

  async save(server: string, url: URL, login: StoredLogin): Promise<void> {
    const sealed = seal(JSON.stringify(login), await this.#openKey(), label(server, url));
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeWhole(this.#file(server), sealed, { mode: 0o600 });
  }

  /** True if there was one. */
  async remove(server: string): Promise<boolean> {
    const known = (await this.stamp(server)) !== undefined;
    await rm(this.#file(server), { force: true });
    return known;
  }

  /** Keeps other processes from renewing the same login; the returned function gives it back. */
  lock(server: string): Promise<() => Promise<void>> {
    return acquireLock(join(this.#folder, `${server}.lock`));
  }

  #openKey(): Promise<Buffer> {
    this.#key ??= this.#findKey().catch((error: unknown) => {
      // Whoever comes next may find the fault removed.
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }

  async #findKey(): Promise<Buffer> {
    return this.#secret === undefined ? keyFromFile(join(this.#folder, 'key')) : keyFromSecret(this.#secret);
  }

  #file(server: string): string {
    return join(this.#folder, `${server}.login`);
  }
}

const label = (server: string, url: URL) => `${server} ${url.href}`;
