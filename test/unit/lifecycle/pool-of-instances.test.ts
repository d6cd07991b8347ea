/** Several instances for the same callers: who is sent where, when one more starts, and which are kept warm. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { Lease } from '../../../src/lifecycle/pool.ts';
import type { OpenSession } from '../../../src/lifecycle/server-plan.ts';
import { settled } from '../../helpers/fake-clock.ts';
import { type FakeSession, fakePool, fakeSession } from '../../helpers/fake-pool.ts';

/** Starts end when the test says so. */
function gatedStarts() {
  const starts: { up: () => void; fail: () => void }[] = [];
  const sessions: FakeSession[] = [];
  const open: OpenSession = () =>
    new Promise((resolve, reject) => {
      const up = () => {
        const session = fakeSession();
        sessions.push(session);
        resolve(session);
      };
      starts.push({ up, fail: () => reject(new GatewayError('START_FAILED', 'no memory')) });
    });
  return { open, starts, sessions };
}

describe('pool.max', () => {
  it('starts one more instance only when all are at their concurrency, and sends calls to the least busy', async () => {
    const { pool, sessions } = fakePool({ concurrency: 2, pool: { min: 0, max: 3 } });
    const leases: Lease[] = [];
    for (let n = 0; n < 6; n++) leases.push(await pool.acquire('s'));
    expect(leases.map((lease) => sessions.indexOf(lease.session as FakeSession))).toEqual([0, 0, 1, 1, 2, 2]);
    leases[3]?.release();
    leases[4]?.release();
    leases[5]?.release();
    const next = await pool.acquire('s');
    expect(sessions.indexOf(next.session as FakeSession), 'the idle one').toBe(2);
    expect(sessions).toHaveLength(3);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 4 });
  });

  it('starts as many as a burst needs, at once, and no more than the maximum', async () => {
    const { open, starts } = gatedStarts();
    const { pool } = fakePool({ open, concurrency: 2, pool: { min: 0, max: 3 } });
    const leases = Array.from({ length: 9 }, () => pool.acquire('s'));
    await settled();
    expect(starts).toHaveLength(3);
    for (const { up } of starts) up();
    const had = await Promise.all(leases.slice(0, 6));
    expect(new Set(had.map(({ session }) => session)).size).toBe(3);
    had[0]?.release();
    expect((await Promise.race(leases.slice(6))).session, 'who waits gets the place that came free').toBe(
      had[0]?.session,
    );
  });

  it('does not wait for a start when a call ends before it', async () => {
    const { open, starts } = gatedStarts();
    const { pool } = fakePool({ open, concurrency: 1, pool: { min: 0, max: 2 } });
    const first = pool.acquire('s');
    await settled();
    starts[0]?.up();
    const lease = await first;
    const second = pool.acquire('s');
    await settled();
    expect(starts).toHaveLength(2);
    lease.release();
    expect((await second).session).toBe(lease.session);
  });

  it('goes on with those that are up when one more cannot be started', async () => {
    const { open, starts } = gatedStarts();
    const { pool } = fakePool({ open, concurrency: 1, pool: { min: 0, max: 2 } });
    const first = pool.acquire('s');
    await settled();
    starts[0]?.up();
    const lease = await first;
    const second = pool.acquire('s');
    for (const at of [1, 2]) {
      await settled();
      starts[at]?.fail();
    }
    await settled();
    expect(starts, 'it backs off').toHaveLength(3);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 1 });
    lease.release();
    expect((await second).session).toBe(lease.session);
  });

  it('tells those who wait why, when the last instance dies and none can be had', async () => {
    const { open, starts, sessions } = gatedStarts();
    const { pool } = fakePool({ open, concurrency: 1, pool: { min: 0, max: 2 } });
    const first = pool.acquire('s');
    await settled();
    starts[0]?.up();
    await first;
    const second = expect(pool.acquire('s')).rejects.toMatchObject({ code: 'START_FAILED' });
    for (const at of [1, 2]) {
      await settled();
      starts[at]?.fail();
    }
    await settled();
    sessions[0]?.crash();
    await settled();
    starts.at(-1)?.fail();
    await second;
  });

  it('lets surplus instances fall idle when calls come one at a time', async () => {
    const { pool, clock, sessions } = fakePool({ concurrency: 1, pool: { min: 0, max: 2 } });
    const both = await Promise.all([pool.acquire('s'), pool.acquire('s')]);
    for (const lease of both) lease.release();
    for (let n = 0; n < 3; n++) {
      (await pool.acquire('s')).release();
      await clock.advance(500);
    }
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([[], ['it was idle']]);
  });

  it('refuses who would wait behind too many, with the time after which to come again', async () => {
    const { pool } = fakePool({ concurrency: 1, queueMax: 1, pool: { min: 0, max: 2 } });
    await Promise.all([pool.acquire('s'), pool.acquire('s')]);
    void pool.acquire('s').catch(() => undefined);
    await settled();
    await expect(pool.acquire('s')).rejects.toMatchObject({
      code: 'SERVER_BUSY',
      data: { retryAfterMs: expect.any(Number) },
    });
    expect(await pool.acquire('s', { principal: 'another' }), 'their line is their own').toBeDefined();
  });
});

describe('pool.min', () => {
  const plan = { pool: { min: 2, max: 3 } };

  it('starts nothing by itself, before somebody asks for it to be kept warm', async () => {
    const { launches } = fakePool(plan);
    await settled();
    expect(launches()).toBe(0);
  });

  it('is up before the first call, and stays up however long nobody calls', async () => {
    const { pool, clock, sessions } = fakePool(plan);
    pool.keepWarm(['s']);
    await settled();
    expect(sessions).toHaveLength(2);
    await clock.advance(1_000_000);
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([[], []]);
    expect(sessions).toContain((await pool.acquire('s', { principal: 'local' })).session);
  });

  it('is filled up again after a crash, with the back-off of any start', async () => {
    const { pool, clock, sessions, failNext } = fakePool(plan);
    pool.keepWarm(['s']);
    await settled();
    failNext(3);
    sessions[0]?.crash();
    await settled();
    expect(sessions).toHaveLength(2);
    await clock.advance(1000);
    await settled();
    expect(sessions).toHaveLength(2);
    await clock.advance(2000);
    await settled();
    expect(sessions).toHaveLength(3);
    expect(sessions.filter(({ closedWith }) => closedWith.length > 0)).toEqual([]);
  });

  it('comes back after a stop on purpose, and not after the end', async () => {
    const { pool, clock, sessions } = fakePool(plan);
    pool.keepWarm(['s']);
    await settled();
    await pool.stop('s', 'reconfigured');
    await settled();
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([['reconfigured'], ['reconfigured'], [], []]);
    await pool.close(0);
    await settled();
    expect(sessions).toHaveLength(4);
    expect(clock.waiting).toBe(0);
  });

  it('is for everybody or the user of this machine; who else will come is not known before', async () => {
    const session = fakePool({ ...plan, scope: 'session' });
    session.pool.keepWarm(['s']);
    const launcher = fakePool({ ...plan, mode: 'launcher' });
    launcher.pool.keepWarm(['s']);
    const shared = fakePool({ ...plan, scope: 'shared' });
    shared.pool.keepWarm(['s']);
    await settled();
    expect([session, launcher, shared].map(({ launches }) => launches())).toEqual([0, 0, 2]);
    await shared.pool.acquire('s', { principal: 'key:ada' });
    expect(shared.launches()).toBe(2);
  });
});

describe('all instances together', () => {
  it('are bounded: the one that was idle for the longest makes room, never one that is in use', async () => {
    const { pool, clock, sessions } = fakePool({ idleTimeoutMs: 60_000, options: { instancesMax: 3 } });
    const busy = await pool.acquire('busy');
    for (const name of ['older', 'newer']) {
      (await pool.acquire(name)).release();
      await clock.advance(10);
    }
    const one = await pool.acquire('one');
    const two = await pool.acquire('two');
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([
      [],
      ['another server needs its place'],
      ['another server needs its place'],
      [],
      [],
    ]);
    await expect(pool.acquire('three')).rejects.toMatchObject({
      code: 'SERVER_BUSY',
      hint: expect.stringContaining('max_instances'),
    });
    expect(await pool.acquire('busy'), 'those that are up go on').toMatchObject({ session: busy.session });
    one.release();
    await pool.acquire('three');
    expect(pool.state('one').kind).toBe('stopped');
    two.release();
  });

  it('do not make room by ending what is kept warm, and a full house starts no spares', async () => {
    const { pool, sessions } = fakePool({ pool: { min: 1, max: 1 }, options: { instancesMax: 2 } });
    pool.keepWarm(['a', 'b', 'c']);
    await settled();
    expect(sessions).toHaveLength(2);
    await expect(pool.acquire('d')).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    expect(sessions.map(({ closedWith }) => closedWith)).toEqual([[], []]);
  });

  it('one more of a pool is not waited for when there is no room: calls go on in turn', async () => {
    const { pool } = fakePool({ concurrency: 1, pool: { min: 0, max: 2 }, options: { instancesMax: 1 } });
    const first = await pool.acquire('s');
    const second = pool.acquire('s');
    await settled();
    first.release();
    expect((await second).session).toBe(first.session);
  });
});
