/** One request to an upstream server, whatever door it came through: admitted, leased, measured. There is no other way. */
import { requireConfigured } from '../catalog/needs-config.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { AcquireOptions, Lease, Pool } from '../lifecycle/pool.ts';
import type { AskedCall } from '../policy/admission.ts';
import type { JsonObject } from '../stdx/json.ts';
import { refuseLookAlikes } from './look-alikes.ts';
import type { CallContext, MetaToolParts } from './parts.ts';

export interface UpstreamCall {
  readonly door: AskedCall['door'];
  readonly server: KnownServer;
  /** What limits and audit know it by: the tool's name, or the method of any other request. */
  readonly tool: string;
  readonly method: string;
  readonly params: JsonObject;
  readonly context: CallContext;
  /** Told how an install or start goes on. */
  readonly onStart?: (message: string) => void;
  readonly onLease?: (lease: Lease) => void;
  /** The client session that the call belongs to, and who answers the questions that a server asks meanwhile. */
  readonly behalf?: Pick<AcquireOptions, 'session' | 'client'> | undefined;
  /** What the caller declared itself, for modern servers; a result of `input_required` is then returned. */
  readonly envelope?: JsonObject | undefined;
}

type Parts = Pick<MetaToolParts, 'pool' | 'admission' | 'paths' | 'catalog' | 'approved' | 'discovery'>;

/** The upstream's result as it came. Throws ARGUMENTS_INVALID (look-alikes), NEEDS_CONFIG, RATE_LIMITED and NOT_ALLOWED (by limits, or for a path out of the workspace), and what the pool and the session throw. */
export async function callUpstream(parts: Parts, call: UpstreamCall): Promise<JsonObject> {
  const { door, server, tool, params, context } = call;
  const { principal, requestId } = context;
  requireConfigured(server);
  refuseLookAlikes(params);
  const own = call.method === 'tools/call' ? (server.shows?.own(tool) ?? tool) : tool;
  const admitted = parts.admission.admit({ principal, requestId, door, server: server.name, tool: own, params });
  const begunMs = performance.now();
  const timing = { upstreamMs: 0 };
  const finish = (error: GatewayError | undefined, isToolError: boolean) =>
    admitted.finish({ error, isToolError, durationMs: performance.now() - begunMs, upstreamMs: timing.upstreamMs });
  try {
    const result = await askWhoReads(parts, call, { timing });
    finish(undefined, result.isError === true);
    return result;
  } catch (error) {
    finish(toGatewayError(error), false);
    throw error;
  }
}

/** What an admitted call is. A server that died before it read the call has done nothing for it, so a fresh one gets it; a second death is told. */
export async function askWhoReads(parts: Parts, call: UpstreamCall, asking: Asking): Promise<JsonObject> {
  try {
    return await leaseAndAsk(parts, call, asking);
  } catch (error) {
    if (!wasUnread(error)) throw error;
    return leaseAndAsk(parts, call, { timing: asking.timing });
  }
}

export const wasUnread = (error: unknown) => error instanceof GatewayError && error.data?.unread === true;

export interface Asking {
  readonly timing: { upstreamMs: number };
  /** Taken already; released here. */
  readonly lease?: Lease | undefined;
}

/** Once. */
export async function leaseAndAsk(
  parts: Parts,
  call: UpstreamCall,
  { timing, lease: taken }: Asking,
): Promise<JsonObject> {
  const lease = taken ?? (await acquireFor(parts, call));
  const { server, tool, method, params, context, onLease, envelope } = call;
  const { signal, onProgress } = context;
  const begunMs = performance.now();
  try {
    parts.discovery.hear(server.name, lease.session);
    onLease?.(lease);
    const asking = method === 'tools/call' ? settle(parts, call, lease) : undefined;
    if (asking) await asking;
    const late = confinePaths(parts, call, isUnlisted(parts, call) ? await listedBy(lease, call) : undefined);
    if (late) await late;
    const { callTimeoutMs: timeoutMs, callTotalTimeoutMs: maxTotalMs } = server;
    const options = { signal, timeoutMs, maxTotalMs, ...(envelope ? { envelope } : {}) };
    const sent = method === 'tools/call' && server.shows ? { ...params, name: server.shows.own(tool) ?? tool } : params;
    return await lease.session.request(method, sent, onProgress ? { ...options, onProgress } : options);
  } finally {
    timing.upstreamMs = performance.now() - begunMs;
    lease.release();
  }
}

function settle({ approved }: Parts, { server, tool }: UpstreamCall, { session }: Lease): Promise<void> | undefined {
  if (server.changes !== 'quarantine') return undefined;
  const own = server.shows?.own(tool) ?? tool;
  return approved.isSettled(server, own, session) ? undefined : approved.settle(server, own, session);
}

async function acquireFor(parts: Parts, call: UpstreamCall): Promise<Lease> {
  const { server, context, onStart, behalf } = call;
  const { signal, principal } = context;
  // Once before anything is started for it, and once as late as we can: the start may have taken a while.
  const early = confinePaths(parts, call);
  if (early) await early;
  return acquireAnew(parts.pool, server.name, {
    signal,
    principal: principal.id,
    ...(onStart ? { onProgress: onStart } : {}),
    ...behalf,
  });
}

/** Throws CALL_CANCELLED when the signal aborts, unless that has a reason of ours, and else what the pool throws. */
export async function acquireAnew(pool: Pool, server: string, options: AcquireOptions): Promise<Lease> {
  try {
    return await acquireOnceMore(pool, server, options);
  } catch (error) {
    throw options.signal?.aborted && error === options.signal.reason ? givenUp(error, server) : error;
  }
}

/** A start that a reload or an admin ended was no answer yet: nothing was sent, so the call takes the next one. */
async function acquireOnceMore(pool: Pool, server: string, options: AcquireOptions): Promise<Lease> {
  try {
    return await pool.acquire(server, options);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'SHUTTING_DOWN') throw error;
    return pool.acquire(server, options);
  }
}

/** Told to whoever gave up waiting for a place. */
export function givenUp(reason: unknown, server: string): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError('CALL_CANCELLED', `the caller gave up waiting for ${server}`, { cause: reason });
}

/** Which of its arguments are paths nobody can tell of a tool that was never listed. */
function isUnlisted({ paths, catalog }: Parts, { server, tool, method, context }: UpstreamCall): boolean {
  const isConfined = method === 'tools/call' && paths.confines(server.name, context.principal);
  return isConfined && catalog.tool(server.name, tool) === undefined;
}

async function listedBy({ session }: Lease, { server, tool, context }: UpstreamCall) {
  const own = server.shows?.own(tool) ?? tool;
  return (await session.listTools({ signal: context.signal })).find(({ name }) => name === own);
}

function confinePaths(
  { paths, catalog }: Parts,
  { server, tool, params, context }: UpstreamCall,
  listed?: ToolDefinition,
) {
  const definition = () => catalog.tool(server.name, tool)?.definition ?? listed;
  return paths.confine({ principal: context.principal, server: server.name, tool, params, definition });
}
