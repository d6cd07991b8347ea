import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createApiKeys } from '../../../src/catalog/api-keys.ts';
import { openDatabase } from '../../../src/catalog/database.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function openKeys() {
  const clock = { now: 1_000_000 };
  const file = join(tempDir('keys'), 'catalog.db');
  const { database } = openDatabase(file);
  onTestFinished(() => database.close());
  return { keys: createApiKeys(database, () => clock.now), clock, file, database };
}

it('finds whose key it is, and nobody by anything else', () => {
  const { keys } = openKeys();
  const key = keys.create({ name: 'ci', groups: ['devs'], expiresAt: undefined }) ?? '';
  expect(keys.find(key)).toMatchObject({ name: 'ci', groups: ['devs'] });
  const other = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
  for (const wrong of [other, key.slice(0, -1), `${key}x`, '', 'tdx_', key.toUpperCase(), ` ${key}`])
    expect(keys.find(wrong)).toBeUndefined();
});

it('keeps no key', () => {
  const { keys, file, database } = openKeys();
  const key = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const secret = key.split('_').slice(2).join('_');
  expect(readFileSync(file).includes('ci')).toBe(true);
  expect(readFileSync(file).includes(secret)).toBe(false);
});

it('#56 refuses a key from the moment it expires or is revoked, and lets its name be used again', () => {
  const { keys, clock } = openKeys();
  const short = keys.create({ name: 'short', groups: [], expiresAt: clock.now + 10 }) ?? '';
  const revoked = keys.create({ name: 'gone', groups: [], expiresAt: undefined }) ?? '';
  expect([keys.find(short)?.name, keys.find(revoked)?.name]).toEqual(['short', 'gone']);
  clock.now += 10;
  expect(keys.find(short)).toBeUndefined();
  expect(keys.create({ name: 'gone', groups: [], expiresAt: undefined })).toBeUndefined();
  expect(keys.revoke('gone')?.name).toBe('gone');
  expect(keys.revoke('gone')).toBeUndefined();
  expect(keys.find(revoked)).toBeUndefined();
  expect(keys.create({ name: 'gone', groups: [], expiresAt: undefined })).toMatch(/^tdx_[0-9a-f]{12}_[\w-]{43}$/);
  expect(keys.all().map(({ name, revokedAt }) => [name, revokedAt])).toEqual([
    ['short', undefined],
    ['gone', 1_000_010],
    ['gone', undefined],
  ]);
});

it('says when a key was last used', () => {
  const { keys, clock } = openKeys();
  const key = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  keys.find(key);
  clock.now += 59_000;
  keys.find(key);
  expect(keys.all()[0]?.usedAt).toBe(1_000_000);
  clock.now += 1_000;
  keys.find(key);
  expect(keys.all()[0]?.usedAt).toBe(1_060_000);
});

it('#56 refuses a key that was in use until another process revoked it, from the next millisecond on', () => {
  const { keys, file, clock } = openKeys();
  const key = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  const found = keys.find(key);
  expect(keys.find(key)).toBe(found);
  const { database } = openDatabase(file);
  onTestFinished(() => database.close());
  createApiKeys(database, () => clock.now).revoke('ci');
  clock.now += 1;
  expect(keys.find(key)).toBeUndefined();
});

it('knows a key that is in use from one that only begins like it', () => {
  const { keys } = openKeys();
  const key = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  expect(keys.find(key)?.name).toBe('ci');
  for (const at of [20, 40, key.length - 1]) {
    const other = key[at] === 'A' ? 'B' : 'A';
    expect(keys.find(`${key.slice(0, at)}${other}${key.slice(at + 1)}`)).toBeUndefined();
  }
  expect(keys.find(key)?.name).toBe('ci');
});

it('lets a key in though nobody can note that it was used, as on a full disk', () => {
  const { keys, database } = openKeys();
  const key = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  database.exec("CREATE TRIGGER no_room BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  expect(keys.find(key)).toMatchObject({ name: 'ci' });
  expect(keys.find(key)).toMatchObject({ name: 'ci' });
});

it('#56 lets nobody in by a key of a file that was deleted, as after a restart', async () => {
  const { keys, clock, file } = openKeys();
  const key = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  expect(keys.find(key)).toMatchObject({ name: 'ci' });
  rmSync(file);
  const found = () => {
    clock.now += 1;
    return keys.find(key);
  };
  await expect.poll(found).toBeUndefined();
  const next = keys.create({ name: 'ci', groups: [], expiresAt: undefined }) ?? '';
  expect(keys.find(next)).toMatchObject({ name: 'ci' });
});
