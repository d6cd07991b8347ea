/** Whether a build has seen its sources, by the times of real files. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { newerSource } from '../../../src/cli/stale-build.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Seconds since 1970. */
const BUILT = 1_000_000;
const FILES = [
  'src/main.ts',
  'src/cli/run.ts',
  'index/tool-index.ts',
  'scripts/build.mjs',
  'package.json',
  'package-lock.json',
];
const FOLDERS = ['src/cli', 'src', 'index', 'scripts'];

function checkout(): { readonly root: string; touch(path: string, seconds: number): void } {
  const root = tempDir('checkout');
  const touch = (path: string, seconds: number) => utimesSync(join(root, path), seconds, seconds);
  for (const path of [...FILES, 'dist/main.cjs']) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  for (const path of [...FILES, ...FOLDERS]) touch(path, BUILT - 10);
  touch('dist/main.cjs', BUILT);
  return { root, touch };
}

it('finds nothing to say of a build that is newer than all of its sources', async () => {
  expect(await newerSource(checkout().root)).toBeUndefined();
});

it.each(['src/cli/run.ts', 'package-lock.json', 'index'])('finds %s that came after the build', async (path) => {
  const { root, touch } = checkout();
  touch(path, BUILT + 10);
  expect(await newerSource(root)).toBe(join(path));
});

it('has nothing to look at in an installed package', async () => {
  const { root } = checkout();
  for (const path of ['src', 'scripts']) rmSync(join(root, path), { recursive: true });
  await expect(newerSource(root)).rejects.toMatchObject({ code: 'ENOENT' });
});
