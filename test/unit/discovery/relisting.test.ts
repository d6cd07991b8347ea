/** When a server that says that its tools have changed is asked for them, with a clock that a test moves. */
import { expect, it } from 'vitest';
import { Relisting } from '../../../src/discovery/relisting.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

function setUp() {
  const clock = fakeClock();
  const listedMs: number[] = [];
  const server = { isInUse: false, isUp: true };
  const relisting = new Relisting({
    clock,
    list: () => listedMs.push(clock.now()),
    isInUse: () => server.isInUse,
    isUp: () => server.isUp,
  });
  const listeners = new Set<(method: string, params: JsonObject) => void>();
  const session = {
    onNotification: (listener: (method: string, params: JsonObject) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  relisting.hear('s', session);
  relisting.hear('s', session);
  const say = (method: string) => {
    for (const listener of listeners) listener(method, {});
  };
  return {
    clock,
    listedMs,
    server,
    relisting,
    listeners,
    announce: () => say('notifications/tools/list_changed'),
    say,
  };
}

it('listens once to a connection, and lists once after many announcements', async () => {
  const { clock, listedMs, listeners, announce, say } = setUp();
  expect(listeners.size).toBe(1);
  say('notifications/message');
  for (let count = 0; count < 100; count++) announce();
  await clock.advance(60_000);
  expect(listedMs).toEqual([2_000]);
});

it('asks a server that announces all the time less and less often, and as at first after a calm while', async () => {
  const { clock, listedMs, announce } = setUp();
  for (let second = 0; second < 3_600; second++) {
    announce();
    await clock.advance(1_000);
  }
  expect(listedMs.slice(0, 4)).toEqual([2_000, 6_000, 14_000, 30_000]);
  expect(listedMs.length).toBeLessThan(16);
  await clock.advance(700_000);
  const before = listedMs.length;
  const fromMs = clock.now();
  announce();
  await clock.advance(2_000);
  expect(listedMs.slice(before)).toEqual([fromMs + 2_000]);
});

it('lets a server go that announces on its way out, and starts it for what was said in a call', async () => {
  const { clock, listedMs, server, announce } = setUp();
  announce();
  server.isUp = false;
  await clock.advance(2_000);
  expect(listedMs).toEqual([]);
  server.isInUse = true;
  announce();
  await clock.advance(2_000);
  expect(listedMs).toHaveLength(1);
});

it('does not let what it puts off wait for what is certain', async () => {
  const { clock, listedMs, announce, relisting } = setUp();
  announce();
  await clock.advance(2_000);
  announce();
  relisting.plan('s');
  relisting.plan('s');
  await clock.advance(2_000);
  expect(listedMs).toEqual([2_000, 4_000]);
  await clock.advance(60_000);
  expect(listedMs).toHaveLength(2);
});

it('lists nothing any more when it is closed', async () => {
  const { clock, listedMs, announce, relisting } = setUp();
  announce();
  relisting.plan('t');
  relisting.close();
  await clock.advance(60_000);
  expect(listedMs).toEqual([]);
});
