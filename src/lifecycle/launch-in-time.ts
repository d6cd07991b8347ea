/** Launches a server within its start timeout, even if its runtime pays no heed to the signal it gets. */
import { startTimeoutError } from '../bridge/server-errors.ts';
import type { Endpoint } from '../runtimes/runtime.ts';
import { abortable } from '../stdx/abort.ts';
import type { Clock } from '../stdx/clock.ts';
import type { ServerPlan } from './server-plan.ts';

export interface LaunchOptions {
  readonly server: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Throws what the runtime threw, START_TIMEOUT, or the signal's reason; an endpoint that comes too late is stopped. */
export async function launchInTime(
  plan: Pick<ServerPlan, 'runtime' | 'startTimeoutMs'>,
  { server, clock, signal }: LaunchOptions,
): Promise<Endpoint> {
  const late = new AbortController();
  const timeOut = () => late.abort(startTimeoutError(server, plan.startTimeoutMs, []));
  const cancelTimer = clock.after(plan.startTimeoutMs, timeOut);
  const either = AbortSignal.any([signal, late.signal]);
  const launched = plan.runtime.launch(either);
  try {
    return await abortable(launched, either);
  } catch (error) {
    void launched.then(stopLate).catch(() => {});
    throw error;
  } finally {
    cancelTimer();
  }
}

async function stopLate(endpoint: Endpoint): Promise<void> {
  if (endpoint.kind === 'stdio') await endpoint.stop('it came too late');
}
