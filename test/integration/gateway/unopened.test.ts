/** A gateway whose data folder cannot be used: it says so, and is as good as new once that is mended, without a restart. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../../src/catalog/database.ts';
import { listInBackground } from '../../../src/gateway.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from './open-gateway.ts';

/** All that were opened. */
const databases = vi.hoisted((): Database[] => []);
vi.mock('../../../src/catalog/database.ts', async (load) => {
  const actual = await load<typeof import('../../../src/catalog/database.ts')>();
  const open: typeof actual.openDatabase = (file) => {
    const opened = actual.openDatabase(file);
    databases.push(opened.database);
    return opened;
  };
  return { ...actual, openDatabase: open };
});

const task = { task_description: 'add two numbers' };

it('#67 opens at the next call after it could not, and lists its servers then', async () => {
  const folder = tempDir('gateway');
  writeFileSync(join(folder, 'data'), 'a file in the place of the folder');
  const log: string[] = [];
  const { gateway, call } = await openTestGateway({ math: { fixture: 'well-behaved' } }, folder);
  void listInBackground(gateway, (level, text) => void log.push(`${level} ${text}`));
  for (let times = 0; times < 2; times++) {
    const { isError, text } = await call('search_mcp_server', task);
    expect(isError, text).toBe(true);
    expect(text).toContain('a file is in the place of its folder');
  }
  await expect.poll(() => log).toEqual([expect.stringContaining('indexing')]);

  rmSync(join(folder, 'data'));
  expect((await call('search_mcp_server', task)).isError).toBe(false);
  await expect.poll(async () => (await call('search_mcp_server', task)).text).toContain('math');
  const { text } = await call('use_tool', { tool: 'math:add', params: { a: 2, b: 3 } });
  expect(text).toContain('5');
});

it('closes what it has opened where it cannot go on', async () => {
  const folder = tempDir('gateway');
  const { database } = openDatabase(join(folder, 'data', 'catalog.db'));
  database.exec('DROP TABLE added_servers');
  database.close();
  const { gateway } = await openTestGateway({}, folder);
  databases.length = 0;
  await expect(gateway.open()).rejects.toThrow('added_servers');
  await expect(gateway.open()).rejects.toThrow('added_servers');
  // The files would say nothing: the library keeps them until its statements are collected.
  expect(databases.map(({ isOpen }) => isOpen)).toEqual([false, false]);
});
