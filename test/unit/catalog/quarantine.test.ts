/** What was not approved is not there, whatever a server lists and however often. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../src/catalog/database.ts';
import { createCatalog } from '../../../src/catalog/sqlite-catalog.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: 'object' } });
const facts = {
  server: 's',
  configHash: 'c',
  listedAt: 1,
  startMs: 1,
  protocolVersion: 'x',
  serverInfo: {},
  capabilities: {},
};

function open() {
  const catalog = createCatalog(openDatabase(join(tempDir(), 'catalog.db')).database);
  onTestFinished(() => catalog.close());
  const list = (...tools: [string, string][]) =>
    catalog.replace(
      { ...facts, instructions: undefined },
      tools.map(([name, text]) => tool(name, text)),
      { quarantine: true },
    );
  const inUse = () => catalog.tools('s').map(({ name, definition }) => [name, definition.description]);
  return { catalog, list, inUse };
}

test('#61 the first listing is trusted; what changes or comes later is flagged and withheld until it is approved', () => {
  const { catalog, list, inUse } = open();
  expect(list(['a', 'one'], ['b', 'two'], ['c', 'three']).withheld).toBe(undefined);
  const before = catalog.listing('s')?.fingerprint;
  expect(list(['a', 'one'], ['b', 'CHANGED'], ['d', 'new'])).toEqual({
    added: [],
    changed: [],
    removed: ['c'],
    withheld: ['b', 'd'],
  });
  expect(inUse()).toEqual([['a', 'one']]);
  expect(catalog.serversWithTool('b')).toEqual([]);
  expect(catalog.withheld('s')).toMatchObject([
    { name: 'b', approved: { description: 'two' }, proposed: { description: 'CHANGED' } },
    { name: 'd', approved: undefined },
  ]);
  expect(catalog.approve('s', 'b')).toEqual(['b']);
  expect(inUse()).toEqual([
    ['a', 'one'],
    ['b', 'CHANGED'],
  ]);
  expect(catalog.listing('s')).toMatchObject({ toolCount: 2 });
  expect(catalog.listing('s')?.fingerprint).not.toBe(before);
  expect(catalog.approve('s')).toEqual(['d']);
  expect(catalog.withheld()).toEqual([]);
  expect(list(['a', 'one'], ['b', 'CHANGED'], ['d', 'new']).withheld).toBe(undefined);
});

test('what is listed again stays withheld; what goes back to its approved form is there again', () => {
  const { catalog, list, inUse } = open();
  list(['a', 'one']);
  list(['a', 'two']);
  const noticedAt = catalog.withheld('s')[0]?.noticedAt;
  expect(list(['a', 'two']).withheld).toEqual(['a']);
  expect(catalog.withheld('s')).toMatchObject([{ approved: { description: 'one' }, noticedAt }]);
  expect(list(['a', 'one']).withheld).toBe(undefined);
  expect(inUse()).toEqual([['a', 'one']]);
  list(['a', 'three']);
  list();
  expect(list(['a', 'one']).withheld, 'it was gone, so it is new').toEqual(['a']);
  catalog.forget('s');
  expect(catalog.withheld()).toEqual([]);
});

test('without quarantine everything is taken over, also what was withheld', () => {
  const { catalog, list, inUse } = open();
  list(['a', 'one']);
  list(['a', 'two']);
  const change = catalog.replace({ ...facts, instructions: undefined }, [tool('a', 'two')]);
  expect(change.withheld).toBe(undefined);
  expect(inUse()).toEqual([['a', 'two']]);
  expect(catalog.withheld()).toEqual([]);
});
