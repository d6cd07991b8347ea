/** Paths as people write them: `~`, relative to the file they stand in, or absolute. */
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** The absolute path; a relative one starts at `folder`, `~` is the home folder. */
export function resolvePath(path: string, folder: string, env: Environment): string {
  if (path === '~' || path.startsWith('~/') || path.startsWith(`~${sep}`)) return join(homeFolder(env), path.slice(1));
  return resolve(folder, path);
}

export function homeFolder(env: Environment): string {
  return env.HOME || homedir();
}

/** True for the folder itself and everything below it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** How a path is shown to people: relative where that is shorter to read. */
export function shownPath(path: string): string {
  const way = relative('', path);
  return way === '' || way.startsWith('..') || isAbsolute(way) ? path : way;
}
