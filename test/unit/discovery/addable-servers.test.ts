/** Servers of the catalog that a task may be about, over an index that a test makes. */
import { expect, it } from 'vitest';
import type { ObservableToolIndex } from '../../../index/create-tool-index.ts';
import type { CatalogServer } from '../../../src/catalog/server-catalog.ts';
import { createAddableServers } from '../../../src/discovery/addable-servers.ts';

const TRACKER: CatalogServer = {
  name: 'io.github.acme/tracker',
  shortName: 'tracker',
  version: '1.0.0',
  description: 'Tracks issues',
  source: 'file',
  isLocal: true,
  serverJson: {},
};

/** Sure of the first document that it has. */
function sureIndex(): ObservableToolIndex {
  const ids: string[] = [];
  return {
    upsert: async (documents: readonly { readonly id: string }[]) => void ids.push(...documents.map(({ id }) => id)),
    remove: async () => {},
    settled: async () => {},
    search: async () => ({ confidence: 1, hits: ids.slice(0, 1).map((id) => ({ id })) }),
    close: async () => {},
  } as unknown as ObservableToolIndex;
}

it('are looked for again after an index could not be opened', async () => {
  let opens = 0;
  const openIndex = async () => {
    if (++opens === 1) throw new Error('no such model');
    return sureIndex();
  };
  const catalog = [TRACKER];
  const addable = createAddableServers({ servers: async () => catalog, openIndex });
  expect(await addable.suggest('track an issue', () => true)).toBeUndefined();
  expect(await addable.suggest('track an issue', () => true)).toBe(TRACKER);
  expect(await addable.suggest('track an issue', () => false)).toBeUndefined();
  expect(opens).toBe(2);
  await addable.close();
});
