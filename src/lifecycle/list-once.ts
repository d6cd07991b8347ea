/** Starts a server beside all instances of the pool, asks for its tools, and ends it: to look at one before it is used. */
import { exitedOnProbe } from '../bridge/server-errors.ts';
import type { Era } from '../bridge/upstream-session.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { systemClock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import { launchInTime } from './launch-in-time.ts';
import type { OpenSession } from './server-plan.ts';

export interface ListOnceOptions {
  readonly open: OpenSession;
  readonly server: string;
  readonly clientInfo: JsonObject;
  readonly startTimeoutMs: number;
  /** Of each page of the listing. */
  readonly callTimeoutMs: number;
}

/** Throws what launching, opening or listing throws; nothing is left running either way. */
export async function listOnce(runtime: Runtime, options: ListOnceOptions, eraHint?: Era): Promise<ToolDefinition[]> {
  const { open, server, clientInfo, startTimeoutMs, callTimeoutMs } = options;
  const forever = new AbortController().signal;
  const plan = { runtime, startTimeoutMs };
  const endpoint = await launchInTime(plan, { server, clock: systemClock, signal: forever });
  try {
    const session = await open(endpoint, { server, clientInfo, startTimeoutMs, ...(eraHint && { eraHint }) });
    try {
      return await session.listTools({ timeoutMs: callTimeoutMs });
    } finally {
      await session.close('listed');
    }
  } catch (error) {
    if (eraHint === 'legacy' || !exitedOnProbe(error)) throw error;
  } finally {
    if (endpoint.kind === 'stdio') await endpoint.stop('listed');
  }
  return listOnce(runtime, options, 'legacy');
}
