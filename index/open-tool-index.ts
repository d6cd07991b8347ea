/** The search engine as Tooldex ships it: our word statistics and model from their folder, vectors in memory. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createToolIndex, type ObservableToolIndex } from './create-tool-index.ts';
import type { Embedder } from './embedding/embedder.ts';
import { openStaticEmbedder } from './embedding/static-embedder.ts';
import { IndexError } from './index-error.ts';
import { NO_STATISTICS, parseWordStatistics, type WordStatistics } from './lexical/word-statistics.ts';
import { createEmbeddedVectorStore } from './store/embedded-vector-store.ts';
import type { BlobStorage, VectorStore } from './store/vector-store.ts';
import type { BoundedSource, VectorSource } from './vector-source.ts';

export interface OpenToolIndexOptions {
  /** Where `static.bin` and `word-statistics.txt` are. */
  readonly modelFolder: string;
  /** Keeps words and built-in vectors from start to start; without it they are made anew (about 0.1 ms a tool). */
  readonly storage?: BlobStorage;
  /** Takes the place of the embedded store for the static model. */
  readonly store?: VectorStore;
  /** A search waits so long for what that store lacks; for a process that ends after one answer. */
  readonly storePatienceMs?: number;
  /** Opens the static model; for whoever uses it elsewhere too. */
  readonly openStatic?: () => Promise<Embedder>;
  /** Better embedders with their stores, best first; the static model serves until one of them is complete. */
  readonly preferred?: readonly (VectorSource | BoundedSource)[];
}

/** Never rejects for a missing or broken model file: the index then works without it and says so in its answers. */
export async function openToolIndex(options: OpenToolIndexOptions): Promise<ObservableToolIndex> {
  const { modelFolder, storage, store = createEmbeddedVectorStore({ storage }), preferred = [] } = options;
  const { storePatienceMs: patienceMs, openStatic = () => openStaticEmbedder(path.join(modelFolder, 'static.bin')) } =
    options;
  const statistics = await readStatistics(path.join(modelFolder, 'word-statistics.txt'));
  try {
    const embedder = await openStatic();
    return createToolIndex({
      statistics,
      storage,
      vectors: [...preferred, { name: 'the static model', embedder, store, patienceMs }],
    });
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return createToolIndex({ statistics, storage, vectors: preferred, vectorsMissing: error.message });
  }
}

/** Without its file, rarity is judged by the catalog alone. */
async function readStatistics(file: string): Promise<WordStatistics> {
  try {
    return parseWordStatistics(await readFile(file));
  } catch {
    return NO_STATISTICS;
  }
}
