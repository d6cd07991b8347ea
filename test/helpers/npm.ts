/** npm as a user has it, untouched by the npm that runs these tests. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const KEPT = new Set(['npm_config_userconfig', 'npm_config_globalconfig', 'npm_config_registry', 'npm_config_cache']);

/** The environment without what `npm run` adds, which would lead an npm inside to the outer project. */
export function plainNpmEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => KEPT.has(name) || !/^(npm_|INIT_CWD$)/.test(name)),
  );
}

export interface NpmOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm ...args`; rejects, with its output in the message, when it fails. */
export async function npm(args: readonly string[], cwd: string): Promise<NpmOutput> {
  return promisify(execFile)('npm', [...args], { cwd, env: plainNpmEnvironment(), maxBuffer: 32 * 1024 * 1024 });
}

/** Folder with `node_modules` of an exact `name@version`, outside the checkout; installed by the first who asks, then kept. */
export async function installedOutside(spec: string): Promise<string> {
  const folder = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'tooldex-tests',
    spec.replaceAll('/', '_'),
  );
  if (existsSync(join(folder, 'done'))) return folder;
  await mkdir(folder, { recursive: true });
  await npm(['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', spec], folder);
  await writeFile(join(folder, 'done'), '');
  return folder;
}
