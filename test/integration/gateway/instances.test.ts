/** Whose process a call reaches, as the configuration says, through the whole gateway. */
import { rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listInBackground } from '../../../src/gateway.ts';
import type { Principal } from '../../../src/policy/principal.ts';
import { journaled, journalOf } from '../../helpers/fixture-server.ts';
import { gone } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway, type TestGateway } from './open-gateway.ts';

const ADA: Principal = { id: 'key:ada', kind: 'api-key', groups: [] };
const BOB: Principal = { id: 'key:bob', kind: 'api-key', groups: [] };

async function pidOf({ call }: TestGateway, server: string, principal?: Principal): Promise<string> {
  const { text, isError } = await call('use_tool', { tool: `${server}:pid` }, principal ? { principal } : {});
  expect(isError, text).toBe(false);
  return text.trim();
}

it('principals have processes of their own, unless the server is for everybody', async () => {
  const gateway = await openTestGateway({
    own: { fixture: 'well-behaved' },
    all: { fixture: 'well-behaved', keys: { scope: 'shared' } },
    call: { fixture: 'well-behaved', keys: { mode: 'launcher' } },
  });
  const { discovery } = await gateway.gateway.open();
  await discovery.listMissing();
  const own = [await pidOf(gateway, 'own', ADA), await pidOf(gateway, 'own', BOB), await pidOf(gateway, 'own', ADA)];
  expect(own[0]).toBe(own[2]);
  expect(own[0]).not.toBe(own[1]);
  expect(await pidOf(gateway, 'all', ADA)).toBe(await pidOf(gateway, 'all', BOB));
  const first = await pidOf(gateway, 'call', ADA);
  await gone([Number(first)]);
  expect(await pidOf(gateway, 'call', ADA)).not.toBe(first);
});

it('an instance of a launcher is gone when its caller gives up, in the call or before it is up', async () => {
  const folder = tempDir();
  const [journal, open] = [`${folder}/journal`, `${folder}/open`];
  const launcher = (fixture: string, ...args: string[]) => ({
    fixture,
    args: [...args, '--journal', journal],
    keys: { mode: 'launcher' },
  });
  const gateway = await openTestGateway({
    busy: launcher('well-behaved'),
    slow: launcher('slow-to-start', '--gate', open),
  });
  const { discovery } = await gateway.gateway.open();
  writeFileSync(open, '');
  await discovery.listAll(['busy', 'slow']);
  rmSync(open);
  for (const [tool, event] of [
    ['busy:wait', 'waiting'],
    ['slow:echo', 'spawned'],
  ] as const) {
    const before = journalOf(journal, event).length;
    const caller = new AbortController();
    const given = { tool, arguments: tool === 'busy:wait' ? { file: open } : { text: 'x' } };
    const answer = gateway.call('use_tool', given, { signal: caller.signal });
    const begun = await journaled(journal, event, { count: before + 1 });
    caller.abort(new Error('enough'));
    expect((await answer).isError).toBe(true);
    await gone(begun.map(({ pid }) => pid));
  }
});

it('spares are up before the first call, and again after a crash', async () => {
  const gateway = await openTestGateway({
    warm: { fixture: 'well-behaved', keys: { pool: { min: 1 }, idle_timeout: '50ms' } },
    cold: { fixture: 'well-behaved', keys: { idle_timeout: '50ms' } },
  });
  const { pool } = await gateway.gateway.open();
  const states = () => [pool.state('warm').kind, pool.state('cold').kind];
  const becomes = async (wanted: string[]) => {
    while (states().join() !== wanted.join()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await listInBackground(gateway.gateway, () => {});
  await becomes(['ready', 'stopped']);
  const pid = await pidOf(gateway, 'warm');
  const starts = () => gateway.log.filter((line) => line.includes('warm starting -> ready')).length;
  const before = starts();
  process.kill(Number(pid), 'SIGKILL');
  while (starts() === before) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await pidOf(gateway, 'warm')).not.toBe(pid);
});

it('one more call than run and may wait is refused, and told when to come again', async () => {
  const limits = { concurrency: 1, queue: 1 };
  const gateway = await openTestGateway({ s: { fixture: 'well-behaved', keys: { limits, pool: { max: 2 } } } });
  const { discovery, pool } = await gateway.gateway.open();
  await discovery.list('s');
  const leases = await Promise.all([pool.acquire('s'), pool.acquire('s')]);
  const third = pidOf(gateway, 's');
  const refused = await gateway.call('use_tool', { tool: 's:pid' });
  expect(refused).toMatchObject({
    isError: true,
    text: expect.stringMatching(/SERVER_BUSY.*is busy: 2 calls run and 1 wait/s),
  });
  expect(refused.text).toContain('Call again in');
  for (const lease of leases) lease.release();
  await third;
});

it('no more run than max_instances; the one that was idle makes room', async () => {
  const servers = { a: { fixture: 'well-behaved' }, b: { fixture: 'well-behaved' } };
  const gateway = await openTestGateway(servers, undefined, { max_instances: 1 });
  const { discovery, pool } = await gateway.gateway.open();
  await discovery.listAll(['a']);
  await discovery.listAll(['b']);
  const pid = await pidOf(gateway, 'a');
  await pidOf(gateway, 'b');
  await gone([Number(pid)]);
  using _ = await pool.acquire('b');
  expect((await gateway.call('use_tool', { tool: 'a:pid' })).text).toMatch(/SERVER_BUSY.*1 instances are in use/s);
});

it('#25 no more start at once than max_starts', async () => {
  const journal = `${tempDir()}/journal`;
  const slow = { fixture: 'slow-to-start', args: ['--delay-ms', '150', '--journal', journal] };
  const gateway = await openTestGateway({ a: slow, b: slow, c: slow }, undefined, { max_starts: 1 });
  const { pool } = await gateway.gateway.open();
  await Promise.all(
    ['a', 'b', 'c'].map(async (server) => {
      using _ = await pool.acquire(server);
    }),
  );
  const starts = journalOf(journal).filter(({ event, method }) => event === 'spawned' || method === 'initialize');
  // A process is not even begun before the one before it has introduced itself.
  expect(starts.map(({ event }) => event)).toEqual(Array(3).fill(['spawned', 'received']).flat());
});

it('#30 a killed server is back on the very next call, however soon that comes, and no call is made twice', async () => {
  const journal = `${tempDir()}/journal`;
  const gateway = await openTestGateway({ s: { fixture: 'well-behaved', args: ['--journal', journal] } });
  await (await gateway.gateway.open()).discovery.list('s');
  const pids = new Set([await pidOf(gateway, 's')]);
  for (let round = 1; round <= 50; round++) {
    process.kill(Number([...pids].at(-1)), 'SIGKILL');
    // From at once to long after, so that every moment between death and its news has its turn.
    for (let turn = 0; turn < round % 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    pids.add(await pidOf(gateway, 's'));
  }
  expect(pids.size).toBe(51);
  const calls = journalOf(journal, 'received').filter(({ method }) => method === 'tools/call');
  expect(calls).toHaveLength(51);
});
