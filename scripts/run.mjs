// Runs a TypeScript program of this repository: node scripts/run.mjs bench/retrieval.ts --data ../shared/data/retrieval
// Node 20 reads no TypeScript, so esbuild bundles the program and Node imports that, from where it finds the packages.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [, , program, ...rest] = process.argv;
if (!program) {
  console.error('usage: node scripts/run.mjs PROGRAM.ts [arguments]');
  process.exit(64);
}
const folder = await mkdtemp(fileURLToPath(new URL('../node_modules/.run-', import.meta.url)));
try {
  const outfile = path.join(folder, 'program.mjs');
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  // The embedder forks this one by its place beside the code, so it comes along.
  await copyFile(
    new URL('../index/embedding/transformers-program.cjs', import.meta.url),
    path.join(folder, 'transformers-program.cjs'),
  );
  process.argv = [process.argv[0], path.resolve(program), ...rest];
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
