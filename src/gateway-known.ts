/** The part of the composition root that opens what is known of servers, all of it in one database. */
import { join } from 'node:path';
import type { AddedServers } from './catalog/added-servers.ts';
import type { Catalog, WithheldTools } from './catalog/catalog.ts';
import type { PendingServers } from './catalog/pending-servers.ts';
import type { Blobs } from './catalog/sqlite-blobs.ts';
import type { Config } from './config/config.ts';
import type { Log } from './observability/log.ts';
import type { Closing } from './stdx/close-each.ts';

export interface KnownOptions {
  readonly config: Config;
  readonly log: Log;
  /** Given what closes it. */
  readonly closing: Closing[];
  /** Called when the file was another under us, which may lack what was known. */
  readonly onReopened: () => void;
}

export interface Known {
  readonly catalog: Catalog & WithheldTools;
  readonly blobs: Blobs;
  readonly added: AddedServers;
  readonly pending: PendingServers;
}

/** Throws DATA_DIR_UNUSABLE. */
export async function openKnown({ config, log, closing, onReopened }: KnownOptions): Promise<Known> {
  const [{ openDatabase }, { createCatalog }, { createBlobs }, { createAddedServers }, { createPendingServers }] =
    await Promise.all([
      import('./catalog/database.ts'),
      import('./catalog/sqlite-catalog.ts'),
      import('./catalog/sqlite-blobs.ts'),
      import('./catalog/added-servers.ts'),
      import('./catalog/pending-servers.ts'),
    ]);
  const noteSetAside = (setAside: string | undefined) => {
    if (setAside) log('warn', `the catalog could not be read; it was moved to ${setAside} and is built anew`);
  };
  const file = join(config.dataDir, 'catalog.db');
  const { database, setAside } = openDatabase(file, (reopened) => {
    const what = reopened.why === 'damaged' ? 'has been damaged' : 'has been deleted or replaced';
    log('warn', `the catalog ${file} ${what}; what is there now is used, and servers that it does not know are listed`);
    noteSetAside(reopened.setAside);
    onReopened();
  });
  noteSetAside(setAside);
  const [added, pending] = [createAddedServers(database), createPendingServers(database)];
  const catalog = createCatalog(database);
  closing.push(() => catalog.close());
  return { catalog, blobs: createBlobs(database), added, pending };
}
