/** The store that tests get which ask for no particular one: embedded, or on Chroma where they run there. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChromaStore } from '../../index/store/chroma-store.ts';
import { createEmbeddedVectorStore } from '../../index/store/embedded-vector-store.ts';
import type { VectorStore } from '../../index/store/vector-store.ts';
import { chromaUrl, collectionPrefix } from './on-chroma/place.ts';

/** New and empty. */
export function createDefaultStore(): VectorStore {
  const url = chromaUrl();
  if (url === undefined) return createEmbeddedVectorStore();
  const prefix = collectionPrefix(join(tmpdir(), randomUUID()));
  return createChromaStore({ address: async () => url, collectionPrefix: prefix });
}
