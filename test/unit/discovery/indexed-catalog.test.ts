import { expect, it } from 'vitest';
import type { ToolDocument } from '../../../index/tool-document.ts';
import { IndexedCatalog, type IndexedCatalogParts } from '../../../src/discovery/indexed-catalog.ts';

const known = (name: string) => ({ name, description: '', allows: () => true });

it('indexes a server that is listed while the catalog is loaded for the first time and has passed it', async () => {
  const listed = new Set(['second']);
  const ids: string[] = [];
  let began: () => void = () => undefined;
  const loading = new Promise<void>((resolve) => {
    began = resolve;
  });
  let goOn: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const parts = {
    catalog: {
      generation: () => 1,
      listing: (server: string) =>
        listed.has(server) ? { server, fingerprint: 'f', toolCount: 1, serverInfo: {} } : undefined,
      tools: (server: string) => [
        { server, name: 'tool', hash: server, definition: { name: 'tool', inputSchema: { type: 'object' } } },
      ],
    },
    directory: { names: () => ['first', 'second'], get: known },
    index: {
      async upsert(documents: readonly ToolDocument[]) {
        ids.push(...documents.map(({ id }) => id));
        if (ids.includes('first:tool')) return;
        began();
        await slow;
      },
    },
  } as unknown as IndexedCatalogParts;
  const indexed = new IndexedCatalog(parts);
  const refreshed = indexed.refresh();
  await loading;
  listed.add('first');
  await indexed.noteListed('first');
  goOn();
  await refreshed;
  expect(ids).toEqual(['second:tool', 'first:tool']);
});

it('brings all once more to an index that lacks texts, and not again and again where that does not help', async () => {
  const brought: string[] = [];
  const state = { lacksTexts: false, isHelped: true };
  const parts = {
    catalog: {
      generation: () => 1,
      listing: (server: string) => ({ server, fingerprint: 'f', toolCount: 1, serverInfo: {} }),
      tools: (server: string) => [
        { server, name: 'tool', hash: server, definition: { name: 'tool', inputSchema: { type: 'object' } } },
      ],
    },
    directory: { names: () => ['first', 'second'], get: (name: string) => servers.get(name) },
    index: {
      get lacksTexts() {
        return state.lacksTexts;
      },
      async upsert(documents: readonly ToolDocument[]) {
        brought.push(...documents.map(({ id }) => id));
        if (state.isHelped && documents.some(({ server }) => server === 'second')) state.lacksTexts = false;
      },
    },
  } as unknown as IndexedCatalogParts;
  const servers = new Map(['first', 'second'].map((name) => [name, known(name)]));
  const indexed = new IndexedCatalog(parts);
  const refreshed = async () => {
    brought.length = 0;
    await indexed.refresh();
    return [...brought];
  };
  const all = ['first:tool', 'second:tool'];
  expect(await refreshed()).toEqual(all);
  expect(await refreshed()).toEqual([]);
  state.lacksTexts = true;
  expect(await refreshed()).toEqual(all);
  expect(await refreshed()).toEqual([]);
  // Twice between two searches.
  state.lacksTexts = true;
  expect(await refreshed()).toEqual(all);
  Object.assign(state, { lacksTexts: true });
  expect(await refreshed()).toEqual(all);
  Object.assign(state, { lacksTexts: true, isHelped: false });
  expect(await refreshed()).toEqual(all);
  expect(await refreshed()).toEqual([]);
  indexed.noteDirectory();
  expect(await refreshed()).toEqual(all);
  expect(await refreshed()).toEqual([]);
  state.lacksTexts = false;
  expect(await refreshed()).toEqual([]);
  state.lacksTexts = true;
  expect(await refreshed()).toEqual(all);
});

it('takes out of the index what the catalog does not know any more, until it is listed again', async () => {
  const ids = new Set<string>();
  const state = { generation: 1, isListed: true };
  const parts = {
    catalog: {
      generation: () => state.generation,
      listing: (server: string) =>
        state.isListed ? { server, fingerprint: 'f', toolCount: 1, serverInfo: {} } : undefined,
      tools: (server: string) => [
        { server, name: 'tool', hash: server, definition: { name: 'tool', inputSchema: { type: 'object' } } },
      ],
    },
    directory: { names: () => ['only'], get: () => server },
    index: {
      upsert: async (documents: readonly ToolDocument[]) => documents.forEach(({ id }) => void ids.add(id)),
      remove: async (gone: readonly string[]) => gone.forEach((id) => void ids.delete(id)),
    },
  } as unknown as IndexedCatalogParts;
  const server = known('only');
  const indexed = new IndexedCatalog(parts);
  await indexed.refresh();
  expect([...ids]).toEqual(['only:tool']);
  Object.assign(state, { generation: 2, isListed: false });
  await indexed.refresh();
  expect([...ids]).toEqual([]);
  state.isListed = true;
  await indexed.noteListed('only');
  expect([...ids]).toEqual(['only:tool']);
});
