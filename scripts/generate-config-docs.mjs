/** Writes config/schema.json and docs/CONFIGURATION.md; a unit test fails when they are stale. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'dist', `config-docs-${process.pid}.mjs`);
try {
  await build({
    entryPoints: [join(root, 'scripts', 'config-docs.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const { renderSchema, renderDocs } = await import(pathToFileURL(bundle).href);
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(join(root, 'config', 'schema.json'), renderSchema());
  writeFileSync(join(root, 'docs', 'CONFIGURATION.md'), renderDocs());
} finally {
  rmSync(bundle, { force: true });
}
