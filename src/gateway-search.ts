/** The part of the composition root that opens the search engine as the configuration wants it. */
import { join } from 'node:path';
import type { ObservableToolIndex } from '../index/create-tool-index.ts';
import type { Embedder } from '../index/embedding/embedder.ts';
import type { BlobStorage, VectorStore } from '../index/store/vector-store.ts';
import type { ToolIndex } from '../index/tool-index.ts';
import type { BoundedSource, VectorSource } from '../index/vector-source.ts';
import type { Config, EmbedderConfig, StoreConfig } from './config/config.ts';

export interface SearchOptions {
  readonly config: Config;
  /** That of now, for what may change while the engine is open; `config` without it. */
  readonly currentConfig?: () => Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the models are that Tooldex ships. */
  readonly modelFolder: string;
  /** Keeps vectors from start to start; without it they live as long as the engine. */
  readonly storage?: BlobStorage;
  /** A search waits so long for the wanted embedder and store where they can be complete by then; else answers what is at hand. */
  readonly patienceMs?: number;
  /** Called while a model is downloaded: bytes so far and altogether, 0 when the hub does not say. */
  readonly onDownload?: (download: { readonly file: string; readonly loaded: number; readonly total: number }) => void;
  /** Nothing of it is to outlive the engine in a Chroma that others use; false. */
  readonly isTemporary?: boolean;
  /** Called with what must be closed after the engine. */
  readonly alsoClose: (close: () => Promise<void>) => void;
}

/** Opens at once with the static model; whatever must load, index, download or connect does so behind it. */
export async function openSearch(options: SearchOptions): Promise<ToolIndex> {
  const { openToolIndex } = await import('../index/open-tool-index.ts');
  const { modelFolder, storage, config } = options;
  const openStore = await storeOpener(options);
  const openStatic = sharedStatic(modelFolder);
  const { embedder, store: kept } = config.search;
  if (embedder.kind === 'static') {
    const store = kept.kind === 'chroma' ? { store: openStore(), storePatienceMs: options.patienceMs } : {};
    return openToolIndex({ modelFolder, storage, openStatic, ...store });
  }
  const preferred = await preferredSource(embedder, { ...options, openStatic }, openStore);
  return openToolIndex({ modelFolder, storage, openStatic, preferred: [preferred] });
}

/** Opened by the first who asks, and again after a failure: the static layer and the built-in embedder use the same model. */
function sharedStatic(modelFolder: string): () => Promise<Embedder> {
  let opened: Promise<Embedder> | undefined;
  return () => {
    opened ??= openStatic(modelFolder).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

async function openStatic(modelFolder: string): Promise<Embedder> {
  const { openStaticEmbedder } = await import('../index/embedding/static-embedder.ts');
  return openStaticEmbedder(join(modelFolder, 'static.bin'));
}

/** For servers that could be added: few texts, so the static model serves whatever the configuration says. */
export async function openCatalogIndex(modelFolder: string): Promise<ObservableToolIndex> {
  const { openToolIndex } = await import('../index/open-tool-index.ts');
  return openToolIndex({ modelFolder });
}

/** Makes a new store of the configured kind. */
type OpenStore = () => VectorStore;

async function storeOpener(options: SearchOptions): Promise<OpenStore> {
  const { store } = options.config.search;
  if (store.kind === 'chroma') return chromaOpener(store, options);
  const { createEmbeddedVectorStore } = await import('../index/store/embedded-vector-store.ts');
  return () => createEmbeddedVectorStore({ storage: options.storage });
}

type Chroma = Extract<StoreConfig, { kind: 'chroma' }>;

/** A server by its URL, or one of our own that runs from when it is first asked for its address. */
async function chromaOpener({ url, ...store }: Chroma, options: SearchOptions): Promise<OpenStore> {
  const { config, env, alsoClose, isTemporary } = options;
  const chroma = { ...store, isTemporary };
  const { createChromaStore } = await import('../index/store/chroma-store.ts');
  if (url !== undefined) return () => createChromaStore({ ...chroma, address: async () => url });
  const { createChromaChild } = await import('../index/store/chroma-child.ts');
  const child = createChromaChild({ dataDir: join(config.dataDir, 'chroma'), env });
  alsoClose(() => child.close());
  return () => createChromaStore({ ...chroma, address: () => child.address() });
}

/** Behind which the static model serves. */
type BetterEmbedder = Exclude<EmbedderConfig, { kind: 'static' }>;
type EmbedderOptions = SearchOptions & { readonly openStatic?: () => Promise<Embedder> };

async function preferredSource(
  embedder: BetterEmbedder,
  options: EmbedderOptions,
  openStore: OpenStore,
): Promise<VectorSource | BoundedSource> {
  const { deferEmbedder } = await import('../index/embedding/deferred-embedder.ts');
  const name = nameOf(embedder);
  const tuning = await tuningOf(embedder);
  const isBuiltin = embedder.kind === 'builtin';
  const open = () => ({
    name,
    embedder: deferEmbedder(name, (signal) => createEmbedder(embedder, options, signal)),
    store: openStore(),
    tuning,
    inBackground: isBuiltin,
    whenInDoubt: isBuiltin,
    patienceMs: options.patienceMs,
  });
  if (!isBuiltin) return open();
  const documents = () => {
    const current = options.currentConfig?.().search.embedder ?? embedder;
    return current.kind === 'builtin' ? current.encoderMaxTools : embedder.encoderMaxTools;
  };
  return { name, upTo: { documents, setting: 'search.embedder.encoder_max_tools' }, open };
}

const nameOf = (embedder: BetterEmbedder) =>
  embedder.kind === 'builtin' ? 'the built-in encoder' : `${embedder.kind} ${embedder.model ?? SHIPPED_MODEL}`;

/** Our own models deserve more of the score than others, which nobody has fitted. */
async function tuningOf(embedder: EmbedderConfig): Promise<VectorSource['tuning']> {
  const { BUILTIN_TUNING, MINILM_TUNING } = await import('../index/ranking/tuning.ts');
  if (embedder.kind === 'builtin') return BUILTIN_TUNING;
  return embedder.kind === 'transformers' && embedder.model === undefined ? MINILM_TUNING : undefined;
}

/** Folder of our own fine-tuned model, beside the built-in ones. */
const SHIPPED_MODEL = 'minilm-tools';

const STATIC_NAME = 'the static model';

/** What an evaluation measures: words alone, or vectors of an embedder in a store of the configured kind. */
export type EvaluatedEngine = 'words' | EmbedderConfig;

/** As a gateway would search with them, best first; none for words alone. The caller closes embedders and stores. */
export async function evaluatedSources(
  engine: EvaluatedEngine,
  options: SearchOptions,
): Promise<readonly (VectorSource | BoundedSource)[]> {
  if (engine === 'words') return [];
  const openStore = await storeOpener({ ...options, isTemporary: true });
  if (engine.kind === 'builtin') {
    const openStatic = sharedStatic(options.modelFolder);
    const preferred = await preferredSource(engine, { ...options, openStatic }, openStore);
    const { createEmbeddedVectorStore } = await import('../index/store/embedded-vector-store.ts');
    const fixed = { name: STATIC_NAME, embedder: await openStatic(), store: createEmbeddedVectorStore() };
    return [preferred, fixed];
  }
  const embedder = await createEmbedder(engine, options, new AbortController().signal);
  const name = engine.kind === 'static' ? STATIC_NAME : nameOf(engine);
  return [{ name, embedder, store: openStore(), tuning: await tuningOf(engine) }];
}

async function createEmbedder(chosen: EmbedderConfig, options: EmbedderOptions, signal: AbortSignal) {
  const { config, env, modelFolder, onDownload: onProgress } = options;
  if (chosen.kind === 'static') return openStatic(modelFolder);
  if (chosen.kind === 'builtin') {
    const { openBuiltinEmbedder } = await import('../index/embedding/builtin-embedder.ts');
    return openBuiltinEmbedder(modelFolder, options.openStatic);
  }
  if (chosen.kind === 'openai') {
    const { createOpenAiEmbedder } = await import('../index/embedding/openai-embedder.ts');
    return createOpenAiEmbedder({ ...chosen, signal });
  }
  const { createTransformersEmbedder } = await import('../index/embedding/transformers-embedder.ts');
  const { model = join(modelFolder, SHIPPED_MODEL), ...rest } = chosen;
  const cacheDir = join(config.dataDir, 'models');
  const libraryFolders = [config.dataDir];
  return createTransformersEmbedder({ ...rest, model, cacheDir, libraryFolders, env, signal, onProgress });
}
