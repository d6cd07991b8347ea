/** One request to an upstream server, whatever door it came through: admitted, leased, measured. There is no other way. */
import type { KnownServer } from '../catalog/server-directory.ts';
import { type GatewayError, toGatewayError } from '../errors.ts';
import type { Lease } from '../lifecycle/pool.ts';
import type { AskedCall } from '../policy/admission.ts';
import type { JsonObject } from '../stdx/json.ts';
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
}

type Parts = Pick<MetaToolParts, 'pool' | 'admission'>;

/** The upstream's result as it came. Throws RATE_LIMITED and NOT_ALLOWED, and what the pool and the session throw. */
export async function callUpstream(parts: Parts, call: UpstreamCall): Promise<JsonObject> {
  const { door, server, tool, params, context } = call;
  const { principal } = context;
  const admitted = parts.admission.admit({ principal, door, server: server.name, tool, params });
  const begunMs = performance.now();
  const timing = { upstreamMs: 0 };
  const finish = (error: GatewayError | undefined, isToolError: boolean) =>
    admitted.finish({ error, isToolError, durationMs: performance.now() - begunMs, ...timing });
  try {
    const result = await leaseAndAsk(parts, call, timing);
    finish(undefined, result.isError === true);
    return result;
  } catch (error) {
    finish(toGatewayError(error), false);
    throw error;
  }
}

async function leaseAndAsk({ pool }: Parts, call: UpstreamCall, timing: { upstreamMs: number }): Promise<JsonObject> {
  const { server, method, params, context, onStart, onLease } = call;
  const { signal, onProgress, principal } = context;
  const lease = await pool.acquire(server.name, {
    signal,
    principal: principal.id,
    ...(onStart ? { onProgress: onStart } : {}),
  });
  const begunMs = performance.now();
  try {
    onLease?.(lease);
    const options = { signal, timeoutMs: server.callTimeoutMs, maxTotalMs: server.callTotalTimeoutMs };
    return await lease.session.request(method, params, onProgress ? { ...options, onProgress } : options);
  } finally {
    timing.upstreamMs = performance.now() - begunMs;
    lease.release();
  }
}
