/** TypeScript as one file that a bare Node runs, for tests that need our code in another process. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const FLAGS = [
  '--bundle',
  '--platform=node',
  '--format=cjs',
  '--target=node20.18.1',
  '--external:dockerode',
  '--supported:dynamic-import=false',
  '--log-level=error',
];

/**
 * Path of `source`, a module in TypeScript that may import from `src`, bundled into `folder`. The program, not the API of
 * esbuild, leaves no process. dockerode has native parts and stays outside: set NODE_PATH where it is needed.
 */
export function bundled(source: string, folder: string): string {
  const outfile = join(folder, 'bundled.cjs');
  execFileSync('node_modules/.bin/esbuild', [source, ...FLAGS, `--outfile=${outfile}`], { stdio: 'inherit' });
  return outfile;
}
