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
