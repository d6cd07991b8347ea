/** Finds the user's own installation of @huggingface/transformers: 474 MB that nobody shall pay for who does not use it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IndexError } from '../index-error.ts';

const PACKAGE = '@huggingface/transformers';
/** The major version that the tests run with. */
const VERSION = '4';

/**
 * File of the library's CommonJS build. Looked for in the `node_modules` of these folders and of all above them, then
 * beside Tooldex itself. Throws a `missing` with the command that installs it into the first folder.
 */
export function findTransformers(folders: readonly string[]): string {
  const own = fileURLToPath(new URL('.', import.meta.url));
  for (const folder of [...folders, own]) {
    try {
      return createRequire(join(folder, 'from-here.js')).resolve(PACKAGE);
    } catch {
      // It is not in this folder; the next one may have it.
    }
  }
  const where = folders[0] ? `--prefix ${folders[0]} ` : '';
  throw new IndexError('missing', `The embedder "transformers" needs the package ${PACKAGE}, which is not installed`, {
    hint: `Run: ONNXRUNTIME_NODE_INSTALL=skip npm install ${where}${PACKAGE}@${VERSION}`,
  });
}
