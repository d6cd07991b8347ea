/** What others see of a file that is written: the old one or the new one, and nothing of what failed. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeWhole, writeWholeSync } from '../../../src/stdx/write-whole.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

describe.each([
  ['at once', async (...given: Parameters<typeof writeWholeSync>) => writeWholeSync(...given)],
  ['in the background', writeWhole],
])('written %s', (_, write) => {
  it('a file is another one for whoever comes now, and the same for whoever reads it', async () => {
    const folder = tempDir();
    const file = join(folder, 'note.json');
    writeFileSync(file, 'old');
    const reader = openSync(file, 'r');
    await write(file, 'new', { mode: 0o600 });
    expect([readFileSync(reader, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['old', 'new']);
    closeSync(reader);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['note.json']);
  });

  it('leaves nothing behind when it fails', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'taken', 'by a folder'), { recursive: true });
    await expect(write(join(folder, 'taken'), 'new', { mode: 0o600 })).rejects.toThrow();
    await expect(write(join(folder, 'nowhere', 'note'), 'new', { mode: 0o600 })).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});
