/** Finds the server of the catalog that a task is about and that nobody has added, for an agent whom no tool of the others helps. */
import type { ObservableToolIndex } from '../../index/create-tool-index.ts';
import { toolDocument } from '../../index/tool-document.ts';
import type { CatalogServer } from '../catalog/server-catalog.ts';
import { Turns } from '../stdx/turns.ts';

export interface AddableServersParts {
  /** The same array while the catalog is the same. */
  readonly servers: () => Promise<readonly CatalogServer[]>;
  /** Opened by the first task. */
  readonly openIndex: () => Promise<ObservableToolIndex>;
}

export interface AddableServers {
  /** Undefined also when it is not known in time; what was begun serves the next task. Never rejects. */
  suggest(task: string, isAddable: (server: CatalogServer) => boolean): Promise<CatalogServer | undefined>;
  close(): Promise<void>;
}

/** An answer that nobody waits for is better than one that is late. */
const WAIT_MS = 300;
/** Named for a third of the tasks that a server of 308 is for, the very server more often than not; for others at most once in 16 (bench/addable-servers.ts). */
const CONFIDENCE_MIN = 0.4;

export function createAddableServers({ servers, openIndex }: AddableServersParts): AddableServers {
  let opened: Promise<ObservableToolIndex> | undefined;
  let indexed: readonly CatalogServer[] = [];
  const turns = new Turns(1);
  const bringUp = async () => {
    const current = await servers();
    opened ??= openIndex().catch((error: unknown) => {
      // The next task tries again.
      opened = undefined;
      throw error;
    });
    const index = await opened;
    if (current === indexed) return { index, current };
    const names = new Set(current.map(({ name }) => name));
    await index.remove(indexed.map(({ name }) => name).filter((name) => !names.has(name)));
    await index.upsert(current.map(documentOf));
    // How sure words alone are of texts this short says little.
    await index.settled();
    indexed = current;
    return { index, current };
  };
  const find = async (task: string, isAddable: (server: CatalogServer) => boolean) => {
    const { index, current } = await turns.run(bringUp);
    const addable = new Map(current.filter(isAddable).map((server) => [server.name, server]));
    if (addable.size === 0) return undefined;
    const allow = ({ id }: { readonly id: string }) => addable.has(id);
    const { confidence, hits } = await index.search({ task, limit: 1, deadlineMs: WAIT_MS, allow });
    return confidence < CONFIDENCE_MIN ? undefined : addable.get(hits[0]?.id ?? '');
  };
  return {
    suggest: (task, isAddable) => {
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, WAIT_MS, undefined));
      return Promise.race([find(task, isAddable).catch(() => undefined), late]);
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

function documentOf({ name, shortName, description }: CatalogServer) {
  return toolDocument({ id: name, server: '', name: shortName, description });
}
