import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/catalog/database.ts';
import { createBlobs } from '../../../src/catalog/sqlite-blobs.ts';
import { createCatalog } from '../../../src/catalog/sqlite-catalog.ts';
import type { ToolDefinition } from '../../../src/catalog/tool-definition.ts';

let folder: string;
const file = () => join(folder, 'catalog.db');
const open = () => createCatalog(openDatabase(file()).database);
const tool = (name: string, description = 'does'): ToolDefinition => ({
  name,
  description,
  inputSchema: { type: 'object' },
});
const listing = (server: string) => ({
  server,
  configHash: 'c1',
  listedAt: 5,
  startMs: 12.5,
  protocolVersion: '2025-11-25',
  serverInfo: { name: server, version: '1' },
  capabilities: { tools: {} },
  instructions: undefined,
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tooldex-catalog-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('catalog', () => {
  it('remembers listings and definitions, unknown fields included, across a restart', () => {
    const first = open();
    first.replace(listing('fs'), [{ ...tool('read'), 'x-extra': { deep: [1] } }, tool('write')]);
    first.close();
    const second = open();
    expect(second.listing('fs')).toMatchObject({ toolCount: 2, startMs: 12.5, serverInfo: { name: 'fs' } });
    expect(second.tools('fs').map((stored) => stored.name)).toEqual(['read', 'write']);
    expect(second.tool('fs', 'read')?.definition).toEqual({ ...tool('read'), 'x-extra': { deep: [1] } });
    second.close();
  });

  it('says what changed when a server is listed again', () => {
    const catalog = open();
    catalog.replace(listing('fs'), [tool('read'), tool('write'), tool('stat')]);
    const change = catalog.replace(listing('fs'), [tool('read'), tool('write', 'does more'), tool('move')]);
    expect(change).toEqual({ added: ['move'], changed: ['write'], removed: ['stat'] });
    catalog.close();
  });

  it('keeps the tools known before when a later listing fails, and clears the failure when one succeeds', () => {
    const catalog = open();
    catalog.replace(listing('fs'), [tool('read')]);
    catalog.recordFailure({ server: 'fs', configHash: 'c1', reason: 'died', failedAt: 9 });
    expect(catalog.failure('fs')?.reason).toBe('died');
    expect(catalog.toolNames('fs')).toEqual(['read']);
    catalog.replace(listing('fs'), [tool('read')]);
    expect(catalog.failure('fs')).toBeUndefined();
    catalog.close();
  });

  it('keeps the first of two tools with one name (#23)', () => {
    const catalog = open();
    catalog.replace(listing('fs'), [tool('read', 'first'), tool('read', 'second')]);
    expect(catalog.tool('fs', 'read')?.definition.description).toBe('first');
    expect(catalog.listing('fs')?.toolCount).toBe(1);
    catalog.close();
  });

  it('sees by its generation that another process has written', () => {
    const mine = open();
    const other = open();
    const before = mine.generation();
    mine.replace(listing('a'), [tool('x')]);
    expect(mine.generation()).toBe(before);
    other.replace(listing('b'), [tool('y')]);
    expect(mine.generation()).not.toBe(before);
    expect(mine.serversWithTool('y')).toEqual(['b']);
    mine.close();
    other.close();
  });

  it('has another version after every write, its own and that of another process', async () => {
    const mine = open();
    const other = open();
    const before = mine.version();
    expect(mine.version()).toBe(before);
    mine.replace(listing('a'), [tool('x')]);
    const own = mine.version();
    expect(own).not.toBe(before);
    other.replace(listing('a'), [tool('y')]);
    while (mine.version() === own) await turn();
    expect(mine.tool('a', 'x')).toBeUndefined();
    expect(mine.tool('a', 'y')?.name).toBe('y');
    mine.close();
    other.close();
  });

  it('does not let the order of keys count as a change', () => {
    const catalog = open();
    catalog.replace(listing('fs'), [{ name: 'a', description: 'd', inputSchema: { type: 'object', title: 't' } }]);
    const same = { inputSchema: { title: 't', type: 'object' }, description: 'd', name: 'a' };
    expect(catalog.replace(listing('fs'), [same])).toEqual({ added: [], changed: [], removed: [] });
    catalog.close();
  });
});

describe('database', () => {
  it('sets an unreadable file aside and starts a new one (#68, #72)', () => {
    writeFileSync(file(), 'this is not a database, but it is long enough to be looked at as one'.repeat(40));
    const { database, setAside } = openDatabase(file());
    expect(setAside).toBeDefined();
    expect(readdirSync(folder).some((name) => name.includes('unreadable'))).toBe(true);
    expect(createCatalog(database).listings()).toEqual([]);
    database.close();
  });

  it('refuses a file that a newer Tooldex wrote, and says so (#72)', () => {
    const { database } = openDatabase(file());
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openDatabase(file())).toThrow(/schema version 99/);
  });

  it('names the folder and the remedy when it cannot write', () => {
    writeFileSync(join(folder, 'plain'), '');
    expect(() => openDatabase(join(folder, 'plain', 'catalog.db'))).toThrow(/cannot open the catalog .*plain/);
  });

  it('keeps blobs byte for byte', () => {
    const { database } = openDatabase(file());
    const blobs = createBlobs(database);
    blobs.write('k', new Uint8Array([0, 255, 7]));
    expect([...(blobs.read('k') ?? [])]).toEqual([0, 255, 7]);
    blobs.delete('k');
    expect(blobs.read('k')).toBeUndefined();
    database.close();
  });
});
