/** The part of the composition root for servers that callers bring: what becomes of them, and when they are in use. */
import { isDeepStrictEqual } from 'node:util';
import type { ObservableToolIndex } from '../index/create-tool-index.ts';
import type { AddedServer, AddedServers } from './catalog/added-servers.ts';
import type { ConfiguredServers } from './catalog/configured-servers.ts';
import type { PendingServers } from './catalog/pending-servers.ts';
import type { CatalogServer } from './catalog/server-catalog.ts';
import type { Config, ServerConfig } from './config/config.ts';
import { maskEntry } from './config/mask-entry.ts';
import { readAddedServer } from './config/read-added-server.ts';
import { readCatalogServer } from './config/read-catalog-server.ts';
import { createAddableServers } from './discovery/addable-servers.ts';
import { explain, GatewayError } from './errors.ts';
import { onceEach, openServerCatalog } from './gateway-catalog.ts';
import type { Observed } from './gateway-observed.ts';
import { isLet } from './gateway-policy.ts';
import type { LiveConfig, Running } from './gateway-reload.ts';
import type { Log } from './observability/log.ts';
import type { AdditionOutcome, Additions, Brought } from './policy/additions.ts';
import { createPendingAdditions, type PendingAdditions } from './policy/pending-additions.ts';
import type { Principal } from './policy/principal.ts';
import type { Clock } from './stdx/clock.ts';
import type { JsonObject } from './stdx/json.ts';

export interface AdditionsParts {
  readonly live: LiveConfig;
  readonly directory: ConfiguredServers;
  readonly added: AddedServers;
  readonly pending: PendingServers;
  readonly servers: AddedServersOf;
  readonly running: Pick<Running, 'pool' | 'discovery'>;
  readonly observed: Observed;
  readonly clock: Clock;
  readonly log: Log;
  /** For finding servers of the catalog; opened when it is first needed. */
  readonly openIndex: () => Promise<ObservableToolIndex>;
}

/** Added servers that this configuration lets be. */
export type AddedServersOf = (config: Config) => Promise<ServerConfig[]>;

export interface OpenAdditions {
  readonly additions: Additions;
  close(): Promise<void>;
}

/** A look at one small table; an admin who has approved something waits for it no longer than this. */
const LOOK_EVERY_MS = 2_000;

/** Says once of each server why it is left out. */
export function addedServersOf({ added, log }: Pick<AdditionsParts, 'added' | 'log'>): AddedServersOf {
  const warn = onceEach((message) => log('warn', message));
  return (config) => readAddedServers(added, config, warn);
}

export function openAdditions(parts: AdditionsParts): OpenAdditions {
  const { live, added } = parts;
  const requests = createPendingAdditions(parts.pending, Date.now);
  const note = noter(parts, requests);
  const follow = () => live.inTurn(() => putIntoUse(parts));
  const refuseTaken = (brought: Brought) => check(brought, live.current);
  const fromCatalog = openFromCatalog(parts);
  const stopLooking = lookAgain(parts, follow);
  const additions: Additions = {
    async add(principal, brought) {
      refuseChosen(brought, added);
      await refuseTaken(brought);
      added.save(brought);
      note(principal, 'added', brought);
      await follow();
    },
    async ask(principal, brought) {
      await refuseTaken(brought);
      if (isApproved(brought, added)) return 'added';
      const asked = requests.ask(principal, brought.server, brought.config);
      parts.log('warn', `${principal.id} asks for the server "${brought.server}"; see "tooldex pending"`);
      note(principal, asked, brought);
      return asked;
    },
    inCatalog: fromCatalog.inCatalog,
    catalogued: fromCatalog.catalogued,
    suggest: fromCatalog.suggest,
    standing: requests.standing,
    waiting: () =>
      requests.waiting().map(({ server, id, askedBy, askedAt, isReplaced, config }) => {
        return { server, id, askedBy, askedAt, replaced: isReplaced, entry: maskEntry(server, config) };
      }),
    async approve(admin, { server, id }) {
      const request = requests.require(server, id);
      await refuseTaken(request);
      requests.approve(server, request.id, ({ config }) => added.save({ server, config, approvedBy: admin.id }));
      note(admin, 'approved', request);
    },
    reject(admin, { server, reason }) {
      const isAdded = added.all().some((each) => each.server === server);
      const isWaiting = requests.waiting().some((each) => each.server === server);
      if (isAdded && !isWaiting) {
        added.remove(server);
        note(admin, 'removed', { server });
        return 'removed';
      }
      note(admin, 'rejected', requests.reject(server, reason));
      return 'rejected';
    },
    follow,
  };
  const close = async () => {
    stopLooking();
    await fromCatalog.close();
  };
  return { additions, close };
}

/** What an admin chose is not replaced by what somebody brings. */
function refuseChosen({ server, origin }: Brought, added: AddedServers): void {
  const earlier = added.all().find((each) => each.server === server);
  const isChosen = earlier?.approvedBy !== undefined || earlier?.origin !== undefined;
  if (!isChosen || origin) return;
  throw new GatewayError('NOT_ALLOWED', `"${server}" was not added: an admin let a server of that name in`, {
    hint: 'choose another name',
  });
}

const isApproved = ({ server, config }: Brought, added: AddedServers) =>
  added
    .all()
    .some((each) => each.server === server && each.approvedBy !== undefined && isDeepStrictEqual(each.config, config));

/** Follows what other processes decide; the returned function ends it. */
function lookAgain({ added, clock, log }: AdditionsParts, follow: () => Promise<void>): () => void {
  const failed = (error: unknown) => log('warn', `added servers cannot be followed: ${explain(error)}`);
  let seen = added.stamp();
  let takeBack = () => {};
  const look = () => {
    takeBack = clock.after(LOOK_EVERY_MS, look);
    try {
      const now = added.stamp();
      if (now !== seen) void follow().catch(failed);
      seen = now;
    } catch (error) {
      failed(error);
    }
  };
  takeBack = clock.after(LOOK_EVERY_MS, look);
  return () => takeBack();
}

interface FromCatalog extends Pick<Additions, 'inCatalog' | 'catalogued' | 'suggest'> {
  close(): Promise<void>;
}

function openFromCatalog(parts: AdditionsParts): FromCatalog {
  const { live, directory, added, log, openIndex } = parts;
  const { dataDir } = live.current;
  const warn = (message: string) => log('warn', message);
  const catalog = openServerCatalog({ config: () => live.current.catalog, dataDir, warn });
  const addable = createAddableServers({ servers: catalog.all, openIndex });
  const addedAs = (name: string) => added.all().find(({ origin }) => origin?.name === name)?.server;
  return {
    async inCatalog(name) {
      const found = await catalog.find(name);
      return found && asBrought(found, addedAs(found.name) ?? freeName(found, parts));
    },
    async catalogued() {
      const servers = await catalog.all();
      return servers.map(({ name, version, description, source }) => {
        return { name, version, description, source, addedAs: addedAs(name) };
      });
    },
    async suggest(task, mayHave) {
      if (!live.current.catalog) return undefined;
      const isAddable = ({ shortName: name }: CatalogServer) => !directory.get(name) && mayHave(name);
      const found = await addable.suggest(task, isAddable);
      return found && { name: found.shortName, description: found.description };
    },
    close: addable.close,
  };
}

/** What it describes; refused when the file has a server of that name. */
async function check(brought: Brought, config: Config): Promise<ServerConfig> {
  const { server: name } = brought;
  if (!config.servers.has(name)) return read(brought, config);
  throw new GatewayError('NOT_ALLOWED', `"${name}" was not added: the configuration file has a server of that name`, {
    hint: 'choose another name, or ask the admin to change it in the file',
  });
}

/** What the file says for nothing is told through `warn`. */
async function read(brought: Brought | AddedServer, config: Config, warn?: Warn): Promise<ServerConfig> {
  const { server: name, config: given, origin } = brought;
  if (!origin) return readAddedServer({ name, given }, config);
  const { server, unused } = await readCatalogServer({ name, serverJson: given, origin }, config);
  if (unused.length > 0) warn?.(`"catalog: inputs" has ${unused.join(', ')} for "${name}", which it does not ask for`);
  return server;
}

type Warn = (message: string) => void;

/** Its short name, or with the name's owner in front where that is taken. */
function freeName({ name, shortName }: CatalogServer, { live, directory }: AdditionsParts): string {
  const isTaken = live.current.servers.has(shortName) || directory.get(shortName) !== undefined;
  const owner = name.split('/')[0]?.split('.').at(-1) ?? '';
  return isTaken && owner !== '' ? `${owner}-${shortName}`.slice(0, 64) : shortName;
}

function asBrought({ name, version, source, isLocal, serverJson }: CatalogServer, server: string): Brought {
  return { server, config: serverJson, origin: { name, version, source, isLocal } };
}

function noter({ observed }: AdditionsParts, requests: PendingAdditions) {
  return (
    principal: Principal,
    outcome: AdditionOutcome,
    { server, config, origin }: Partial<Brought> & { server: string },
  ) => {
    const given = origin ? { catalog: origin.name, version: origin.version } : maskEntry(server, config);
    const entry = given === undefined ? {} : { entry: given as JsonObject };
    observed.noteAddition({ principal, outcome, server, ...entry, waiting: requests.waiting().length });
  };
}

/** Those that an admin let in stay; of others only what the file still lets callers bring. */
async function readAddedServers(added: AddedServers, config: Config, warn: Warn): Promise<ServerConfig[]> {
  const servers: ServerConfig[] = [];
  for (const saved of added.all()) {
    const { server: name } = saved;
    if (!isLet(saved, config) || config.servers.get(name)?.enabled) continue;
    const server = await read(saved, config, warn).catch((error: Error) => error);
    if (server instanceof Error) warn(`"${name}", added earlier, is left out: ${server.message}`);
    else servers.push(server);
  }
  return servers;
}

/** A server that is new is listed in the background, one that is gone or another now is stopped after its calls. */
async function putIntoUse({ live, directory, log, servers, running }: AdditionsParts): Promise<void> {
  const { pool, discovery } = running;
  const added = await servers(live.current);
  const isOfFile = (name: string) => live.current.servers.has(name);
  const before = new Map(directory.names().map((name) => [name, directory.get(name)]));
  for (const name of before.keys())
    if (!isOfFile(name) && !added.some((server) => server.name === name)) directory.remove(name);
  for (const server of added) if (!isOfFile(server.name)) directory.add(server);
  const changed = [...new Set([...before.keys(), ...directory.names()])].filter(
    (name) => directory.get(name) !== before.get(name),
  );
  if (changed.length > 0) discovery.noteDirectory();
  for (const name of changed) {
    const graceMs = before.get(name)?.callTotalTimeoutMs ?? 0;
    const onFailure = (error: unknown) => log('warn', `${name} was not stopped: ${explain(error)}`);
    if (before.get(name)) pool.stop(name, 'it was added anew or taken out', graceMs).catch(onFailure);
    if (directory.get(name)) void discovery.list(name).catch(() => undefined);
  }
}
