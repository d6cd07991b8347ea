// Runs a TypeScript program of this repository: node scripts/run.mjs bench/retrieval.ts --data ../shared/data/retrieval
// Node 20 reads no TypeScript, so esbuild bundles the program and Node imports that, from where it finds the packages.
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
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
  // Programs that run beside this one are found by their place beside the code, so they come along.
  const embedding = fileURLToPath(new URL('../index/embedding', import.meta.url));
  for (const file of (await readdir(embedding)).filter((name) => name.endsWith('.cjs'))) {
    await copyFile(path.join(embedding, file), path.join(folder, file));
  }
  process.argv = [process.argv[0], path.resolve(program), ...rest];
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
