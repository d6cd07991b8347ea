/** The `catalog` block to what is opened: references expanded, paths absolute. */
import { dirname } from 'node:path';
import type { CatalogConfig, CatalogSource } from './catalog-config.ts';
import type { CatalogDocument } from './catalog-schema.ts';
import { DEFAULTS } from './defaults.ts';
import type { Expander } from './expander.ts';
import { resolvePath } from './paths.ts';
import type { LoadOptions } from './resolve.ts';
import { duration } from './server-entry.ts';
import { UNALTERED_URL } from './written-forms.ts';

export function resolveCatalog(
  document: CatalogDocument | undefined,
  options: LoadOptions,
  expander: Expander,
): CatalogConfig | undefined {
  if (document === undefined) return undefined;
  const scope = { env: options.env, folder: dirname(options.file), bareNames: false };
  const { sources, names, refresh, network, inputs = {} } = expander.expand(document, ['catalog'], scope);
  for (const [server, values] of Object.entries(inputs)) expander.noteLiterals(texts(values), ['catalog', server]);
  for (const [at, source] of sources.entries()) {
    if (typeof source !== 'string') expander.noteLiterals(source.headers ?? {}, ['catalog']);
    if (typeof source !== 'string') expander.hold(source.url, UNALTERED_URL, ['catalog', 'sources', at, 'url']);
    else if (IS_URL.test(source)) expander.hold(source, UNALTERED_URL, ['catalog', 'sources', at]);
  }
  return {
    sources: sources.map((source) => toSource(source, options)),
    names,
    refreshMs: duration(refresh ?? DEFAULTS.catalogRefresh),
    network: network ?? DEFAULTS.network,
    inputs,
  };
}

const IS_URL = /^https?:\/\//;

function toSource(source: CatalogDocument['sources'][number], { file, env }: LoadOptions): CatalogSource {
  if (typeof source !== 'string') return { kind: 'url', at: source.url, headers: source.headers ?? {} };
  if (IS_URL.test(source)) return { kind: 'url', at: source, headers: {} };
  return { kind: 'path', at: resolvePath(source, dirname(file), env) };
}

const texts = (values: Readonly<Record<string, string | readonly string[]>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
