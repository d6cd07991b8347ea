/** A legacy client's subscription, which nobody can tell it has ended: it is renewed on each new instance of the server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import type { RelayHub } from './relay-hub.ts';

/** Between attempts, so that the pool's own back-off has its time; then the subscription is given up. */
const DELAYS_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];

export interface Held {
  readonly upstream: UpstreamSession;
  release(): void;
}

export interface KeptSubscription {
  readonly hub: RelayHub;
  /** Starts the server if need be, and subscribes. */
  readonly begin: () => Promise<Held>;
  /** The subscription is there again; what happened meanwhile is unknown. */
  readonly onRenewed: () => void;
}

/** Rejects when it cannot be begun; afterwards it lasts until the returned function is called. */
export async function keepSubscribed({ hub, begin, onRenewed }: KeptSubscription): Promise<() => void> {
  const over = new AbortController();
  let held = await begin();
  const follow = async () => {
    while (!over.signal.aborted) {
      const reason = await hub.endings.wait(held.upstream.closed, over.signal);
      if (!reason) return;
      // Who stopped it on purpose does not want it back for this alone.
      if (wasStopped(reason)) await hub.nextInstance(over.signal);
      held = await beginAgain(begin, over.signal);
      if (over.signal.aborted) held.release();
      else onRenewed();
    }
  };
  void follow().catch(() => {});
  return () => {
    over.abort();
    held.release();
  };
}

async function beginAgain(begin: () => Promise<Held>, signal: AbortSignal): Promise<Held> {
  let last: unknown;
  for (const delayMs of DELAYS_MS) {
    await sleep(delayMs, undefined, { signal, ref: false });
    try {
      return await begin();
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

const wasStopped = (reason: Error) => reason instanceof GatewayError && reason.code === 'SHUTTING_DOWN';
