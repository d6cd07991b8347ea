/** Who shares an instance with whom, and that nothing stays of those who left. */
import { describe, expect, it } from 'vitest';
import type { AskableClient } from '../../../src/bridge/upstream-session.ts';
import type { Lease } from '../../../src/lifecycle/pool.ts';
import { settled } from '../../helpers/fake-clock.ts';
import { ENDPOINT, type FakeSession, fakePool } from '../../helpers/fake-pool.ts';

const asking = (...names: string[]): AskableClient => ({
  capabilities: { elicitation: {} },
  request: async () => ({ from: names.join() }),
});

const sessionOf = (lease: Lease) => lease.session as FakeSession;

describe('scope: principal', () => {
  it('gives each principal an instance of its own, which all its calls share', async () => {
    const { pool, sessions } = fakePool();
    const [ada, again, bob] = await Promise.all([
      pool.acquire('s', { principal: 'key:ada' }),
      pool.acquire('s', { principal: 'key:ada', session: '1' }),
      pool.acquire('s', { principal: 'key:bob' }),
    ]);
    expect(again.session).toBe(ada.session);
    expect(bob.session).not.toBe(ada.session);
    expect(sessions).toHaveLength(2);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 3 });
  });

  it('lets the user of this machine share with the gateway itself', async () => {
    const { pool } = fakePool();
    const listing = await pool.acquire('s');
    expect((await pool.acquire('s', { principal: 'local', session: '1' })).session).toBe(listing.session);
  });

  it('asks for the plan of each principal, and without one for all', async () => {
    const principals: (string | undefined)[] = [];
    const { pool } = fakePool({ plan: (principal) => void principals.push(principal) });
    await pool.acquire('s', { principal: 'key:ada' });
    await pool.acquire('s', { principal: 'jwt:"x"#1' });
    expect(principals.filter(Boolean)).toEqual(['key:ada', 'jwt:"x"#1']);
    const shared: (string | undefined)[] = [];
    const everybody = fakePool({ scope: 'shared', plan: (principal) => void shared.push(principal) });
    await everybody.pool.acquire('s', { principal: 'key:ada' });
    expect(new Set(shared)).toEqual(new Set([undefined]));
  });

  it('a failure of one is not the failure of another', async () => {
    const { pool, failNext } = fakePool();
    failNext(2);
    for (const _ of [1, 2]) await expect(pool.acquire('s', { principal: 'key:ada' })).rejects.toThrow('no key');
    await expect(pool.acquire('s', { principal: 'key:ada' })).rejects.toThrow('is not started again');
    expect(pool.state('s').kind).toBe('backing-off');
    (await pool.acquire('s', { principal: 'key:bob' })).release();
    expect(pool.state('s').kind).toBe('ready');
  });
});

describe('scope: shared', () => {
  it('gives everybody the same, even those who could be asked', async () => {
    const { pool, sessions } = fakePool({ scope: 'shared' });
    await pool.acquire('s', { principal: 'key:ada' });
    await pool.acquire('s', { principal: 'key:bob', session: '1', client: asking('bob') });
    expect(sessions).toHaveLength(1);
    expect(sessions[0]?.openedFor).toBeUndefined();
  });
});

it('another scope holds from a stop on, while calls under the old one finish', async () => {
  let scope: 'principal' | 'shared' = 'principal';
  const runtime = { prepare: async () => {}, launch: async () => ENDPOINT };
  const servers = () => ({ runtime, mode: 'daemon' as const, scope, idleTimeoutMs: 1000, startTimeoutMs: 5000 });
  const { pool: changing } = fakePool({ options: { servers } });
  const old = await changing.acquire('s', { principal: 'key:ada' });
  scope = 'shared';
  void changing.stop('s', 'reconfigured');
  const ada = await changing.acquire('s', { principal: 'key:ada' });
  const bob = await changing.acquire('s', { principal: 'key:bob' });
  expect(ada.session).not.toBe(old.session);
  expect(bob.session).toBe(ada.session);
});

describe('scope: session', () => {
  it('gives each client session its own, which ends with it, and the rest shares by principal', async () => {
    const { pool, sessions } = fakePool({ scope: 'session' });
    const one = await pool.acquire('s', { principal: 'key:ada', session: '1' });
    const two = await pool.acquire('s', { principal: 'key:ada', session: '2' });
    const none = await pool.acquire('s', { principal: 'key:ada' });
    expect(new Set([one.session, two.session, none.session]).size).toBe(3);
    expect((await pool.acquire('s', { principal: 'key:ada', session: '2' })).session).toBe(two.session);
    one.release();
    pool.endSession('1');
    pool.endSession('never seen');
    await settled();
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([['its client session ended'], [], []]);
  });

  it('ids of other principals open nothing', async () => {
    const { pool } = fakePool({ scope: 'session' });
    const ada = await pool.acquire('s', { principal: 'key:ada', session: '1' });
    const bob = await pool.acquire('s', { principal: 'key:bob', session: '1' });
    expect(bob.session).not.toBe(ada.session);
  });

  it('a launcher keeps its instance for the session; without one it ends with the call', async () => {
    const { pool, sessions } = fakePool({ scope: 'session', mode: 'launcher' });
    (await pool.acquire('s', { session: '1' })).release();
    (await pool.acquire('s', { session: '1' })).release();
    expect(sessions).toHaveLength(1);
    pool.endSession('1');
    await settled();
    expect(sessions[0]?.closedWith).toEqual(['its client session ended']);
    (await pool.acquire('s')).release();
    await settled();
    expect(sessions[1]?.closedWith).toEqual(['its call is over']);
  });

  it('lets calls of a session that ended finish, at most as long as the grace', async () => {
    const { pool, clock, sessions } = fakePool({ scope: 'session', options: { drainGraceMs: 3000 } });
    await pool.acquire('s', { session: '1' });
    pool.endSession('1');
    expect(pool.state('s')).toEqual({ kind: 'draining', leases: 1 });
    await clock.advance(3000);
    expect(sessions[0]?.closedWith).toEqual(['its client session ended']);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });
});

describe('clients that servers may ask', () => {
  it('#18 get an instance of their session, opened in their name; those who declare nothing do not', async () => {
    const { pool, sessions } = fakePool();
    const plain = await pool.acquire('s', { session: '1', client: { ...asking(), capabilities: {} } });
    const first = await pool.acquire('s', { session: '1', client: asking('first') });
    const other = await pool.acquire('s', { session: '2', client: asking('other') });
    expect(new Set([plain.session, first.session, other.session]).size).toBe(3);
    expect(sessions.map(({ openedFor }) => openedFor?.capabilities)).toEqual([
      undefined,
      { elicitation: {} },
      { elicitation: {} },
    ]);
    const asked = { id: 1, method: 'elicitation/create', params: {} };
    const ask = () => sessionOf(first).openedFor?.request(asked, new AbortController().signal);
    expect(await ask()).toEqual({ from: 'first' });
    const later = await pool.acquire('s', { session: '1', client: asking('first', 'on a new connection') });
    expect(later.session).toBe(first.session);
    expect(await ask()).toEqual({ from: 'first,on a new connection' });
  });

  it('without a session get one for the call, gone after it', async () => {
    const { pool, sessions } = fakePool();
    const [one, two] = await Promise.all([
      pool.acquire('s', { client: asking('a') }),
      pool.acquire('s', { client: asking('b') }),
    ]);
    expect(one.session).not.toBe(two.session);
    one.release();
    await settled();
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([['its call is over'], []]);
  });
});

describe('#34 what is left of those who came and went', () => {
  it('of ten thousand sessions, ended or abandoned: nothing, and no timer', async () => {
    const { pool, clock, sessions } = fakePool({ scope: 'session' });
    for (let n = 0; n < 10_000; n++) {
      (await pool.acquire('s', { principal: `key:${n % 7}`, session: `${n}` })).release();
      if (n % 2 === 0) pool.endSession(`${n}`);
      if (n % 100 === 0) await clock.advance(1000);
    }
    await clock.advance(1000);
    await settled();
    expect(sessions.filter(({ closedWith }) => closedWith.length !== 1)).toEqual([]);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
    expect(clock.waiting).toBe(0);
  });

  it('of sessions whose server failed: a bounded number of timers', async () => {
    const { pool, clock, failNext } = fakePool({ scope: 'session' });
    failNext(2000);
    for (let n = 0; n < 1000; n++) {
      for (const _ of [1, 2]) await pool.acquire('s', { session: `${n}` }).catch(() => undefined);
    }
    expect(clock.waiting).toBeLessThanOrEqual(100);
    for (let n = 0; n < 1000; n++) pool.endSession(`${n}`);
    await settled();
    expect(clock.waiting).toBe(0);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });
});
