/** Which file configures this run, and where its data go when nothing says so. */

import { existsSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { homeFolder, isWithin, resolvePath } from './paths.ts';

export interface LocateOptions {
  /** What `--config` said. */
  readonly config?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder with the package.json of Tooldex. */
  readonly packageRoot: string;
}

export interface LocatedConfig {
  readonly file: string;
  readonly dataDirDefault: string;
}

/**
 * `--config`, or in a checkout its `config/tooldex.yaml`, or `$XDG_CONFIG_HOME/tooldex/tooldex.yaml`, or the packaged
 * default. Never a file of the working folder by itself: whoever wrote that folder could run programs here.
 * Data: in a checkout its `.tooldex`; of the files under XDG_CONFIG_HOME and of the packaged one
 * `$XDG_DATA_HOME/tooldex`; of any other file `.tooldex` beside it.
 */
export function locateConfig({ config, cwd, env, packageRoot }: LocateOptions): LocatedConfig {
  const packaged = join(packageRoot, 'config', 'tooldex.yaml');
  const isInstalled = packageRoot.split(sep).includes('node_modules');
  const userFolder = join(env.XDG_CONFIG_HOME || join(homeFolder(env), '.config'), 'tooldex');
  const userFile = join(userFolder, 'tooldex.yaml');
  const file =
    config === undefined
      ? isInstalled && existsSync(userFile)
        ? userFile
        : packaged
      : resolvePath(config, resolve(cwd), env);
  if (!isInstalled && isWithin(file, packageRoot)) return { file, dataDirDefault: join(packageRoot, '.tooldex') };
  const userData = join(env.XDG_DATA_HOME || join(homeFolder(env), '.local', 'share'), 'tooldex');
  const isShared = isWithin(file, userFolder) || isWithin(file, packageRoot);
  return { file, dataDirDefault: isShared ? userData : join(dirname(file), '.tooldex') };
}

/** Where edits belong when `file` is the default of an installed package, which the next update replaces. */
export function ownFileInstead(file: string, { env, packageRoot }: LocateOptions): string | undefined {
  const isPackaged = packageRoot.split(sep).includes('node_modules') && isWithin(file, packageRoot);
  const folder = env.XDG_CONFIG_HOME || join(homeFolder(env), '.config');
  return isPackaged ? join(folder, 'tooldex', 'tooldex.yaml') : undefined;
}
