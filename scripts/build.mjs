/** `npm run build`: everything under dist/. With `--if-stale`, only when a source is newer than what is there. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, ENTRIES, ROOT, replace } from './bundle.mjs';
import { thirdPartyLicenses } from './third-party-licenses.mjs';
import { warm } from './warm.mjs';

const SOURCES = ['src', 'index', 'scripts', 'package.json', 'package-lock.json'];
const DIST = join(ROOT, 'dist');

if (!process.argv.includes('--if-stale') || isStale()) await build().catch(explain);

async function build() {
  const startedAt = new Date();
  const metafile = await bundle({ entries: ENTRIES, outdir: DIST });
  await replace(join(DIST, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicenses(metafile, ROOT));
  await warm(join(DIST, 'main.cjs'));
  // What was changed in the meantime may not be in it.
  await utimes(join(DIST, 'main.cjs'), startedAt, startedAt);
}

/** After a `git pull` packages may be missing, and a stack of esbuild's says little of what to do. */
function explain(error) {
  if (!String(error?.message).includes('Could not resolve')) throw error;
  console.error('error: packages are missing that Tooldex is built from\nhint: install them with "npm ci"');
  process.exitCode = 1;
}

function isStale() {
  const built = join(DIST, 'main.cjs');
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return SOURCES.some((source) => newest(join(ROOT, source)) > builtAt);
}

/** Latest modification of a file or of anything below a folder, the folder itself included (a file may have gone). */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
