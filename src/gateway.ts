/** The composition root: the only place that builds the parts and ties them together. */
import { randomUUID } from 'node:crypto';
import type { Catalog } from './catalog/catalog.ts';
import { ConfiguredServers } from './catalog/configured-servers.ts';
import type { Config } from './config/config.ts';
import type { ReloadPlan } from './config/plan-reload.ts';
import { explain } from './errors.ts';
import { openKnown } from './gateway-known.ts';
import { type Observed, openObserved } from './gateway-observed.ts';
import { menuMaker, policyMaker } from './gateway-policy.ts';
import { createProfiles, type Profiles } from './gateway-profiles.ts';
import { type ConfigStatus, LiveConfig, type Running } from './gateway-reload.ts';
import { type Identity, identityOf } from './meta-tools/identity.ts';
import { buildMenu, type Menu } from './meta-tools/menu.ts';
import type { MetaToolParts } from './meta-tools/parts.ts';
import { type CallRecord, type MetaToolCalls, registerMetaTools } from './meta-tools/register.ts';
import { createDownloadLog } from './observability/download-log.ts';
import type { Log } from './observability/log.ts';
import { createAdmission } from './policy/admission.ts';
import { createLimitedCalls } from './policy/limited-calls.ts';
import { createLoopGuard, type LoopGuard } from './policy/loop-guard.ts';
import { createPathGuard } from './runtimes/workspace/path-guard.ts';
import { workspaceOf } from './runtimes/workspace/workspace-of.ts';
import { type Closing, closeEach } from './stdx/close-each.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the built-in embedding model is. */
  readonly modelFolder: string;
  /** Results in one piece however long, for a process that ends before anybody could read on. */
  readonly wholeResults?: boolean;
  /** How long a search may wait for the wanted embedder, for a process that ends after its answer; others answer at once by what they have. */
  readonly searchPatienceMs?: number;
}

export interface Gateway {
  readonly identity: Identity;
  /** Tells servers at URLs who asks, and finds out when that was ourselves. */
  readonly loop: LoopGuard;
  readonly menu: Menu;
  /** The menu as it is for somebody who sees only some servers: it names no other. */
  menuFor(seesServer: (server: string) => boolean): Menu;
  readonly calls: MetaToolCalls;
  /** Virtual servers. */
  readonly profiles: Profiles;
  /** Opens catalog, index and pool on first use, and again where that failed; the menu needs none of them. */
  open(): Promise<MetaToolParts>;
  /** Resolves when `open` has succeeded for whomever; never rejects. */
  readonly whenOpen: Promise<MetaToolParts>;
  /** Puts another configuration into use, wholly or not at all; the menu stays. Throws CONFIG_INVALID. */
  reload(config: Config): Promise<ReloadPlan>;
  /** Notes that the file has changed but cannot be used. */
  refuseConfig(error: unknown): void;
  configStatus(): ConfigStatus;
  /** What is known of the gateway itself, for metrics and readiness. */
  observed(): Promise<Observed>;
  /** Drains calls, stops every server, closes the files. */
  close(): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { config, log, version } = options;
  const loop = createLoopGuard(randomUUID());
  const directory = new ConfiguredServers(options.wholeResults ? unbounded(config) : config.servers.values());
  const menuServers = directory.names().map((name) => ({ name, description: directory.get(name)?.description ?? '' }));
  let opened: Promise<OpenParts> | undefined;
  let observed: Observed | undefined;
  let openedParts: MetaToolParts | undefined;
  let noteOpen: (parts: MetaToolParts) => void = () => {};
  const whenOpen = new Promise<MetaToolParts>((resolve) => {
    noteOpen = resolve;
  });
  const running = async () => (await opened?.catch(() => undefined))?.running;
  const live = new LiveConfig({ config, directory, log, running });
  const openAll = async () => {
    opened ??= openParts({ ...options, loop }, directory, live).catch((error: unknown) => {
      // Whoever comes next may find the fault removed.
      opened = undefined;
      throw error;
    });
    const all = await opened;
    observed = all.observed;
    openedParts = all.parts;
    noteOpen(all.parts);
    return all;
  };
  const open = async () => (await openAll()).parts;
  const parts = { open, now: () => openedParts };
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => (await opened?.catch(() => undefined))?.close())();
    return closed;
  };
  const note = (record: CallRecord) => {
    noteCall(log, record);
    observed?.noteCall(record);
  };
  const identity = identityOf(version);
  const menuFor = menuMaker(menuServers);
  return {
    identity,
    loop,
    menu: buildMenu(menuServers),
    menuFor,
    calls: registerMetaTools(parts, note),
    profiles: createProfiles({ live, parts, identity, menuFor, note }),
    observed: async () => (await openAll()).observed,
    open,
    whenOpen,
    reload: async (next) => {
      const plan = await live.reload(next);
      observed?.noteConfig('applied');
      return plan;
    },
    refuseConfig: (error) => {
      live.refuse(error);
      observed?.noteConfig('refused');
    },
    configStatus: () => live.status,
    close,
  };
}

const unbounded = (config: Config) =>
  [...config.servers.values()].map((server) => ({ ...server, resultBytesMax: Number.POSITIVE_INFINITY }));

function noteCall(log: Log, { tool, durationMs, error, requestId }: CallRecord): void {
  const outcome = error ? `${error.code}: ${error.message}` : 'ok';
  log(error?.class.level ?? 'info', `${tool} ${Math.round(durationMs)} ms ${outcome}`, requestId);
}

/** Fewer are put into the index in no time by the first search; so many are better there before it. */
const LARGE_CATALOG_TOOLS = 500;

const toolCount = (catalog: Catalog) => catalog.listings().reduce((sum, listing) => sum + listing.toolCount, 0);

/** Learns what is not known yet; never rejects, for a server that cannot be listed is told of where it is asked for. */
export async function listInBackground(gateway: Gateway, log: Log): Promise<void> {
  try {
    gateway.open().catch((error: unknown) => log('warn', `indexing waits for the catalog: ${explain(error)}`));
    const { catalog, discovery, directory, pool } = await gateway.whenOpen;
    pool.keepWarm(directory.names());
    await discovery.listMissing();
    if (toolCount(catalog) > LARGE_CATALOG_TOOLS) await discovery.refresh();
  } catch (error) {
    log('warn', `indexing stopped: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface OpenParts {
  readonly parts: MetaToolParts;
  readonly observed: Observed;
  readonly running: Running;
  close(): Promise<void>;
}

type PartsOptions = GatewayOptions & Pick<Gateway, 'loop'>;

/** Everything that the menu does not need, so that clients see it before any of this is loaded: all of it, or nothing stays open. */
async function openParts(options: PartsOptions, directory: ConfiguredServers, live: LiveConfig): Promise<OpenParts> {
  const closing: Closing[] = [];
  // A disk that is full keeps the index from being stored, and nothing from being closed.
  const told = (error: unknown) => options.log('warn', `while closing: ${explain(error)}`);
  const close = () => closeEach(closing.splice(0).reverse(), told);
  try {
    return { ...(await openEach(options, { directory, live, closing })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opening {
  readonly directory: ConfiguredServers;
  readonly live: LiveConfig;
  /** Given what was opened, in that order. */
  readonly closing: Closing[];
}

async function openEach(
  options: PartsOptions,
  { directory, live, closing }: Opening,
): Promise<Omit<OpenParts, 'close'>> {
  const { config, env, log, modelFolder, searchPatienceMs: patienceMs } = options;
  const redact = (text: string) => live.current.redact(text);
  const observed = await openObserved({ config: { ...config, redact }, log, version: options.version });
  closing.push(() => observed.close());
  let listMissing = async () => {};
  const [{ catalog, blobs, added, pending }, { lazyToolIndex }, { Discovery }, { systemClock }] = await Promise.all([
    openKnown({ config, log, closing, onReopened: () => void listMissing() }),
    import('../index/lazy-tool-index.ts'),
    import('./discovery/discovery.ts'),
    import('./stdx/clock.ts'),
  ]);
  const { addedServersOf, openAdditions } = await import('./gateway-additions.ts');
  const addedServers = addedServersOf({ added, log });
  for (const server of await addedServers(live.current)) if (!directory.get(server.name)) directory.add(server);
  const behindIndex: Closing[] = [];
  closing.push(async () => void (await Promise.all(behindIndex.map((close) => close()))));
  const openIndex = async () => {
    const { openSearch } = await import('./gateway-search.ts');
    const alsoClose = (close: Closing) => behindIndex.push(close);
    const onDownload = createDownloadLog(log);
    const { createStorageLog } = await import('./observability/storage-log.ts');
    const storage = createStorageLog(blobs, log);
    const currentConfig = () => live.current;
    return openSearch({ config, currentConfig, env, modelFolder, storage, patienceMs, alsoClose, onDownload });
  };
  const index = lazyToolIndex(openIndex, observed.noteSearch);
  closing.push(() => index.close());
  const { openPool } = await import('./gateway-pool.ts');
  const generation = () => live.status.generation;
  const { pool, close: closePool } = await openPool({ ...options, directory, catalog, observed, generation });
  closing.push(closePool);
  const note = (level: 'info' | 'problem', message: string) => log(level === 'info' ? 'info' : 'warn', message);
  const discovery = new Discovery({ catalog, directory, pool, index, events: { note }, clock: systemClock });
  closing.push(() => discovery.close());
  listMissing = () => discovery.listMissing().catch((error) => log('warn', `indexing stopped: ${explain(error)}`));
  const running = { pool, discovery, addedServers };
  const openCatalogIndex = async () => (await import('./gateway-search.ts')).openCatalogIndex(modelFolder);
  const adding = { live, directory, added, pending, servers: addedServers, running, observed, clock: systemClock, log };
  const { additions, close: closeAdditions } = openAdditions({ ...adding, openIndex: openCatalogIndex });
  closing.push(closeAdditions);
  const { createApprovedTools } = await import('./meta-tools/approved-tools.ts');
  const approved = createApprovedTools({ catalog, onChanged: (server) => discovery.noteChanged(server) });
  const paths = createPathGuard({
    workspaceOf: (name, principal) => workspaceOf(directory.config(name), principal),
  });
  const now = () => systemClock.now();
  const ratesOf = (name: string) => directory.config(name);
  const limited = createLimitedCalls({ limits: () => live.current.limits, ratesOf, now });
  const admission = createAdmission([...observed.admissions, limited]);
  const built = { catalog, directory, pool, index, discovery, additions, paths, admission, approved };
  return { parts: await metaToolParts(built, live), observed, running };
}

type Built = Pick<
  MetaToolParts,
  'catalog' | 'directory' | 'pool' | 'index' | 'discovery' | 'additions' | 'paths' | 'admission' | 'approved'
>;

async function metaToolParts(built: Built, live: LiveConfig): Promise<MetaToolParts> {
  const [{ ResultStore }, { ArgumentChecker }, { systemClock }] = await Promise.all([
    import('./meta-tools/result-store.ts'),
    import('./meta-tools/argument-check.ts'),
    import('./stdx/clock.ts'),
  ]);
  const policyOf = policyMaker();
  return {
    ...built,
    get policy() {
      return policyOf(live.current);
    },
    results: new ResultStore(systemClock),
    checker: new ArgumentChecker(),
    get search() {
      return live.current.search;
    },
  };
}
