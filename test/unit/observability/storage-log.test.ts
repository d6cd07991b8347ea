import { describe, expect, it } from 'vitest';
import { createStorageLog } from '../../../src/observability/storage-log.ts';

function logged(fails: (key: string) => boolean) {
  const lines: string[] = [];
  const work = (key: string) => {
    if (fails(key)) throw new Error('database or disk is full');
  };
  const storage = { read: (key: string) => void work(key), write: work, delete: work };
  return { lines, kept: createStorageLog(storage, (level, text) => void lines.push(`${level} ${text}`)) };
}

describe('storage log', () => {
  it('#68 says once that the index cannot be kept, and why, and once that all of it can again', () => {
    let isFull = true;
    const { lines, kept } = logged(() => isFull);
    for (const key of ['a', 'b', 'a']) expect(() => kept.write(key, new Uint8Array(1))).toThrow('disk is full');
    const told = 'warn the search index cannot be kept, so the next start makes it again: database or disk is full';
    expect(lines).toEqual([told]);
    isFull = false;
    kept.write('a', new Uint8Array(1));
    expect(lines).toEqual([told]);
    kept.delete('b');
    expect(lines).toEqual([told, 'info the search index is kept again']);
    isFull = true;
    expect(() => kept.read('a')).toThrow('disk is full');
    expect(lines).toHaveLength(3);
  });

  it('says nothing where small things can be kept and large ones cannot, however often', () => {
    const { lines, kept } = logged((key) => key === 'large');
    for (let i = 0; i < 10; i++) {
      expect(() => kept.write('large', new Uint8Array(1))).toThrow();
      kept.write('small', new Uint8Array(1));
    }
    expect(lines).toHaveLength(1);
  });
});
