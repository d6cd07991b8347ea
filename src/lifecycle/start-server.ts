/** From a plan to an open session: install, wait for a turn, launch, agree on an era. */
import { exitedOnProbe } from '../bridge/server-errors.ts';
import type { AskableClient, Era } from '../bridge/upstream-session.ts';
import type { Endpoint } from '../runtimes/runtime.ts';
import { abortable } from '../stdx/abort.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import { launchInTime } from './launch-in-time.ts';
import type { CountingSession, EraStore, Ledger, OpenSession, ServerPlan } from './server-plan.ts';
import type { StartTurns } from './start-turns.ts';

/** A start holds its place among the starts for so long at most: one that hangs must not hold up the others. */
const START_SHARE_MS = 1_000;

export interface StartOptions {
  readonly server: string;
  readonly plan: ServerPlan;
  readonly clock: Clock;
  readonly clientInfo: JsonObject;
  readonly open: OpenSession;
  readonly ledger: Ledger;
  readonly eraStore: EraStore;
  readonly startTurns: StartTurns;
  /** Whose turn the start takes. */
  readonly principal: string;
  /** In whose name the session is opened; it answers what the server asks. */
  readonly client?: AskableClient;
}

export interface StartSteps {
  readonly signal: AbortSignal;
  /** Whether somebody who is in a hurry waits for it now. */
  readonly isUrgent: () => boolean;
  readonly installing: (message: string) => void;
  readonly installed: () => void;
  /** A process that was launched is being ended; settles (never rejects) when it is gone. */
  readonly ending: (gone: Promise<void>) => void;
}

export interface StartedServer {
  readonly session: CountingSession;
  readonly endpoint: Endpoint;
  /** From launch to initialized; milliseconds. */
  readonly costMs: number;
}

/** Throws what went wrong; nothing is left running then, or `ending` was told of it. */
export async function startServer(options: StartOptions, steps: StartSteps): Promise<StartedServer> {
  const { plan, startTurns, clock, eraStore, server, principal } = options;
  await abortable(plan.runtime.prepare(steps.installing, steps.signal, steps.isUrgent), steps.signal);
  steps.installed();
  const leave = await startTurns.enter({ principal, server }, steps.signal);
  const cancelShare = clock.after(START_SHARE_MS, leave);
  try {
    return await connect(options, steps, eraStore.get(server));
  } finally {
    cancelShare();
    leave();
  }
}

/** Ends what a launch began. Settles (never rejects) when nothing of it is left. */
export async function endProcess(endpoint: Endpoint, ledger: Ledger, reason: string): Promise<void> {
  if (endpoint.kind !== 'stdio') return;
  await endpoint.stop(reason).catch(() => {});
  if (endpoint.pid !== undefined) ledger.remove(endpoint.pid);
}

async function connect(options: StartOptions, steps: StartSteps, eraHint: Era | undefined): Promise<StartedServer> {
  const { clock, plan, server, clientInfo, client, open, ledger, eraStore } = options;
  const { signal } = steps;
  const startedMs = clock.now();
  const endpoint = await launchInTime(plan, { server, clock, signal });
  if (endpoint.kind === 'stdio' && endpoint.pid !== undefined) ledger.add({ pid: endpoint.pid, server });
  try {
    const { startTimeoutMs } = plan;
    const common = { server, clientInfo, startTimeoutMs, eraHint, signal, clock };
    const { rootsFor } = plan;
    const session = await open(endpoint, { ...common, ...(client && { client }), ...(rootsFor && { rootsFor }) });
    eraStore.set(server, session.facts.era);
    return { session, endpoint, costMs: clock.now() - startedMs };
  } catch (error) {
    steps.ending(endProcess(endpoint, ledger, 'its start failed'));
    if (eraHint === 'legacy' || !exitedOnProbe(error)) throw error;
    return connect(options, steps, 'legacy');
  }
}
