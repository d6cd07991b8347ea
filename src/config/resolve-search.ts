/** The `search` block to what the gateway opens: references expanded, folders absolute. */
import { dirname } from 'node:path';
import type { EmbedderConfig, SearchConfig, StoreConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import type { Expander } from './expander.ts';
import { resolvePath } from './paths.ts';
import type { LoadOptions } from './resolve.ts';
import type { SearchDocument } from './search-schema.ts';

export function resolveSearch(document: SearchDocument = {}, options: LoadOptions, expander: Expander): SearchConfig {
  const scope = { env: options.env, folder: dirname(options.file), bareNames: false };
  return {
    limit: document.limit ?? DEFAULTS.searchLimit,
    tokensMax: document.max_tokens ?? DEFAULTS.searchTokensMax,
    embedder: resolveEmbedder(expander.expand(document.embedder, ['search', 'embedder'], scope), options),
    store: resolveStore(expander.expand(document.store, ['search', 'store'], scope)),
  };
}

function resolveEmbedder(embedder: SearchDocument['embedder'], { file, env }: LoadOptions): EmbedderConfig {
  if (embedder === undefined || embedder.kind === 'builtin')
    return { kind: 'builtin', encoderMaxTools: embedder?.encoder_max_tools ?? DEFAULTS.encoderMaxTools };
  if (embedder.kind === 'static') return embedder;
  if (embedder.kind === 'openai') {
    const { api_key: apiKey, headers = {}, ...rest } = embedder;
    return { ...rest, apiKey, headers };
  }
  const { model, hub_token: hubToken, offline = false, ...rest } = embedder;
  const isFolder = model !== undefined && /^(\.{1,2}\/|~\/|\/)/.test(model);
  return { ...rest, offline, hubToken, model: isFolder ? resolvePath(model, dirname(file), env) : model };
}

function resolveStore(store: SearchDocument['store']): StoreConfig {
  if (store === undefined || store.kind === 'embedded') return { kind: 'embedded' };
  const { api_key: apiKey, collection_prefix: collectionPrefix = DEFAULTS.collectionPrefix, headers = {} } = store;
  const { kind, url, tenant, database } = store;
  return { kind, url, tenant, database, apiKey, headers, collectionPrefix };
}
