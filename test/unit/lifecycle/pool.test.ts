/** The pool with sessions that a test makes and a clock that it moves: order and time, without processes. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { OpenSession } from '../../../src/lifecycle/server-plan.ts';
import type { Endpoint, PrepareProgress, Runtime } from '../../../src/runtimes/runtime.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';
import { type FakeSession, fakePool, fakeSession } from '../../helpers/fake-pool.ts';

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: GatewayError) => error.code,
  );

describe('idle stop', () => {
  it('#27 comes after the idle timeout, counted from the last release, to the millisecond', async () => {
    const { pool, clock, sessions } = fakePool();
    const lease = await pool.acquire('s');
    await clock.advance(5000);
    lease.release();
    await clock.advance(999);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 0 });
    await clock.advance(1);
    expect(sessions[0]?.closedWith).toEqual(['it was idle']);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('#27 never comes with a lease open, whatever was released meanwhile', async () => {
    const { pool, clock, sessions } = fakePool();
    const long = await pool.acquire('s');
    const short = await pool.acquire('s');
    short.release();
    short.release();
    await clock.advance(600_000);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 1 });
    expect(sessions[0]?.closedWith).toEqual([]);
    long.release();
  });

  it('#27 a lease taken in the last moment holds; one asked for after it gets a new instance', async () => {
    const { pool, clock, sessions } = fakePool();
    (await pool.acquire('s')).release();
    await clock.advance(999);
    const last = await pool.acquire('s');
    await clock.advance(1000);
    expect(sessions).toHaveLength(1);
    last.release();
    const stopping = clock.advance(1000);
    const fresh = await pool.acquire('s');
    await stopping;
    expect(fresh.session).toBe(sessions.at(-1));
    expect(sessions.at(-1)?.closedWith).toEqual([]);
  });

  it('#27 waits for the last of several leases even when the timeout is zero', async () => {
    const { pool, clock, sessions } = fakePool({ idleTimeoutMs: 0 });
    const leases = await Promise.all([pool.acquire('s'), pool.acquire('s')]);
    leases[0]?.release();
    await clock.advance(10_000);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 1 });
    leases[1]?.release();
    await settled();
    expect(sessions[0]?.closedWith).toEqual(['its call is over']);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('never comes when the timeout is infinite', async () => {
    const { pool, clock } = fakePool({ idleTimeoutMs: Number.POSITIVE_INFINITY });
    (await pool.acquire('s')).release();
    await clock.advance(1e12);
    expect(pool.state('s').kind).toBe('ready');
    expect(clock.waiting).toBe(0);
  });

  it('ends a launcher whose only caller gave up, even one that comes up all the same', async () => {
    let finish: (session: FakeSession) => void = () => {};
    const late = new Promise<FakeSession>((resolve) => {
      finish = resolve;
    });
    const { pool, clock } = fakePool({ mode: 'launcher', open: () => late });
    const abort = new AbortController();
    const given = codeOf(pool.acquire('s', { signal: abort.signal }));
    await settled();
    abort.abort(new GatewayError('CALL_CANCELLED', 'enough'));
    expect(await given).toBe('CALL_CANCELLED');
    const session = fakeSession();
    finish(session);
    await settled();
    await clock.advance(0);
    expect(session.closedWith).toHaveLength(1);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });
});

describe('failures', () => {
  const failing = async () => {
    throw new GatewayError('START_FAILED', 'no key');
  };

  it('#29 waits as announced, says so, and tries again after it', async () => {
    const { pool, clock, launches } = fakePool({ open: failing });
    await expect(pool.acquire('s')).rejects.toMatchObject({ code: 'START_FAILED', retryAfterMs: undefined });
    await expect(pool.acquire('s')).rejects.toMatchObject({ code: 'START_FAILED', retryAfterMs: 1000 });
    expect(pool.state('s')).toEqual({ kind: 'backing-off', untilMs: 1000, reason: 'no key' });
    await clock.advance(999);
    await expect(pool.acquire('s')).rejects.toMatchObject({ data: { retryAfterMs: 1, failures: 2 } });
    expect(launches()).toBe(2);
    await clock.advance(1);
    expect(pool.state('s')).toEqual({ kind: 'failed', reason: 'no key' });
    await codeOf(pool.acquire('s'));
    expect(launches()).toBe(3);
    expect(pool.state('s')).toMatchObject({ kind: 'backing-off', untilMs: 1000 + 2000 });
  });

  it('#29 a server that opens and dies without an answer is backed off from in the end; one that answers never', async () => {
    const dull = fakePool();
    for (let life = 1; life <= 5; life++) {
      const lease = await dull.pool.acquire('s');
      dull.sessions.at(-1)?.crash();
      await settled();
      lease.release();
    }
    expect(dull.pool.state('s').kind).toBe('backing-off');
    const useful = fakePool();
    for (let life = 1; life <= 20; life++) {
      const lease = await useful.pool.acquire('s');
      const session = useful.sessions.at(-1);
      if (session) session.answers = 1;
      session?.crash();
      await settled();
      lease.release();
    }
    expect(useful.pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('an answer that opens in the same turn as it dies is leased by nobody, and is tried once more', async () => {
    const sessions: FakeSession[] = [];
    const { pool } = fakePool({
      open: async () => {
        const session = fakeSession();
        if (sessions.push(session) === 1) session.crash();
        return session;
      },
    });
    await pool.acquire('s');
    expect(sessions.length).toBeLessThanOrEqual(2);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 1 });
  });

  it('a launch that never comes back ends with START_TIMEOUT, and is stopped when it does', async () => {
    let stopped = '';
    let comeBack: () => void = () => {};
    const late: Endpoint = {
      kind: 'stdio',
      stop: async (reason: string) => {
        stopped = reason;
      },
    } as unknown as Endpoint;
    const runtime = {
      prepare: async () => {},
      launch: () =>
        new Promise<Endpoint>((resolve) => {
          comeBack = () => resolve(late);
        }),
    };
    const { pool, clock } = fakePool({
      options: { servers: () => ({ runtime, mode: 'daemon', idleTimeoutMs: 1, startTimeoutMs: 700 }) },
    });
    const code = codeOf(pool.acquire('s'));
    await settled();
    await clock.advance(700);
    expect(await code).toBe('START_TIMEOUT');
    comeBack();
    await settled();
    expect(stopped).toBe('it came too late');
  });
});

describe('starts', () => {
  it.each(['daemon', 'launcher'] as const)(
    '#25 an install is urgent for as long as a call waits for it (%s)',
    async (mode) => {
      const asked: (() => boolean)[] = [];
      let done: () => void = () => {};
      const installed = new Promise<void>((resolve) => {
        done = resolve;
      });
      const prepare: Runtime['prepare'] = (_onProgress, _signal, isUrgent = () => false) => {
        asked.push(isUrgent);
        return installed;
      };
      const { pool } = fakePool({ mode, prepare });
      const listing = pool.acquire('s', { isUrgent: () => false });
      await settled();
      const isUrgent = () => asked.some((each) => each());
      expect(isUrgent()).toBe(false);
      const abort = new AbortController();
      const call = codeOf(pool.acquire('s', { signal: abort.signal }));
      await settled();
      expect(isUrgent()).toBe(true);
      abort.abort(new GatewayError('CALL_CANCELLED', 'enough'));
      expect(await call).toBe('CALL_CANCELLED');
      expect(isUrgent()).toBe(false);
      done();
      (await listing).release();
    },
  );

  it('#15 tells every waiter how the installation goes on, late ones from where it is', async () => {
    let progress: PrepareProgress = () => {};
    let done: () => void = () => {};
    const { pool } = fakePool({
      prepare: (onProgress = () => {}) => {
        progress = onProgress;
        return new Promise((resolve) => {
          done = resolve;
        });
      },
    });
    const first: string[] = [];
    const second: string[] = [];
    const one = pool.acquire('s', { onProgress: (message) => first.push(message) });
    await settled();
    progress('fetching');
    expect(pool.state('s')).toEqual({ kind: 'installing', message: 'fetching' });
    const two = pool.acquire('s', { onProgress: (message) => second.push(message) });
    await settled();
    progress('unpacking');
    done();
    await Promise.all([one, two]);
    expect(first).toEqual(['fetching', 'unpacking']);
    expect(second).toEqual(['fetching', 'unpacking']);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 2 });
  });

  it('#25 starts so many at a time, the others in the order in which they were asked for', async () => {
    const opening: (() => void)[] = [];
    const { pool, launches } = fakePool({
      options: { startsMax: 4 },
      open: () => new Promise((resolve) => opening.push(() => resolve(fakeSession()))),
    });
    const ready: string[] = [];
    const names = Array.from({ length: 50 }, (_, i) => `s${i}`);
    const all = names.map((name) => pool.acquire(name).then(() => ready.push(name)));
    await settled();
    expect(launches()).toBe(4);
    for (let i = 0; i < names.length; i++) {
      opening[i]?.();
      await settled();
      expect(launches()).toBe(Math.min(50, 5 + i));
    }
    await Promise.all(all);
    expect(ready).toEqual(names);
  });

  it('#26 starts that hang give up their place after a while', async () => {
    const { pool, clock, launches } = fakePool({ options: { startsMax: 1 }, open: () => new Promise(() => {}) });
    for (const name of ['hangs', 'next', 'last']) void codeOf(pool.acquire(name));
    await settled();
    expect(launches()).toBe(1);
    await clock.advance(1000);
    expect(launches()).toBe(2);
    await clock.advance(1000);
    expect(launches()).toBe(3);
  });

  it('remembers what a start cost', async () => {
    const clock = fakeClock();
    const { pool } = fakePool({
      options: { clock },
      open: () => new Promise((resolve) => clock.after(250, () => resolve(fakeSession()))),
    });
    expect(pool.startCostMs('s')).toBeUndefined();
    const lease = pool.acquire('s');
    await settled();
    await clock.advance(250);
    await lease;
    expect(pool.startCostMs('s')).toBe(250);
  });
});

describe('the end', () => {
  it('a stop does not wait for those who only keep the server up', async () => {
    const { pool, sessions } = fakePool({ options: { drainGraceMs: Number.POSITIVE_INFINITY } });
    const lease = await pool.acquire('s');
    void lease.draining.then(() => lease.release());
    await pool.stop('s', 'reconfigured');
    expect(sessions[0]?.closedWith).toEqual(['reconfigured']);
  });

  it('#33 a stop waits for calls no longer than the grace, and a new call gets a new instance meanwhile', async () => {
    const { pool, clock, sessions } = fakePool({ options: { drainGraceMs: 3000 } });
    const old = await pool.acquire('s');
    const stopped = pool.stop('s', 'reconfigured');
    expect(pool.state('s')).toEqual({ kind: 'draining', leases: 1 });
    const fresh = await pool.acquire('s');
    expect(fresh.session).not.toBe(old.session);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 1 });
    await clock.advance(2999);
    expect(sessions[0]?.closedWith).toEqual([]);
    await clock.advance(1);
    await stopped;
    expect(sessions[0]?.closedWith).toEqual(['reconfigured']);
    expect(sessions[1]?.closedWith).toEqual([]);
    old.release();
  });

  it('#33 closing ends what is starting, at once, and leaves no timer', async () => {
    const open: OpenSession = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    const { pool, clock } = fakePool({ open });
    const code = codeOf(pool.acquire('s'));
    await settled();
    await pool.close(60_000);
    expect(await code).toBe('SHUTTING_DOWN');
    expect(await codeOf(pool.acquire('other'))).toBe('SHUTTING_DOWN');
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
    expect(clock.waiting).toBe(0);
  });

  it('#33 a stop ends a start that comes up all the same, and who waited for it gets the next one', async () => {
    const opening: ((session: FakeSession) => void)[] = [];
    const { pool, clock } = fakePool({
      idleTimeoutMs: Number.POSITIVE_INFINITY,
      open: () => new Promise((resolve) => opening.push(resolve)),
    });
    const waiting = pool.acquire('s');
    await settled();
    const stopped = pool.stop('s', 'reconfigured');
    const [old, fresh] = [fakeSession(), fakeSession()];
    opening[0]?.(old);
    await settled();
    opening[1]?.(fresh);
    await settled();
    expect(old.closedWith).toHaveLength(1);
    await stopped;
    expect((await waiting).session).toBe(fresh);
    expect(clock.waiting).toBe(0);
  });

  it('#33 who waits for a turn is told that the gateway shuts down', async () => {
    const { pool } = fakePool({ concurrency: 1 });
    const lease = await pool.acquire('s');
    const waiting = codeOf(pool.acquire('s'));
    const closed = pool.close(60_000);
    lease.release();
    await closed;
    expect(await waiting).toBe('SHUTTING_DOWN');
  });
});
