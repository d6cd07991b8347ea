/** Who has ended a subscription is kept by nobody, however long its server stays up. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { UpstreamSession } from '../../../src/bridge/upstream-session.ts';
import { RelayHub } from '../../../src/http/relay-hub.ts';
import { keepSubscribed } from '../../../src/http/relay-kept.ts';
import { holdFor } from '../../../src/http/relay-subscriptions.ts';
import type { RelayTarget } from '../../../src/http/relay-target.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import { collectGarbage } from '../../helpers/collect-garbage.ts';

/** Up until `end` is called; hears listeners and never says anything. */
function server(era: 'legacy' | 'modern') {
  let end = (_reason: Error) => {};
  const closed = new Promise<Error>((resolve) => {
    end = resolve;
  });
  const facts = { era, protocolVersion: '', serverInfo: {}, capabilities: {}, instructions: undefined };
  const request: UpstreamSession['request'] = (_method, _params, { signal } = {}) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
  const listeners = new Set<unknown>();
  const onNotification: UpstreamSession['onNotification'] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const rest = { listTools: async () => [], notify: () => {}, close: async () => {} };
  const session: UpstreamSession = { facts, closed, request, onNotification, ...rest };
  const state = { leases: 0 };
  const draining = new Promise<void>(() => {});
  const lease = () => {
    const release = () => void state.leases--;
    state.leases++;
    return { session, draining, release, [Symbol.dispose]: release };
  };
  const nowhere = async () => Promise.reject(new Error('nobody asks this'));
  const target: RelayTarget = {
    name: 's',
    facts: nowhere,
    inputSchema: () => undefined,
    request: nowhere,
    hold: async () => lease(),
    leases: () => state.leases,
  };
  return { target, state, listeners, end };
}

/** What is still known of those that had ended their subscriptions. */
async function remembered(subscribers: readonly WeakRef<object>[]): Promise<number> {
  for (let at = 0; at < 3; at++) {
    await turn();
    collectGarbage();
  }
  return subscribers.filter((each) => each.deref() !== undefined).length;
}

function setUp(era: 'legacy' | 'modern') {
  const { target, ...rest } = server(era);
  const parts = { target, hub: new RelayHub(target.leases) };
  /** One that is held by its own listener alone, as a session is by what it is told. */
  const subscriber = () => {
    const one = { heard: [] as string[] };
    const missed = (uri: string) => void one.heard.push(uri);
    const begin = () => holdFor(parts, { principal: LOCAL }, { uris: ['test://a'], missed });
    return { one: new WeakRef<object>(one), begin, missed };
  };
  return { ...parts, ...rest, subscriber };
}

it.each(['legacy', 'modern'] as const)('is so for streams that listen to a server of the %s era', async (era) => {
  const { subscriber, state, listeners } = setUp(era);
  const gone: WeakRef<object>[] = [];
  for (let at = 0; at < 50; at++) {
    const { one, begin } = subscriber();
    (await begin()).release();
    gone.push(one);
  }
  expect(await remembered(gone)).toBeLessThan(5);
  expect(state.leases).toBe(0);
  expect(listeners.size, 'the ear of the hub').toBe(1);
});

it.each(['legacy', 'modern'] as const)('is so for sessions that subscribe at a server of the %s era', async (era) => {
  const { subscriber, hub, state } = setUp(era);
  const gone: WeakRef<object>[] = [];
  for (let at = 0; at < 50; at++) {
    const { one, begin, missed } = subscriber();
    (await keepSubscribed({ hub, begin, onRenewed: () => missed('') }))();
    gone.push(one);
  }
  expect(await remembered(gone)).toBeLessThan(5);
  expect(state.leases).toBe(0);
});

it('lets go of a server that has ended, too', async () => {
  const { subscriber, state, end } = setUp('modern');
  await subscriber().begin();
  expect(state.leases).toBe(1);
  end(new Error('it crashed'));
  await turn();
  expect(state.leases).toBe(0);
});
