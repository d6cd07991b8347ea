/** The part of the composition root that opens the doors: HTTP and stdio, each loaded when it is asked for. */
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { ServerDirectory } from './catalog/server-directory.ts';
import type { Config } from './config/config.ts';
import type { ConfigFile } from './config/config-file.ts';
import type { Gateway } from './gateway.ts';
import { openDoor } from './gateway-access.ts';
import type { Observed } from './gateway-observed.ts';
import { readinessOf } from './gateway-readiness.ts';
import type { Administration } from './http/admin-routes.ts';
import type { HttpServer } from './http/http-server.ts';
import type { MetaToolParts } from './meta-tools/parts.ts';
import { rememberNamed } from './meta-tools/shown-view.ts';
import type { Log } from './observability/log.ts';
import { LOCAL, type Principal } from './policy/principal.ts';
import { rememberVisible } from './policy/visible-servers.ts';
import type { Json, JsonObject } from './stdx/json.ts';

export interface ServeHttpOptions {
  readonly config: Config;
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  /** What admins edit over HTTP; without it there is no `/api`. */
  readonly configFile?: ConfigFile;
}

/** Listens when it resolves; tools are listed in the background. */
export async function serveHttp(gateway: Gateway, options: ServeHttpOptions): Promise<HttpServer> {
  const { config, host, port, log } = options;
  const [{ startHttpServer }, { createDirectDoor }, parts] = await Promise.all([
    import('./http/http-server.ts'),
    import('./http/direct-door.ts'),
    gateway.open(),
  ]);
  const { identity } = gateway;
  const [visibleOf, visibleNamed, namedParts] = [rememberVisible(), rememberVisible(), rememberNamed()];
  const visible = (principal: Principal) => visibleOf(parts.directory, parts.policy, principal);
  const direct = (server: string, principal: Principal) => {
    const named = namedParts(parts);
    const known = visibleNamed(named.directory, named.policy, principal).get(server);
    return known && createDirectDoor(named, known, { principal, identity });
  };
  // Most names are those of servers, which the policy need not be asked about here.
  const profile = (name: string, principal: Principal) =>
    gateway.profiles.has(name) && parts.policy.seesProfile(principal, name)
      ? gateway.profiles.offer(name, (server) => parts.policy.seesServer(principal, server))
      : undefined;
  const onSessionEnd = (session: string) => parts.pool.endSession(session);
  const observed = await gateway.observed();
  const noteList = await listNoter(observed, { catalog: parts.catalog, visible });
  const metaOf = await metaOffers(gateway, noteList);
  const readiness = async (principal: Principal) => {
    const { status, parts: details } = readinessOf({ configStatus: gateway.configStatus, observed }, parts);
    return { status, ...(parts.policy.isAdmin(principal) ? details : {}) };
  };
  const onError = (error: Error) => log('info', `http: ${error.message}`);
  const profileNames = (principal: Principal) =>
    gateway.profiles.names().filter((name) => parts.policy.seesProfile(principal, name));
  const serverNames = (principal: Principal) => [...visible(principal).names(), ...profileNames(principal)];
  const { door, close: closeDoor } = await openDoor({ config, host, log });
  const metrics = async (principal: Principal) =>
    parts.policy.isAdmin(principal) ? observed.metrics?.page() : undefined;
  const offered = {
    host,
    port,
    metrics,
    admin: administration(gateway, parts, { ...options, onWrite: observed.noteAdmin }),
    meta: (principal: Principal) => metaOf(parts.policy, principal),
    direct,
    profile,
    profileServers: (name: string) => gateway.profiles.servers(name, parts.directory.names()),
    onSessionEnd,
    serverNames,
    door,
    loop: gateway.loop,
    readiness,
    onError,
    onRefused: observed.noteRefused,
    bounds: config.bounds,
  };
  const server = await startHttpServer(offered).catch((error: unknown) => {
    closeDoor();
    throw error;
  });
  const close = async () => {
    await server.close();
    closeDoor();
  };
  return { ...server, close };
}

/** What is behind `/mcp`. */
async function metaOffers(
  { identity, menu, menuFor, calls }: Gateway,
  noteList: Awaited<ReturnType<typeof listNoter>>,
) {
  const [{ createMetaOffer }, { rememberOffers }] = await Promise.all([
    import('./meta-tools/meta-offer.ts'),
    import('./meta-tools/remember-offers.ts'),
  ]);
  return rememberOffers((policy, principal) => {
    const seen = policy.restricts(principal) ? menuFor((name) => policy.seesServer(principal, name)) : menu;
    const offer = createMetaOffer(identity, seen, calls);
    return noteList ? { ...offer, list: (...asked) => noteList(principal, offer.list(...asked)) } : offer;
  });
}

interface ListNoterParts extends Pick<MetaToolParts, 'catalog'> {
  readonly visible: (principal: Principal) => ServerDirectory;
}

/** Undefined where nobody counts. */
async function listNoter({ metrics }: Observed, { catalog, visible }: ListNoterParts) {
  if (!metrics) return undefined;
  const [{ wholeListMeter }, { estimateTokens }] = await Promise.all([
    import('./meta-tools/whole-list.ts'),
    import('./meta-tools/tokens.ts'),
  ]);
  const whole = wholeListMeter(catalog);
  return async (principal: Principal, listing: Promise<JsonObject>) => {
    const listed = await listing;
    metrics.listed(estimateTokens(JSON.stringify(listed.tools)), whole(visible(principal)));
    return listed;
  };
}

/** The parts keep their policy behind a getter, so they are asked anew each time. */
function administration(
  gateway: Gateway,
  parts: MetaToolParts,
  options: ServeHttpOptions & Pick<Administration, 'onWrite'>,
): Administration | undefined {
  const { config, configFile, log, onWrite } = options;
  const { additions, catalog, directory, discovery, pool } = parts;
  return (
    configFile && {
      parts: { additions, catalog, directory, discovery, pool, configFile, configStatus: gateway.configStatus },
      isAdmin: (principal) => parts.policy.isAdmin(principal),
      bodyBytesMax: config.bounds.bodyBytesMax,
      log,
      onWrite,
    }
  );
}

export interface ServeStdioOptions {
  readonly input: Readable;
  /** Of an `initialize` that has its answer. */
  readonly answeredId?: Json | undefined;
  readonly output: Writable;
  /** The virtual server that is served; without it everything. */
  readonly profile?: string | undefined;
  readonly log: Log;
  /** How long calls may take that are under way when the client has closed its end. */
  readonly answersMs?: number;
}

export interface StdioDoor {
  /** Resolves when the client has closed its end and has its answers, or has had time for them, or hears nothing any more. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export async function serveOnStdio(gateway: Gateway, options: ServeStdioOptions): Promise<StdioDoor> {
  const [sdk, { answeringTransport }, { createMetaOffer }, { announceChanges, createSdkServer }, lanes, writers] =
    await Promise.all([
      import('@modelcontextprotocol/server/stdio'),
      import('./meta-tools/answering-transport.ts'),
      import('./meta-tools/meta-offer.ts'),
      import('./meta-tools/sdk-server.ts'),
      import('./meta-tools/stdio-lane.ts'),
      import('./meta-tools/stdio-writer.ts'),
    ]);
  const { input, output, log, profile, answeredId, answersMs = ANSWERS_MS_MAX } = options;
  const everything = () => createMetaOffer(gateway.identity, gateway.menu, gateway.calls);
  // A profile that does not exist throws, so nothing may be read of the input before.
  const offer = profile === undefined ? everything() : gateway.profiles.require(profile);
  // The SDK gives up its calls when its input ends, so it is not told of the end before they are answered.
  const held = new PassThrough();
  // Who does not read what it asked for is not asked what more it wants.
  const writer = new writers.StdioWriter({ output, onBehind: () => input.pause(), onRead: () => input.resume() });
  const plain = { offer, principal: LOCAL, writer, others: held, lineBytesMax: MESSAGE_BYTES_MAX };
  const lane = new lanes.StdioLane(plain);
  const pipe = new sdk.StdioServerTransport(held, output, { maxBufferSize: MESSAGE_BYTES_MAX });
  pipe.send = async (message) => writer.send(message);
  const transport = answeringTransport(pipe, { answeredId, onLegacy: () => lane.open() });
  let isClosed = false;
  const answered = hungUp(input).then(async () => {
    // What comes after the close is read by nobody.
    while (!isClosed && held.readableLength > 0) await turn();
    const all = Promise.all([transport.answered(), lane.answered()]).then(() => writer.flushed());
    await Promise.race([all, sleep(answersMs, undefined, { ref: false })]);
  });
  const ended = Promise.race([answered, hungUp(output)]);
  const onerror = (error: Error) => log('info', `stdio: ${error.message}`);
  const serve = () => {
    const server = createSdkServer(offer, { principal: LOCAL }, offer.onChange !== undefined);
    announceChanges(server, offer);
    return server;
  };
  const session = sdk.serveStdio(serve, { transport, onerror });
  const close = async () => {
    isClosed = true;
    // A client that keeps its end open would keep the process.
    input.destroy();
    lane.close();
    await session.close();
  };
  input.on('data', (chunk: Buffer) => {
    if (lane.push(chunk)) return;
    onerror(new Error(`a message of more than ${MESSAGE_BYTES_MAX / 1024 / 1024} MiB ends the connection`));
    void close();
  });
  input.resume();
  return { ended, close };
}

const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;
const ANSWERS_MS_MAX = 10_000;

function hungUp(stream: Readable | Writable): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) =>
    stream
      .once('close', resolve)
      .once('end', resolve)
      .once('error', () => resolve()),
  );
}
