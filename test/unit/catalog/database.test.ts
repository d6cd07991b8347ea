import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { inTransaction, openDatabase, writing } from '../../../src/catalog/database.ts';
import { createCatalog } from '../../../src/catalog/sqlite-catalog.ts';
import type { GatewayError } from '../../../src/errors.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** SQLite itself says that its disk is full when a file may not grow. */
function fullDatabase() {
  const file = join(tempDir('full'), 'catalog.db');
  const { database } = openDatabase(file);
  onTestFinished(() => database.close());
  database.exec('PRAGMA max_page_count = 1');
  return { file, database };
}

function thrownBy(work: () => unknown): Partial<GatewayError> {
  try {
    work();
  } catch (error) {
    return error as GatewayError;
  }
  throw new Error('nothing was thrown');
}

const listing = {
  server: 'shop',
  configHash: 'a',
  listedAt: 1,
  startMs: 1,
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'shop', version: 'x'.repeat(100_000) },
  capabilities: {},
  instructions: undefined,
};

it('#67 says of a full disk which file it is about and what helps, and nothing of it is half done', () => {
  const { file, database } = fullDatabase();
  const catalog = createCatalog(database);
  expect(thrownBy(() => catalog.replace(listing, [{ name: 'sell', inputSchema: { type: 'object' } }]))).toMatchObject({
    code: 'DATA_DIR_UNUSABLE',
    message: `cannot write to the catalog ${file}: database or disk is full`,
    hint: expect.stringContaining('free space'),
  });
  expect(catalog.listings()).toEqual([]);
  expect(catalog.tools('shop')).toEqual([]);
  const reason = 'x'.repeat(100_000);
  const failure = () => catalog.recordFailure({ server: 'shop', configHash: 'a', reason, failedAt: 1 });
  expect(thrownBy(failure)).toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
});

it('#67 says so also where SQLite has rolled back by itself', () => {
  const { database } = fullDatabase();
  const work = () => {
    database.exec('ROLLBACK');
    throw new Error('database or disk is full');
  };
  expect(thrownBy(() => inTransaction(database, work))).toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
});

it('leaves other errors as they are', () => {
  const { database } = fullDatabase();
  expect(thrownBy(() => writing(database, () => database.exec('SELECT nonsense')))).toMatchObject({
    message: expect.stringContaining('nonsense'),
  });
  expect(thrownBy(() => writing(database, () => database.exec('SELECT nonsense'))).code).not.toBe('DATA_DIR_UNUSABLE');
});
