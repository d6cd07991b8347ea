/** Finds the npm that belongs to the running Node, so that no PATH of a desktop program stands between them. */
import { access, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import type { Environment } from '../native/child-environment.ts';

export interface Tool {
  readonly command: string;
  readonly args: readonly string[];
}

/** npm as `node npm-cli.js` where that can be found, else as the command on the PATH; undefined if there is none. */
export async function findNpm(env: Environment): Promise<Tool | undefined> {
  const cli = await firstExisting([...besideNode(dirname(await realpath(process.execPath))), ...npmExecPath(env)]);
  if (cli) return { command: process.execPath, args: [cli] };
  const command = await findOnPath('npm', env);
  if (!command) return undefined;
  const target = await realpath(command);
  return target.endsWith('.js') ? { command: process.execPath, args: [target] } : { command, args: [] };
}

/** Where the installers of Node for Unix, for Windows and for Debian put it. */
function besideNode(folder: string): string[] {
  const cli = join('npm', 'bin', 'npm-cli.js');
  return [
    join(folder, '..', 'lib', 'node_modules', cli),
    join(folder, 'node_modules', cli),
    join('/usr/share/nodejs', cli),
  ];
}

/** npm tells its scripts where it is; pnpm and yarn tell the same of themselves. */
function npmExecPath(env: Environment): string[] {
  const path = env.npm_execpath;
  return path && basename(path) === 'npm-cli.js' ? [path] : [];
}

/** The full path of a command; undefined if no folder of the PATH has it. */
export function findOnPath(command: string, env: Environment): Promise<string | undefined> {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean);
  const endings = process.platform === 'win32' ? (env.PATHEXT ?? '.EXE;.CMD').split(';') : [''];
  return firstExisting(folders.flatMap((folder) => endings.map((ending) => join(folder, command + ending))));
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
