/** Tells of a program that was built before its sources became others, as by `git pull`: it would go on as it was, and say nothing. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../observability/log.ts';
import { systemClock } from '../stdx/clock.ts';

/** What the build script goes by. An installed package has none of it. */
const SOURCES = ['src', 'index', 'scripts', 'package.json', 'package-lock.json'];
/** When the first calls have been served. */
const LOOK_AFTER_MS = 5_000;

/** Looks once, when the start is long over. The returned function takes that back. */
export function tellOfStaleBuild(packageRoot: string, log: Log): () => void {
  const look = async () => {
    const newer = await newerSource(packageRoot).catch(() => undefined);
    if (newer !== undefined)
      log('warn', `${newer} is newer than this program: run "npm run build" in ${packageRoot}, then start it again`);
  };
  return systemClock.after(LOOK_AFTER_MS, () => void look());
}

/** The path of a source that the build has not seen; undefined if there is none. Rejects where there are no sources. */
export async function newerSource(packageRoot: string): Promise<string | undefined> {
  const { mtimeMs: builtMs } = await stat(join(packageRoot, 'dist', 'main.cjs'));
  for (const source of SOURCES) {
    const inside = (await stat(join(packageRoot, source))).isDirectory()
      ? await readdir(join(packageRoot, source), { recursive: true })
      : [];
    for (const path of [source, ...inside.map((name) => join(source, name))])
      if ((await stat(join(packageRoot, path))).mtimeMs > builtMs) return path;
  }
  return undefined;
}
