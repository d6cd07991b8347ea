/** The servers that an admin's catalog has: read from files and registries, remembered, and found by name. */
import { isDeepStrictEqual } from 'node:util';
import type { CatalogConfig, CatalogSource } from '../config/catalog-config.ts';
import { factsOf } from '../config/server-json.ts';
import { matchesGlob } from '../config/tool-filter.ts';
import { explain, GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { SingleFlight } from '../stdx/single-flight.ts';
import { type CatalogStore, createCatalogStore } from './catalog-store.ts';
import { fetchCatalog } from './fetch-catalog.ts';
import { readCatalogFiles } from './read-catalog-files.ts';

export interface CatalogServer {
  /** As `io.github.acme/tracker`. */
  readonly name: string;
  /** Its last part, as servers are called here. */
  readonly shortName: string;
  readonly version: string;
  readonly description: string;
  readonly source: string;
  readonly isLocal: boolean;
  readonly serverJson: unknown;
}

export interface ServerCatalog {
  /** The same array while nothing has changed. Waits for sources that were never read; never rejects, since what is wrong with one is logged and the others remain. */
  all(): Promise<readonly CatalogServer[]>;
  /** By its whole name or its last part. Throws ARGUMENTS_INVALID when several have that. */
  find(name: string): Promise<CatalogServer | undefined>;
}

export interface ServerCatalogOptions {
  /** Asked each time: a reload may bring another one. */
  readonly config: () => CatalogConfig | undefined;
  /** Where answers of URLs are kept, so that a start needs no network. */
  readonly folder: string;
  readonly warn: (message: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Files are cheap to read, but not for each of many questions at once. */
const FILES_FRESH_MS = 1_000;
const RETRY_AFTER_MS = 60_000;

interface Read {
  readonly servers: readonly CatalogServer[];
  readonly at: number;
  readonly freshMs: number;
}

export function createServerCatalog(options: ServerCatalogOptions): ServerCatalog {
  const { config } = options;
  const sources = new Map<string, SourceReader>();
  const readerOf = (source: CatalogSource) => {
    const key = JSON.stringify(source);
    const reader = sources.get(key) ?? new SourceReader(source, options);
    sources.set(key, reader);
    return reader;
  };
  let last: { readonly made: readonly unknown[]; readonly servers: readonly CatalogServer[] } = {
    made: [],
    servers: [],
  };
  const all = async () => {
    const { sources: wanted = [], names } = config() ?? {};
    const lists = await Promise.all(wanted.map((source) => readerOf(source).servers()));
    const made = [names, ...lists];
    if (made.length !== last.made.length || made.some((each, at) => each !== last.made[at]))
      last = { made, servers: merged(lists, names) };
    return last.servers;
  };
  return { all, find: async (name) => findIn(await all(), name) };
}

/** The first of each name, as far as it may be there. */
function merged(lists: readonly (readonly CatalogServer[])[], names: CatalogConfig['names']): CatalogServer[] {
  const byName = new Map<string, CatalogServer>();
  for (const server of lists.flat()) {
    const isThere = names === undefined || names.some((pattern) => matchesGlob(server.name, pattern));
    if (isThere && !byName.has(server.name)) byName.set(server.name, server);
  }
  return [...byName.values()];
}

/** One source, read again when what was read is old. */
class SourceReader {
  readonly #source: CatalogSource;
  readonly #options: ServerCatalogOptions;
  readonly #store: CatalogStore;
  #read: Read = { servers: [], at: Number.NEGATIVE_INFINITY, freshMs: 0 };
  readonly #readings = new SingleFlight<'read', Read>();

  constructor(source: CatalogSource, options: ServerCatalogOptions) {
    this.#source = source;
    this.#options = options;
    this.#store = createCatalogStore(options.folder);
  }

  async servers(): Promise<readonly CatalogServer[]> {
    if (this.#options.now() - this.#read.at < this.#read.freshMs) return this.#read.servers;
    this.#read = await this.#readings.run('read', () => this.#readAnew());
    return this.#read.servers;
  }

  async #readAnew(): Promise<Read> {
    const { now, warn } = this.#options;
    const { at } = this.#source;
    try {
      return this.#source.kind === 'path' ? await this.#fromFiles() : await this.#fromUrl(this.#source);
    } catch (error) {
      warn(`the catalog ${at} cannot be read: ${explain(error)}`);
      const isFirst = this.#read.servers.length === 0;
      const servers = isFirst ? this.#toServers((await this.#store.load(at))?.list ?? []) : this.#read.servers;
      return { servers, at: now(), freshMs: RETRY_AFTER_MS };
    }
  }

  async #fromFiles(): Promise<Read> {
    const { now, warn } = this.#options;
    const servers = this.#toServers(await readCatalogFiles(this.#source.at, warn));
    const isSame = isDeepStrictEqual(servers, this.#read.servers);
    return { servers: isSame ? this.#read.servers : servers, at: now(), freshMs: FILES_FRESH_MS };
  }

  async #fromUrl(source: Extract<CatalogSource, { kind: 'url' }>): Promise<Read> {
    const { config, now, warn } = this.#options;
    const freshMs = config()?.refreshMs ?? 0;
    const kept = await this.#store.load(source.at);
    if (kept && now() - kept.at < freshMs) return { servers: this.#toServers(kept.list), at: kept.at, freshMs };
    const list = await fetchCatalog(source);
    const notKept = (error: unknown) => warn(`what ${source.at} answered cannot be kept: ${explain(error)}`);
    await this.#store.save(source.at, { at: now(), list }).catch(notKept);
    return { servers: this.#toServers(list), at: now(), freshMs };
  }

  #toServers(list: readonly unknown[]): CatalogServer[] {
    return toServers(list, this.#source, this.#options.warn);
  }
}

/** Of several versions of a server the one that the registry calls the latest, or else the last of the list. */
function toServers(list: readonly unknown[], source: CatalogSource, warn: (message: string) => void): CatalogServer[] {
  const byName = new Map<string, { readonly server: CatalogServer; readonly isLatest: boolean }>();
  for (const item of list) {
    const server = toServer(item, source, warn);
    if (!server) continue;
    const { status, isLatest } = officialMeta(item);
    if (status === 'deleted' || byName.get(server.name)?.isLatest) continue;
    byName.set(server.name, { server, isLatest });
  }
  return [...byName.values()].map(({ server }) => server);
}

function toServer(
  item: unknown,
  { kind, at }: CatalogSource,
  warn: (message: string) => void,
): CatalogServer | undefined {
  try {
    const { name, version, description } = factsOf(item);
    if (name === '') throw new GatewayError('USAGE', 'a server has no name');
    const serverJson = isObject(item) && isObject(item.server) ? item.server : item;
    const shortName = shortNameOf(name);
    return { name, shortName, version, description, source: at, isLocal: kind === 'path', serverJson };
  } catch (error) {
    warn(`a server of the catalog ${at} is left out: ${explain(error)}`);
    return undefined;
  }
}

/** Letters, digits, `-`, `_` and `.`, as servers are called in a file. */
function shortNameOf(name: string): string {
  const last = (name.split('/').at(-1) ?? name)
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return last === '' || last === 'tooldex' ? `${last || 'server'}-mcp` : last;
}

const OFFICIAL = 'io.modelcontextprotocol.registry/official';

function officialMeta(item: unknown): { readonly status: unknown; readonly isLatest: boolean } {
  const meta = isObject(item) && isObject(item._meta) ? item._meta[OFFICIAL] : undefined;
  const official = isObject(meta) ? meta : {};
  return { status: official.status, isLatest: official.isLatest === true || official.is_latest === true };
}

function findIn(servers: readonly CatalogServer[], name: string): CatalogServer | undefined {
  const exact = servers.find((server) => server.name === name);
  if (exact) return exact;
  const short = servers.filter(({ shortName }) => shortName.toLowerCase() === name.toLowerCase());
  if (short.length < 2) return short[0];
  throw new GatewayError('ARGUMENTS_INVALID', `${short.length} servers of the catalog are called "${name}"`, {
    hint: `say which: ${short
      .slice(0, 10)
      .map((server) => server.name)
      .join(', ')}`,
  });
}
