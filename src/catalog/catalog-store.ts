/** What registries answered, kept as files: a start needs no network, and a registry that is down takes nothing away. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../stdx/json.ts';
import { writeWhole } from '../stdx/write-whole.ts';
import { fingerprint } from './fingerprint.ts';

export interface KeptCatalog {
  /** When it was answered, in milliseconds since 1970. */
  readonly at: number;
  readonly list: readonly unknown[];
}

export interface CatalogStore {
  /** Undefined where nothing was kept, or nothing that can be read. */
  load(url: string): Promise<KeptCatalog | undefined>;
  save(url: string, kept: KeptCatalog): Promise<void>;
}

export function createCatalogStore(folder: string): CatalogStore {
  const fileOf = (url: string) => join(folder, `${fingerprint(url)}.json`);
  return {
    async load(url) {
      const text = await readFile(fileOf(url), 'utf8').catch(() => '');
      try {
        const value: unknown = JSON.parse(text);
        if (!isObject(value) || typeof value.at !== 'number' || !Array.isArray(value.list)) return undefined;
        return { at: value.at, list: value.list };
      } catch {
        return undefined;
      }
    },
    async save(url, kept) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeWhole(fileOf(url), JSON.stringify(kept), { mode: 0o600 });
    },
  };
}
