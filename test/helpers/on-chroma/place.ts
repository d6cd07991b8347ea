/** Where tests on Chroma keep their vectors: one server for all, and in it collections of their own for each. */
import { createHash } from 'node:crypto';

/** Undefined where tests do not run on Chroma. In the bundle of the tests it is a literal, for many of them scrub the environment. */
export const chromaUrl = (): string | undefined => process.env.TOOLDEX_TEST_CHROMA_URL;

const MARK = /tooldex-test-[0-9a-f]{8}/;

/** Of the collections for a folder: the same at its next start. Begins with the mark of the test file, which stands in its folders. */
export function collectionPrefix(folder: string): string {
  const [mark = 'tooldex-test-nowhere'] = MARK.exec(folder) ?? [];
  return `${mark}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
}
