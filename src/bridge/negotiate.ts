/** Finds out which era a server speaks, on the connection that will be used: no second process only to ask. */
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import {
  LEGACY_VERSION,
  META_CLIENT_CAPABILITIES,
  META_CLIENT_INFO,
  META_PROTOCOL_VERSION,
  META_SERVER_INFO,
  MODERN_VERSION,
} from './protocol-versions.ts';
import { isJsonObject } from './rpc-message.ts';
import type { PeerCallOptions, RpcPeer } from './rpc-peer.ts';
import { asProbeExit, httpStatusOf, rpcCodeOf, rpcDataOf } from './server-errors.ts';
import type { Era, ServerFacts } from './upstream-session.ts';

const HINTED_PATIENCE = 6;
const UNSUPPORTED_VERSION = -32022;

export interface NegotiateOptions {
  readonly server: string;
  readonly clientInfo: JsonObject;
  /** What the client in whose name we connect can do; empty when there is none. */
  readonly capabilities?: JsonObject;
  /** What the server turned out to be last time; a wrong hint costs one round trip, never the connection. */
  readonly eraHint: Era | undefined;
  /** How long the question that only modern servers know may stay unanswered before the old one is asked too. */
  readonly probeTimeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The facts of an open connection, `initialized` sent where the era wants it. Throws what the server answered. */
export async function negotiate(peer: RpcPeer, options: NegotiateOptions): Promise<ServerFacts> {
  const facts = await (options.eraHint === 'legacy' ? legacyFirst(peer, options) : modernFirst(peer, options));
  peer.useVersion(facts.protocolVersion);
  if (facts.era === 'legacy') peer.notify('notifications/initialized');
  return facts;
}

/** What a modern server wants to read in `_meta` of every request. Without a client behind us we can do nothing for it. */
export function modernMeta(clientInfo: JsonObject, capabilities: JsonObject = {}): JsonObject {
  return {
    [META_PROTOCOL_VERSION]: MODERN_VERSION,
    [META_CLIENT_INFO]: clientInfo,
    [META_CLIENT_CAPABILITIES]: capabilities,
  };
}

/** A server that was upgraded since it was legacy refuses `initialize`; then it is asked the new way. */
async function legacyFirst(peer: RpcPeer, options: NegotiateOptions): Promise<ServerFacts> {
  try {
    return await initialize(peer, options);
  } catch (error) {
    const facts = isRefusal(error) ? await discover(peer, options) : undefined;
    if (facts) return facts;
    throw error;
  }
}

/**
 * A slow server leaves the probe unanswered just like one that ignores it, so after a while both questions stand, and
 * the first useful answer decides.
 */
async function modernFirst(peer: RpcPeer, options: NegotiateOptions): Promise<ServerFacts> {
  const abandoned = new AbortController();
  const quiet: NegotiateOptions = { ...options, signal: AbortSignal.any([options.signal, abandoned.signal]) };
  const probe = discover(peer, quiet);
  const patience = wait(options);
  try {
    const early = await Promise.race([probe.catch(rethrowAsProbeExit), patience.over]);
    if (early !== 'no-answer') return early ?? (await initialize(peer, quiet));
    return await Promise.race([probe.then((facts) => facts ?? never()), initializeBeside(probe, peer, quiet)]);
  } finally {
    // The loser's rejection is nobody's concern any more.
    probe.catch(() => {});
    patience.cancel();
    abandoned.abort();
  }
}

/** A refusal may be that of a modern server whose answer to the probe is only a moment behind. */
async function initializeBeside(
  probe: Promise<ServerFacts | undefined>,
  peer: RpcPeer,
  options: NegotiateOptions,
): Promise<ServerFacts> {
  try {
    return await initialize(peer, options);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const patience = wait(options);
    const late = await Promise.race([probe, patience.over]).finally(patience.cancel);
    if (late && late !== 'no-answer') return late;
    throw error;
  }
}

/** Facts if the server is modern, undefined if it answered anything else. Throws only if it cannot answer. */
async function discover(peer: RpcPeer, options: NegotiateOptions): Promise<ServerFacts | undefined> {
  const params = { _meta: modernMeta(options.clientInfo, options.capabilities) };
  const ask = () => peer.request('server/discover', params, quietly(options));
  try {
    // Whoever refuses our version and offers that very one may have become ready meanwhile, so it is asked once more.
    return readDiscovery(await ask().catch((error: unknown) => (offersOurs(error) ? ask() : Promise.reject(error))));
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function offersOurs(error: unknown): boolean {
  const data = rpcDataOf(error, UNSUPPORTED_VERSION);
  return isJsonObject(data) && Array.isArray(data.supported) && data.supported.includes(MODERN_VERSION);
}

function readDiscovery(result: JsonObject): ServerFacts | undefined {
  const { supportedVersions, capabilities, instructions, _meta: meta } = result;
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(MODERN_VERSION)) return undefined;
  const serverInfo = isJsonObject(meta) ? meta[META_SERVER_INFO] : undefined;
  return {
    era: 'modern',
    protocolVersion: MODERN_VERSION,
    serverInfo: isJsonObject(serverInfo) ? serverInfo : {},
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    instructions: typeof instructions === 'string' ? instructions : undefined,
  };
}

async function initialize(peer: RpcPeer, options: NegotiateOptions): Promise<ServerFacts> {
  const { clientInfo, capabilities: ours = {} } = options;
  const params = { protocolVersion: LEGACY_VERSION, capabilities: ours, clientInfo };
  const result = await peer.request('initialize', params, quietly(options));
  const { protocolVersion, serverInfo, capabilities, instructions } = result;
  if (typeof protocolVersion !== 'string') {
    throw new GatewayError(
      'PROTOCOL_VIOLATION',
      `Server "${options.server}" answered initialize without a protocol version`,
    );
  }
  return {
    era: 'legacy',
    protocolVersion,
    serverInfo: isJsonObject(serverInfo) ? serverInfo : {},
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    instructions: typeof instructions === 'string' ? instructions : undefined,
  };
}

function rethrowAsProbeExit(error: unknown): never {
  throw asProbeExit(error);
}

function quietly({ signal }: NegotiateOptions): PeerCallOptions {
  return { signal, isQuiet: true };
}

/** A server that was modern last time is given longer: it is likely to be slow, not old. */
function wait({ clock, probeTimeoutMs, eraHint }: NegotiateOptions): {
  over: Promise<'no-answer'>;
  cancel: () => void;
} {
  const patienceMs = eraHint === 'modern' ? probeTimeoutMs * HINTED_PATIENCE : probeTimeoutMs;
  let cancel = () => {};
  const over = new Promise<'no-answer'>((resolve) => {
    cancel = clock.after(patienceMs, () => resolve('no-answer'));
  });
  return { over, cancel };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Neither missing credentials nor a failing server say anything about the era; any other refusal does. */
function isRefusal(error: unknown): boolean {
  const status = httpStatusOf(error);
  if (status !== undefined) return status >= 400 && status < 500 && status !== 401 && status !== 403;
  if (rpcCodeOf(error) !== undefined) return true;
  return error instanceof GatewayError && error.code === 'PROTOCOL_VIOLATION';
}
