// Runs a TypeScript program of this repository: node scripts/run.mjs bench/retrieval.ts --data ../shared/data/retrieval
// Node 20 reads no TypeScript, so esbuild bundles the program beside the others' builds and Node imports that.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [, , program, ...rest] = process.argv;
if (!program) {
  console.error('usage: node scripts/run.mjs PROGRAM.ts [arguments]');
  process.exit(64);
}
const folder = await mkdtemp(path.join(tmpdir(), 'tooldex-run-'));
try {
  const outfile = path.join(folder, 'program.mjs');
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  process.argv = [process.argv[0], path.resolve(program), ...rest];
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
