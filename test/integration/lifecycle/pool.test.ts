/** The pool on real processes: one start for many callers, leases, crashes, and nothing left behind. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPool } from '../../../src/lifecycle/create-pool.ts';
import type { Lease, Pool } from '../../../src/lifecycle/pool.ts';
import type { PoolOptions, ServerPlan } from '../../../src/lifecycle/server-plan.ts';
import { systemClock } from '../../../src/stdx/clock.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { failure } from '../../helpers/failure.ts';
import { commandRuntime, type FixtureRuntime, fixtureRuntime } from '../../helpers/fixture-runtime.ts';
import { journaled, journalOf } from '../../helpers/fixture-server.ts';
import { gone, isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

type Plan = Partial<Omit<ServerPlan, 'runtime'>> & { runtime: FixtureRuntime };

/** A pool of fixtures that ends with the test. */
function poolOf(plans: Record<string, Plan>, options: Partial<PoolOptions> = {}): Pool {
  const pool = createPool({
    servers: (name) => {
      const plan = plans[name];
      return plan && { mode: 'daemon', idleTimeoutMs: 60_000, startTimeoutMs: 20_000, ...plan };
    },
    clock: systemClock,
    clientInfo: { name: 'tooldex-test', version: '1.0.0' },
    ...options,
  });
  onTestFinished(() => pool.close(0));
  return pool;
}

async function echo(lease: Lease, value: string): Promise<unknown> {
  const { content } = await lease.session.request('tools/call', { name: 'echo', arguments: { text: value } });
  return (content as JsonObject[])[0]?.text;
}

async function callOnce(pool: Pool, server: string, value = 'hello'): Promise<unknown> {
  using lease = await pool.acquire(server);
  return await echo(lease, value);
}

/** For the fixture that lists what a file names. */
function toolsFile(): string {
  const file = `${tempDir()}/tools.json`;
  writeFileSync(file, '["a"]');
  return file;
}

const pidsOf = (runtime: FixtureRuntime) => runtime.endpoints.map(({ pid }) => pid ?? 0);

describe('starting', () => {
  it('#24 a hundred first calls start one process and all succeed', async () => {
    const runtime = fixtureRuntime('well-behaved');
    const pool = poolOf({ s: { runtime } });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => callOnce(pool, 's', `${i}`)));
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    expect(runtime.endpoints).toHaveLength(1);
    expect(pool.startCostMs('s')).toBeGreaterThan(0);
  });

  it('#24 a hundred first calls to a broken server get the very same error', async () => {
    const runtime = fixtureRuntime('dies-before-initialize');
    const pool = poolOf({ s: { runtime } });
    const errors = await Promise.all(Array.from({ length: 100 }, () => failure(pool.acquire('s'))));
    expect(new Set(errors).size).toBe(1);
    expect(errors[0]).toMatchObject({ code: 'START_FAILED' });
    expect(errors[0]?.message).toContain('cannot find the API key');
    // Once asked the modern way, once the old way: it may have died of the question.
    expect(runtime.endpoints).toHaveLength(2);
    expect(pool.state('s').kind).toBe('failed');
  });

  it('respawns once, asking the old way, a server that dies of the question that only modern ones know', async () => {
    const server = `process.stdin.on('data', (lines) => {
      for (const line of String(lines).trim().split('\\n')) {
        const { id, method } = JSON.parse(line);
        if (method === 'server/discover') process.exit(3);
        if (method === 'initialize') console.log(JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: '2025-06-18', capabilities: {} } }));
      }
    })`;
    const runtime = commandRuntime({ command: process.execPath, args: ['-e', server] });
    const pool = poolOf({ s: { runtime } });
    {
      using lease = await pool.acquire('s');
      expect(lease.session.facts).toMatchObject({ era: 'legacy', protocolVersion: '2025-06-18' });
    }
    expect(runtime.endpoints).toHaveLength(2);
    await pool.stop('s', 'to start it again');
    using again = await pool.acquire('s');
    expect(again.session.facts.era).toBe('legacy');
    expect(runtime.endpoints, 'the verdict is remembered').toHaveLength(3);
  });

  it('#2 a server that never answers frees its place, and its group is gone', async () => {
    const runtime = fixtureRuntime('never-answers');
    const pool = poolOf({ s: { runtime, startTimeoutMs: 500 } });
    expect((await failure(pool.acquire('s'))).code).toBe('START_TIMEOUT');
    await pool.stop('s', 'to wait for its end');
    expect(pidsOf(runtime).filter(isAlive)).toEqual([]);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('#26 a server that is slow to start delays no other', async () => {
    const file = `${tempDir()}/open`;
    const slow = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [name, { runtime: fixtureRuntime('slow-to-start', '--gate', file) }]),
    );
    const pool = poolOf({ ...slow, quick: { runtime: fixtureRuntime('well-behaved') } }, { startsMax: 2 });
    const waiting = Object.keys(slow).map((name) => failure(pool.acquire(name)));
    expect(await callOnce(pool, 'quick')).toBe('hello');
    for (const name of Object.keys(slow)) expect(pool.state(name).kind).toBe('starting');
    await pool.close(0);
    expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(Array(3).fill('SHUTTING_DOWN'));
  });

  it('#21 a server that fails leaves the others alone', async () => {
    const pool = poolOf({
      good: { runtime: fixtureRuntime('well-behaved') },
      bad: { runtime: fixtureRuntime('dies-before-initialize') },
    });
    const [good, bad] = await Promise.all([callOnce(pool, 'good'), failure(pool.acquire('bad'))]);
    expect(good).toBe('hello');
    expect(bad.code).toBe('START_FAILED');
    expect(pool.state('good')).toMatchObject({ kind: 'ready', leases: 0 });
  });

  it('#29 failed starts in a row are backed off from, visibly, and a stop on purpose resets them', async () => {
    const runtime = fixtureRuntime('dies-before-initialize');
    const pool = poolOf({ s: { runtime } });
    await failure(pool.acquire('s'));
    expect(pool.state('s').kind, 'one failure is tried again at once').toBe('failed');
    await failure(pool.acquire('s'));
    expect(pool.state('s')).toMatchObject({ kind: 'backing-off', reason: expect.stringContaining('API key') });
    const launched = runtime.endpoints.length;
    const refused = await failure(pool.acquire('s'));
    expect(refused.message).toContain('failed 2 times in a row');
    expect(refused.data).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(runtime.endpoints).toHaveLength(launched);
    await pool.stop('s', 'reset');
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
    await failure(pool.acquire('s'));
    expect(runtime.endpoints.length).toBeGreaterThan(launched);
  });

  it('says plainly what it does not know', async () => {
    expect((await failure(poolOf({}).acquire('nobody'))).code).toBe('SERVER_UNKNOWN');
  });
});

describe('leases', () => {
  it('a launcher gives each lease a process of its own, gone after it', async () => {
    const runtime = fixtureRuntime('well-behaved');
    const pool = poolOf({ s: { runtime, mode: 'launcher' } });
    const leases = await Promise.all([pool.acquire('s'), pool.acquire('s'), pool.acquire('s')]);
    expect(pool.state('s')).toMatchObject({ kind: 'ready', leases: 3 });
    expect(new Set(pidsOf(runtime)).size).toBe(3);
    for (const lease of leases) lease.release();
    await gone(pidsOf(runtime));
    expect(await callOnce(pool, 's')).toBe('hello');
    await gone(pidsOf(runtime));
    expect(runtime.endpoints).toHaveLength(4);
  });

  it('a launcher whose caller gives up before it is up is ended at once: nobody else could have it', async () => {
    const runtime = fixtureRuntime('never-answers');
    const pool = poolOf({ s: { runtime, mode: 'launcher' } });
    const abort = new AbortController();
    const impatient = pool.acquire('s', { signal: abort.signal }).catch((error: Error) => error.name);
    while (runtime.endpoints.length === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await impatient).toBe('AbortError');
    await gone(pidsOf(runtime));
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('#27 a daemon is not stopped with a call in flight, and is stopped when it was idle', async () => {
    const dir = tempDir();
    const runtime = fixtureRuntime('well-behaved', '--journal', `${dir}/journal`);
    const changes: string[] = [];
    const pool = poolOf(
      { s: { runtime, idleTimeoutMs: 20 } },
      { onChange: ({ to, event }) => changes.push(`${event.kind} -> ${to.kind}`) },
    );
    {
      using lease = await pool.acquire('s');
      const waiting = lease.session.request('tools/call', { name: 'wait', arguments: { file: `${dir}/go` } });
      await journaled(`${dir}/journal`, 'waiting');
      // Many times the idle timeout, measured by calls that come and go meanwhile.
      const until = performance.now() + 200;
      while (performance.now() < until) await callOnce(pool, 's');
      writeFileSync(`${dir}/go`, '');
      await waiting;
    }
    await gone(pidsOf(runtime));
    expect(runtime.endpoints).toHaveLength(1);
    expect(changes.filter((change) => change.startsWith('drain'))).toEqual(['drain-began -> draining']);
    expect(await callOnce(pool, 's'), 'and comes back').toBe('hello');
  });

  it('lets so many in at a time as the plan says, in order', async () => {
    const pool = poolOf({ s: { runtime: fixtureRuntime('well-behaved'), concurrency: 1 } });
    const first = await pool.acquire('s');
    const order: number[] = [];
    const later = [1, 2, 3].map(async (n) => {
      using _ = await pool.acquire('s');
      order.push(n);
    });
    expect(pool.state('s')).toMatchObject({ leases: 1 });
    first.release();
    first.release();
    await Promise.all(later);
    expect(order).toEqual([1, 2, 3]);
  });

  it('goes on starting for others when one caller gives up', async () => {
    const file = `${tempDir()}/open`;
    const runtime = fixtureRuntime('slow-to-start', '--gate', file);
    const pool = poolOf({ s: { runtime } });
    const abort = new AbortController();
    const impatient = pool.acquire('s', { signal: abort.signal }).catch((error: Error) => error.name);
    const patient = callOnce(pool, 's');
    abort.abort();
    expect(await impatient).toBe('AbortError');
    writeFileSync(file, '');
    expect(await patient).toBe('hello');
    expect(runtime.endpoints).toHaveLength(1);
  });
});

describe('crashes', () => {
  it('#30 a crash in a call fails the calls under way at once, and the next call works', async () => {
    const runtime = fixtureRuntime('crashes-in-call');
    const pool = poolOf({ s: { runtime } });
    {
      using one = await pool.acquire('s');
      using other = await pool.acquire('s');
      const crash = failure(one.session.request('tools/call', { name: 'crash', arguments: {} }));
      const bystander = failure(
        other.session.request('tools/list', {}).then(() => other.session.closed.then((e) => Promise.reject(e))),
      );
      expect((await crash).code).toBe('SERVER_CRASHED');
      expect((await bystander).code).toBe('SERVER_CRASHED');
    }
    expect(await callOnce(pool, 's')).toBe('hello');
    expect(runtime.endpoints).toHaveLength(2);
  });

  it('#32 a server that was killed is back on the very next call, again and again, without any back-off', async () => {
    const runtime = fixtureRuntime('well-behaved');
    const pool = poolOf({ s: { runtime } });
    for (let round = 1; round <= 5; round++) {
      using lease = await pool.acquire('s');
      expect(await echo(lease, `${round}`)).toBe(`${round}`);
      process.kill(runtime.endpoints.at(-1)?.pid ?? 0, 'SIGKILL');
      await lease.session.closed;
    }
    expect(await callOnce(pool, 's', 'still')).toBe('still');
  });

  it('a server that ends by itself is seen to be stopped', async () => {
    const pool = poolOf({ s: { runtime: fixtureRuntime('well-behaved') } });
    const lease = await pool.acquire('s');
    const runtimePid = await lease.session.request('tools/call', { name: 'pid', arguments: {} });
    lease.release();
    process.kill(Number((runtimePid.content as JsonObject[])[0]?.text), 'SIGTERM');
    await lease.session.closed;
    expect(pool.state('s').kind).toBe('stopped');
  });
});

describe('the end', () => {
  it('#11 grandchildren go with their server, even those that ignore SIGTERM', async () => {
    const runtime = fixtureRuntime('forks-grandchild', '--ignore-term');
    const pool = poolOf({ s: { runtime } });
    const lease = await pool.acquire('s');
    const { content } = await lease.session.request('tools/call', { name: 'grandchild', arguments: {} });
    const grandchild = Number((content as JsonObject[])[0]?.text);
    lease.release();
    expect(isAlive(grandchild)).toBe(true);
    await pool.stop('s', 'test');
    expect([grandchild, ...pidsOf(runtime)].filter(isAlive)).toEqual([]);
  });

  it('#12 processes that left the group of their server go with it all the same', async () => {
    const runtime = fixtureRuntime('forks-grandchild', '--setsid');
    const pool = poolOf({ s: { runtime } });
    const lease = await pool.acquire('s');
    const { content } = await lease.session.request('tools/call', { name: 'grandchild', arguments: {} });
    lease.release();
    await pool.stop('s', 'test');
    expect(isAlive(Number((content as JsonObject[])[0]?.text))).toBe(false);
  });

  it('#11 grandchildren go when their server crashes', async () => {
    const runtime = fixtureRuntime('forks-grandchild');
    const pool = poolOf({ s: { runtime } });
    const lease = await pool.acquire('s');
    const { content } = await lease.session.request('tools/call', { name: 'grandchild', arguments: {} });
    lease.release();
    process.kill(runtime.endpoints[0]?.pid ?? 0, 'SIGKILL');
    await gone([Number((content as JsonObject[])[0]?.text)]);
  });

  it('#33 closing lets calls finish within the grace, refuses new ones, and leaves nothing', async () => {
    const dir = tempDir();
    const runtime = fixtureRuntime('well-behaved', '--journal', `${dir}/journal`);
    const pool = poolOf({ s: { runtime } });
    const lease = await pool.acquire('s');
    const waiting = lease.session.request('tools/call', { name: 'wait', arguments: { file: `${dir}/go` } });
    await journaled(`${dir}/journal`, 'waiting');
    const closed = pool.close(30_000);
    expect(pool.state('s')).toEqual({ kind: 'draining', leases: 1 });
    expect((await failure(pool.acquire('s'))).code).toBe('SHUTTING_DOWN');
    writeFileSync(`${dir}/go`, '');
    expect(await waiting).toMatchObject({ content: [{ text: 'waited' }] });
    lease.release();
    await closed;
    expect(pidsOf(runtime).filter(isAlive)).toEqual([]);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('#33 a second close does not wait for calls any more', async () => {
    const dir = tempDir();
    const runtime = fixtureRuntime('ignores-term');
    const pool = poolOf({
      s: { runtime },
      w: { runtime: fixtureRuntime('well-behaved', '--journal', `${dir}/journal`) },
    });
    const stubborn = await pool.acquire('s');
    const busy = await pool.acquire('w');
    const call = failure(busy.session.request('tools/call', { name: 'wait', arguments: { file: `${dir}/never` } }));
    await journaled(`${dir}/journal`, 'waiting');
    const first = pool.close(3_600_000);
    await pool.close();
    await first;
    expect((await call).code).toBe('SHUTTING_DOWN');
    expect(pidsOf(runtime).filter(isAlive)).toEqual([]);
    stubborn.release();
    busy.release();
    expect(journalOf(`${dir}/journal`, 'wait-done')).toEqual([]);
  });

  it('#3 a command that is not there is an error that names it', async () => {
    const runtime = commandRuntime({ command: '/no/such/program', args: [] });
    const error = await failure(poolOf({ s: { runtime } }).acquire('s'));
    expect(error.code).toBe('START_FAILED');
    expect(error.message).toContain('/no/such/program');
  });
});

describe('longer than a call', () => {
  it('#28 a lease that is held for a stream keeps the server, with no call under way; without it idleness ends it', async () => {
    const runtime = fixtureRuntime('changes-its-tools', '--tools', toolsFile());
    const changes: string[] = [];
    const pool = poolOf({ s: { runtime, idleTimeoutMs: 20 } }, { onChange: ({ to }) => changes.push(to.kind) });
    const stream = await pool.acquire('s');
    const heard = new Promise<string>((resolve) => {
      stream.session.onNotification((method) => resolve(method));
    });
    // Many times the idle timeout, of an instance that is beyond doubt idle.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(changes.filter((kind) => kind === 'draining')).toEqual([]);
    await stream.session.request('tools/call', { name: 'announce', arguments: { times: 1 } });
    expect(await heard).toBe('notifications/tools/list_changed');
    stream.release();
    await gone(pidsOf(runtime));
    expect(runtime.endpoints).toHaveLength(1);
  });

  it('#35 after a back-off one start probes for all who ask, and those who gave up do not count as failures', async () => {
    const runtime = fixtureRuntime('dies-before-initialize');
    let backOffEnded: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      backOffEnded = resolve;
    });
    const pool = poolOf(
      { s: { runtime } },
      { onChange: ({ event }) => event.kind === 'back-off-ended' && backOffEnded() },
    );
    for (const _ of [1, 2]) await failure(pool.acquire('s'));
    expect((await failure(pool.acquire('s'))).data).toMatchObject({ failures: 2, retryAfterMs: expect.any(Number) });
    await ended;
    const launched = runtime.endpoints.length;
    const errors = await Promise.all(Array.from({ length: 50 }, () => failure(pool.acquire('s'))));
    expect(new Set(errors).size).toBe(1);
    // Two processes are one start: it is asked the modern way and the old one.
    expect(runtime.endpoints.length - launched).toBeLessThanOrEqual(2);
    expect((await failure(pool.acquire('s'))).data).toMatchObject({ failures: 3 });

    const slow = poolOf({ s: { runtime: fixtureRuntime('slow-to-start', '--gate', `${tempDir()}/never`) } });
    const impatient = Array.from({ length: 5 }, async () => {
      const abort = new AbortController();
      const given = slow.acquire('s', { signal: abort.signal }).catch((error: Error) => error.name);
      abort.abort();
      return given;
    });
    expect(new Set(await Promise.all(impatient))).toEqual(new Set(['AbortError']));
    expect(slow.state('s').kind, 'neither failed nor backing off').toBe('starting');
  });
});

describe('many principals', () => {
  it('#19 calls of two principals with the same ids reach processes of their own', async () => {
    const runtime = fixtureRuntime('well-behaved');
    const pool = poolOf({ s: { runtime } });
    const pids = await Promise.all(
      ['key:ada', 'key:bob', 'key:ada'].map(async (principal) => {
        using lease = await pool.acquire('s', { principal });
        const { content } = await lease.session.request('tools/call', { name: 'pid', arguments: {} });
        return (content as JsonObject[])[0]?.text;
      }),
    );
    expect(pids[0]).toBe(pids[2]);
    expect(pids[1]).not.toBe(pids[0]);
  });

  it('#34 processes of sixty abandoned sessions are gone when they were idle, those that ended at once', async () => {
    const runtime = fixtureRuntime('well-behaved');
    const pool = poolOf({ s: { runtime, scope: 'session', idleTimeoutMs: 50 } });
    for (let batch = 0; batch < 6; batch++) {
      const sessions = Array.from({ length: 10 }, (_, i) => `${batch}-${i}`);
      await Promise.all(sessions.map(async (session) => (await pool.acquire('s', { session })).release()));
      for (const session of sessions.slice(0, 5)) pool.endSession(session);
    }
    await gone(pidsOf(runtime));
    await pool.stop('s', 'to wait for the last');
    expect(runtime.endpoints).toHaveLength(60);
    expect(pool.state('s')).toEqual({ kind: 'stopped' });
  });

  it('#25 #26 a principal with many servers that hang does not keep another waiting', async () => {
    const gate = `${tempDir()}/never`;
    const plans = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`slow${i}`, { runtime: fixtureRuntime('slow-to-start', '--gate', gate) }]),
    );
    const pool = poolOf({ ...plans, quick: { runtime: fixtureRuntime('well-behaved') } }, { startsMax: 1 });
    const waiting = Object.keys(plans).map((name) => failure(pool.acquire(name, { principal: 'key:ada' })));
    using lease = await pool.acquire('quick', { principal: 'key:bob' });
    expect(await echo(lease, 'hi')).toBe('hi');
    const launched = Object.values(plans).filter(({ runtime }) => runtime.endpoints.length > 0);
    expect(launched.length, 'of twelve that came first').toBeLessThan(6);
    await pool.close(0);
    await Promise.all(waiting);
  });
});

describe('several instances for the same callers', () => {
  it('calls that would wait get a process of their own, and a spare is up before the first call and after a crash', async () => {
    const runtime = fixtureRuntime('well-behaved');
    const pool = poolOf({ s: { runtime, concurrency: 1, pool: { min: 1, max: 3 } } });
    pool.keepWarm(['s']);
    const leases = await Promise.all([pool.acquire('s'), pool.acquire('s'), pool.acquire('s')]);
    expect(await Promise.all(leases.map((lease, i) => echo(lease, `${i}`)))).toEqual(['0', '1', '2']);
    expect(new Set(pidsOf(runtime)).size).toBe(3);
    for (const lease of leases) lease.release();
    const first = pidsOf(runtime);
    for (const pid of first) process.kill(pid, 'SIGKILL');
    await gone(first);
    while (runtime.endpoints.length < 4 || pool.state('s').kind !== 'ready')
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(runtime.endpoints).toHaveLength(4);
  });
});
