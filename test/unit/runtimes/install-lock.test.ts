import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../../src/runtimes/packages/install-lock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const DEAD = { pid: process.pid, start: 'earlier-boot/1' };

function lockOf(owner: object | string): string {
  const path = join(tempDir('locks'), 'lock');
  mkdirSync(path);
  writeFileSync(join(path, 'owner.json'), typeof owner === 'string' ? owner : JSON.stringify(owner));
  return path;
}

describe('the install lock', () => {
  it('has one owner at a time, however many want it, a dead one first', async () => {
    const path = lockOf(DEAD);
    let owners = 0;
    let most = 0;
    const own = async () => {
      const release = await acquireLock(path);
      most = Math.max(most, ++owners);
      await new Promise((resolve) => setImmediate(resolve));
      owners--;
      await release();
    };
    await Promise.all(Array.from({ length: 8 }, own));
    expect(most).toBe(1);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it.each([
    ['an owner that is gone', { pid: 2 ** 22 + 1, start: 'x/1' }],
    ['a pid that another process got since', DEAD],
    ['an owner that cannot be read', '{"pid":'],
    ['an owner that is no process', { pid: 'me' }],
  ])('is taken from %s', async (_, owner) => {
    const path = lockOf(owner);
    const release = await acquireLock(path);
    expect(existsSync(path)).toBe(true);
    await release();
    expect(existsSync(path)).toBe(false);
  });

  it('tells whom it waits for, and waits no longer than the signal allows', async () => {
    const path = join(tempDir('locks'), 'deep', 'lock');
    const release = await acquireLock(path);
    const impatient = new AbortController();
    const owners: number[] = [];
    const onWait = (owner: number) => {
      owners.push(owner);
      impatient.abort(new Error('enough'));
    };
    await expect(acquireLock(path, { signal: impatient.signal, onWait })).rejects.toThrow('enough');
    expect(owners).toEqual([process.pid]);
    await release();
  });

  it('rejects where no folder can be made', async () => {
    const file = join(tempDir('locks'), 'file');
    writeFileSync(file, '');
    await expect(acquireLock(join(file, 'lock'))).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
