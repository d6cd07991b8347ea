/** The only writer of catalog and index: lists what servers offer, remembers it and makes it searchable. */
import type { ToolIndex } from '../../index/tool-index.ts';
import type { Catalog, ListingChange, ServerListing, WithheldTool, WithheldTools } from '../catalog/catalog.ts';
import { requireConfigured } from '../catalog/needs-config.ts';
import type { KnownServer, ServerDirectory } from '../catalog/server-directory.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { explain, GatewayError, toGatewayError } from '../errors.ts';
import type { InstanceState, Lease, Pool } from '../lifecycle/pool.ts';
import { abortable } from '../stdx/abort.ts';
import { isYoungerThan } from '../stdx/age.ts';
import type { Clock } from '../stdx/clock.ts';
import { SingleFlight } from '../stdx/single-flight.ts';
import { IndexedCatalog } from './indexed-catalog.ts';
import { isCallersDoing, isStorages, outdated } from './listing-failure.ts';
import { nothingWaits } from './nothing-waits.ts';
import { Relisting } from './relisting.ts';
import { unreachable } from './unreachable.ts';

type ServerFacts = Lease['session']['facts'];

/** What is known of one server's tools. */
export type Knowledge =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'listing'; readonly message: string }
  | { readonly kind: 'indexed'; readonly listing: ServerListing }
  | { readonly kind: 'failed'; readonly reason: string; readonly known: ServerListing | undefined };

export interface Listed {
  readonly listing: ServerListing;
  readonly change: ListingChange;
}

export interface ListOptions {
  /** Ends the waiting, not the listing: what was begun goes on, and the next caller joins it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
  /** Leaves the server running until it is idle, for a call that comes next; else it is stopped when it is listed. */
  readonly keep?: boolean;
}

export interface ListAllOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (server: string, message: string) => void;
}

export interface DiscoveryEvents {
  /** Something worth a log line; `problem` for what an admin should look at. */
  readonly note: (level: 'info' | 'problem', message: string) => void;
}

export interface DiscoveryParts {
  readonly catalog: Catalog & WithheldTools;
  readonly directory: ServerDirectory;
  readonly pool: Pool;
  readonly index: ToolIndex;
  readonly events: DiscoveryEvents;
  readonly clock: Clock;
}

/** Installs and starts are heavy on disk and processor; more at once makes every one of them late. */
const LISTINGS_AT_ONCE = 3;
/** A server that failed is not asked again by every new process at once. */
const RETRY_AFTER_MS = 10 * 60_000;

export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #indexed: IndexedCatalog;
  readonly #listing = new Map<string, string>();
  readonly #listeners = new Map<string, Set<(message: string) => void>>();
  readonly #flights = new SingleFlight<string, Listed>();
  readonly #relisting: Relisting;
  readonly #changeListeners = new Set<() => void>();
  /** Servers that somebody will call as soon as they are listed. */
  readonly #wanted = new Set<string>();

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    this.#indexed = new IndexedCatalog({ ...parts, onDamaged: (server) => this.#noteDamaged(server) });
    const { clock, pool } = parts;
    this.#relisting = new Relisting({
      clock,
      list: (server) => void this.list(server).catch(() => undefined),
      isInUse: (server) => isBusy(pool.state(server)) && !this.#listing.has(server),
      isUp: (server) => pool.state(server).kind === 'ready',
    });
  }

  /** Brings the search index up to what the catalog knows. */
  async refresh(): Promise<void> {
    await this.#indexed.refresh();
  }

  /** To be called when the directory has changed: the index follows at the next refresh. */
  noteDirectory(): void {
    this.#indexed.noteDirectory();
  }

  knowledge(server: string): Knowledge {
    const message = this.#listing.get(server);
    if (message !== undefined) return { kind: 'listing', message };
    const { catalog } = this.#parts;
    const failure = catalog.failure(server);
    const listing = catalog.listing(server);
    if (failure && failure.configHash === this.#parts.directory.get(server)?.configHash) {
      return { kind: 'failed', reason: failure.reason, known: listing };
    }
    return listing ? { kind: 'indexed', listing } : { kind: 'waiting' };
  }

  /** Lists every server that is new, changed or due for another try; failures are recorded and never thrown. */
  async listMissing(options: ListAllOptions = {}): Promise<void> {
    const due = this.#parts.directory.names().filter((server) => this.#isDue(server));
    await this.listAll(due, options);
  }

  /** Lists these servers, a few at a time; the result says of each how it went. */
  async listAll(servers: readonly string[], options: ListAllOptions = {}): Promise<Map<string, Listed | GatewayError>> {
    const { signal, onProgress } = options;
    const results = new Map<string, Listed | GatewayError>();
    const queue = [...servers];
    const worker = async () => {
      for (let server = queue.shift(); server !== undefined && !signal?.aborted; server = queue.shift()) {
        const name = server;
        const listing = this.list(name, {
          ...(signal ? { signal } : {}),
          onProgress: (message) => onProgress?.(name, message),
        });
        results.set(name, await listing.catch(toGatewayError));
      }
    };
    await Promise.all(Array.from({ length: LISTINGS_AT_ONCE }, worker));
    return results;
  }

  /** Installs, starts, lists and indexes one server, joining a listing under way. Throws what went wrong, or NEEDS_CONFIG. */
  async list(server: string, options: ListOptions = {}): Promise<Listed> {
    const known = this.#parts.directory.get(server);
    if (!known) throw new GatewayError('SERVER_UNKNOWN', `no server is called "${server}"`);
    requireConfigured(known);
    const { onProgress, signal, keep } = options;
    const listeners = this.#listenersOf(server);
    if (onProgress) listeners.add(onProgress);
    if (keep) this.#wanted.add(server);
    try {
      return await abortable(
        // A listing of what the server was before its configuration changed is not the one that is asked for.
        this.#flights.run(`${server} ${known.configHash}`, () => this.#listOnce(known)),
        signal,
      );
    } catch (error) {
      const isOutdated = !signal?.aborted && this.#parts.directory.get(server) && !this.#isCurrent(known);
      if (isOutdated) return await this.list(server, options);
      throw error;
    } finally {
      if (onProgress) listeners.delete(onProgress);
    }
  }

  /** Lists again in a moment, once however often it is said: the server's tools are not those that are known. */
  noteChanged(server: string): void {
    this.#relisting.plan(server);
  }

  /** From now on heeds what the server says of its tools on this connection, between calls too. */
  hear(server: string, session: Lease['session']): void {
    this.#relisting.hear(server, session);
  }

  /** Told when this process has listed other tools than were known. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** What of all servers, or of one, waits for approval. */
  withheld(server?: string): WithheldTool[] {
    return this.#parts.catalog.withheld(server);
  }

  /** Lets withheld tools in; the names of those that were. Throws TOOL_UNKNOWN where nothing of that name waits. */
  async approve(server: string, tool?: string): Promise<readonly string[]> {
    const names = this.#parts.catalog.approve(server, tool);
    if (names.length > 0) await this.#indexed.noteListed(server);
    else throw nothingWaits(server, tool, this.#parts.catalog.withheld());
    return names;
  }

  /** Takes back what was put off; listings under way end with the pool. */
  close(): void {
    this.#relisting.close();
  }

  /** Makes sure that the tools of a server are known; asks it only if nobody ever did. */
  async ensureListed(server: string, options: ListOptions = {}): Promise<void> {
    if (!this.#parts.catalog.listing(server)) await this.list(server, options);
  }

  async #listOnce(known: KnownServer): Promise<Listed> {
    const { events } = this.#parts;
    this.#listing.set(known.name, 'starting');
    try {
      const listed = await this.#ask(known);
      const { toolCount } = listed.listing;
      events.note('info', `indexed ${known.name}: ${toolCount} tool${toolCount === 1 ? '' : 's'}`);
      return listed;
    } catch (error) {
      const reason = explain(error);
      if (!isCallersDoing(error) && this.#isCurrent(known)) {
        events.note('problem', `cannot index ${known.name}: ${reason}`);
        if (!isStorages(error)) this.#recordFailure(known, reason);
      }
      throw error;
    } finally {
      this.#listing.delete(known.name);
    }
  }

  /** Whoever waits for the listing is to be told why it failed, also when that cannot be kept. */
  #recordFailure({ name: server, configHash }: KnownServer, reason: string): void {
    try {
      this.#parts.catalog.recordFailure({ server, configHash, reason, failedAt: Date.now() });
    } catch (error) {
      this.#parts.events.note('problem', `the failure of ${server} is not remembered: ${explain(error)}`);
    }
  }

  async #ask(known: KnownServer): Promise<Listed> {
    const { pool } = this.#parts;
    const onProgress = (message: string) => this.#tell(known.name, message);
    const wasRunning = pool.state(known.name).kind === 'ready';
    const lease = await pool.acquire(known.name, { onProgress, isUrgent: () => this.#wanted.has(known.name) });
    try {
      onProgress('listing tools');
      const tools = await lease.session.listTools();
      if (!this.#isCurrent(known)) throw outdated(known.name);
      return await this.#remember(known, lease.session.facts, tools);
    } finally {
      lease.release();
      const isWanted = this.#wanted.delete(known.name) || isBusy(pool.state(known.name));
      if (!wasRunning && !isWanted) void pool.stop(known.name, 'listed').catch(() => undefined);
    }
  }

  async #remember(known: KnownServer, facts: ServerFacts, tools: readonly ToolDefinition[]): Promise<Listed> {
    const { catalog, pool } = this.#parts;
    const { name: server, configHash } = known;
    const { protocolVersion, serverInfo, capabilities, instructions } = facts;
    const startMs = pool.startCostMs(server) ?? catalog.listing(server)?.startMs ?? 0;
    const listing = { server, configHash, listedAt: Date.now(), startMs, protocolVersion, serverInfo, capabilities };
    const quarantine = known.changes === 'quarantine';
    const change = catalog.replace({ ...listing, instructions }, tools, { quarantine });
    this.#tellWithheld(server, change.withheld ?? []);
    for (const problem of unreachable(known, catalog.toolNames(server))) this.#parts.events.note('problem', problem);
    await this.#indexed.noteListed(server);
    if (change.added.length + change.changed.length + change.removed.length > 0)
      for (const listener of this.#changeListeners) listener();
    const stored = catalog.listing(server);
    if (!stored) throw new GatewayError('INTERNAL', `the listing of ${server} was not stored`);
    return { listing: stored, change };
  }

  #noteDamaged(server: string): void {
    const what = `some of the tools of ${server} cannot be read from the data folder`;
    this.#parts.events.note('problem', `${what}; it is listed again`);
    this.noteChanged(server);
  }

  #isCurrent({ name, configHash }: KnownServer): boolean {
    return this.#parts.directory.get(name)?.configHash === configHash;
  }

  #tellWithheld(server: string, names: readonly string[]): void {
    if (names.length === 0) return;
    const what = `${names.length} new or changed tools of ${server} wait for approval`;
    this.#parts.events.note('problem', `${what}; see "tooldex changes ${server}"`);
  }

  #tell(server: string, message: string): void {
    this.#listing.set(server, message);
    for (const listener of this.#listenersOf(server)) listener(message);
  }

  #listenersOf(server: string): Set<(message: string) => void> {
    const listeners = this.#listeners.get(server) ?? new Set();
    this.#listeners.set(server, listeners);
    return listeners;
  }

  #isDue(server: string): boolean {
    const { catalog, directory } = this.#parts;
    const known = directory.get(server);
    if (known?.missing) return false;
    const hash = known?.configHash;
    const failure = catalog.failure(server);
    if (failure?.configHash === hash && failure && isYoungerThan(RETRY_AFTER_MS, failure.failedAt)) return false;
    return catalog.listing(server)?.configHash !== hash || failure !== undefined;
  }
}

const isBusy = (state: InstanceState) => state.kind === 'ready' && state.leases > 0;
