/** Puts the substitute for src/config/resolve.ts in its place: for sources that vitest runs, and for the bundle that tests start. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin as BundlePlugin } from 'esbuild';
import type { Plugin } from 'vitest/config';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ORIGINAL = join(ROOT, 'src/config/resolve.ts');
const SUBSTITUTE = join(ROOT, 'test/helpers/on-chroma/resolve.ts');

const NAME = 'on-chroma';

/** The substitute itself gets the original. */
const isReplaced = (path: string, importer: string) =>
  path.startsWith('.') && resolve(dirname(importer), path) === ORIGINAL && importer !== SUBSTITUTE;

export const onChroma: Plugin = {
  name: NAME,
  enforce: 'pre',
  resolveId: (path, importer) => (importer && isReplaced(path, importer) ? SUBSTITUTE : null),
};

/** With the address written into it. */
export const bundledOnChroma = (url: string): BundlePlugin => ({
  name: NAME,
  setup({ initialOptions, onResolve }) {
    initialOptions.define = {
      ...initialOptions.define,
      'process.env.TOOLDEX_TEST_CHROMA_URL': JSON.stringify(url),
    };
    onResolve({ filter: /\/resolve\.ts$/ }, ({ path, importer }) =>
      isReplaced(path, importer) ? { path: SUBSTITUTE } : undefined,
    );
  },
});
