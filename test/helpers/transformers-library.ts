/** Where tests find @huggingface/transformers: 474 MB that are no dependency, so that most runs are spared them (ADR 0020). */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder in whose `node_modules` it is; undefined after having printed why tests are skipped. */
export function findTransformersFolder(): string | undefined {
  const folder = process.env.TOOLDEX_TEST_TRANSFORMERS ?? fileURLToPath(new URL('../..', import.meta.url));
  try {
    createRequire(join(folder, 'x.js')).resolve('@huggingface/transformers');
    return folder;
  } catch {
    const how = 'ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix FOLDER @huggingface/transformers@4.3.1';
    process.stderr.write(
      `skipped: @huggingface/transformers is not in ${folder} (${how}, then TOOLDEX_TEST_TRANSFORMERS=FOLDER)\n`,
    );
    return undefined;
  }
}
