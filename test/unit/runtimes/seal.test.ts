import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyFromFile, keyFromSecret, seal, unseal } from '../../../src/runtimes/remote/seal.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const key = keyFromSecret('a secret of thirty-two characters');

describe('a sealed text', () => {
  it('is opened by its key under its label, and by nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, label, other) => {
        const sealed = seal(text, key, label);
        expect(unseal(sealed, key, label)).toBe(text);
        expect(unseal(sealed, keyFromSecret('another'), label)).toBeUndefined();
        if (other !== label) expect(unseal(sealed, key, other)).toBeUndefined();
      }),
    );
  });

  it('is refused when any byte of it was touched, or some are missing', () => {
    const bytes = Buffer.from(seal('tokens', key, 'far'), 'base64');
    for (const index of bytes.keys()) {
      const touched = Buffer.from(bytes);
      touched[index] = (touched[index] ?? 0) ^ 1;
      expect(unseal(touched.toString('base64'), key, 'far')).toBeUndefined();
      expect(unseal(bytes.subarray(0, index).toString('base64'), key, 'far')).toBeUndefined();
    }
  });

  it('never looks the same twice', () => {
    expect(seal('tokens', key, 'far')).not.toBe(seal('tokens', key, 'far'));
  });
});

describe('a key file', () => {
  it('is one for all who make it at once, readable by its owner alone, and nothing is left beside it', async () => {
    const folder = join(tempDir('key'), 'logins');
    const keys = await Promise.all(Array.from({ length: 10 }, () => keyFromFile(join(folder, 'key'))));
    expect(new Set(keys.map((each) => each.toString('hex'))).size).toBe(1);
    expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['key']);
  });

  it('that is something else is not overwritten', async () => {
    const folder = tempDir('key');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'key'), 'short');
    await expect(keyFromFile(join(folder, 'key'))).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringContaining('is not a key of Tooldex'),
      hint: expect.stringContaining('log in again'),
    });
  });
});
