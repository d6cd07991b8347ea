/** Mounts and networks of a test's own, which end with the process that has them; for Linux, as root. */
import { spawnSync } from 'node:child_process';

const works = (...args: string[]) => spawnSync(args[0] ?? '', args.slice(1)).status === 0;

export const hasOwnMounts = works('unshare', '-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt');
export const hasOwnNetwork = works('unshare', '-n', 'ip', 'link', 'set', 'lo', 'up');

/** Runs the command that follows with `script` before it, in mounts of its own. */
export const withMounts = (script: string): string[] => ['unshare', '-m', 'sh', '-ec', `${script}\nexec "$@"`, 'sh'];

/** The same in a network of its own, which has `lo` only. */
export const withNetwork = (script: string): string[] => ['unshare', '-n', 'sh', '-ec', `${script}\nexec "$@"`, 'sh'];

/** A path as that process sees it. */
export const inside = (pid: number, path: string): string => `/proc/${pid}/root${path}`;
