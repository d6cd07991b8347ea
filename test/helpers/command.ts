/** A command of the program run in this process, as `main` runs it; `cli.ts` runs the built one in a process of its own. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/run.ts';
import type { CliResult } from './cli.ts';

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

export async function runCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Omit<CliResult, 'signal'>> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const code = await run({ argv: [...argv], env, cwd: '/', packageRoot, stdin, stdout, stderr });
  stdout.end();
  stderr.end();
  const [out, err] = await outputs;
  return { code, stdout: out, stderr: err };
}

/** The packages of a kind that a start would find in a data folder, such as `clock@1.0.0`. */
export function installedPackages(dataDir: string, kind: 'npm' | 'pypi'): string[] {
  const root = join(dataDir, 'packages', kind);
  const whole = readdirSync(root).filter((name) => existsSync(join(root, name, 'tooldex-install.json')));
  return whole.map((name) => name.replace(/-[0-9a-f]{12}$/, '')).toSorted();
}
