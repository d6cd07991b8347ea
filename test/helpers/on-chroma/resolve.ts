/**
 * Stands for src/config/resolve.ts where tests run on Chroma: what a configuration leaves open becomes a store there, with the
 * embedder that asks it from the first search on. A data folder is what keeps vectors apart, so each has its own collections.
 */
import type { SearchConfig } from '../../../src/config/config.ts';
import { resolveDocument as resolveAsWritten } from '../../../src/config/resolve.ts';
import { chromaUrl, collectionPrefix } from './place.ts';

export * from '../../../src/config/resolve.ts';

export const resolveDocument: typeof resolveAsWritten = (document, options) => {
  const resolved = resolveAsWritten(document, options);
  if (!('config' in resolved)) return resolved;
  const { config } = resolved;
  const search: SearchConfig = {
    ...config.search,
    ...(document.search?.embedder === undefined ? { embedder: { kind: 'static' } } : {}),
    ...(document.search?.store === undefined ? { store: storeOf(config.dataDir) } : {}),
  };
  return { config: { ...config, search } };
};

function storeOf(dataDir: string): SearchConfig['store'] {
  return {
    kind: 'chroma',
    url: chromaUrl(),
    tenant: undefined,
    database: undefined,
    apiKey: undefined,
    headers: {},
    collectionPrefix: collectionPrefix(dataDir),
  };
}
