/** The part of the composition root that opens the catalog of servers, for the gateway and for commands without one. */
import { join } from 'node:path';
import { createServerCatalog, type ServerCatalog } from './catalog/server-catalog.ts';
import type { CatalogConfig } from './config/catalog-config.ts';

export interface OpenServerCatalogOptions {
  /** Asked each time: a reload may bring another one. */
  readonly config: () => CatalogConfig | undefined;
  readonly dataDir: string;
  /** Told once of each problem. */
  readonly warn: (message: string) => void;
}

export function openServerCatalog({ config, dataDir, warn }: OpenServerCatalogOptions): ServerCatalog {
  return createServerCatalog({ config, folder: join(dataDir, 'catalogs'), warn: onceEach(warn), now: Date.now });
}

/** What is looked at again and again is wrong each time. */
export function onceEach(warn: (message: string) => void): (message: string) => void {
  const told = new Set<string>();
  return (message) => {
    if (!told.has(message)) warn(message);
    told.add(message);
  };
}
