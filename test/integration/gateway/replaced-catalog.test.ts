/** The file of the catalog is deleted, replaced or spoilt while a gateway runs: it goes on with what is there then, as a restart would. */
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it } from 'vitest';
import { readinessOf } from '../../../src/gateway-readiness.ts';
import { openTestGateway, type TestGateway } from './open-gateway.ts';

const servers = { well: { fixture: 'well-behaved' } } as const;
const add = { tool: 'well:add', params: { a: 2, b: 3 } };
const garbage = Buffer.alloc(50_000, 'no database ');

/** A gateway whose catalog another start has filled, so that the file itself and no log beside it has everything. */
async function openFilled(): Promise<TestGateway & { readonly file: string }> {
  const first = await openTestGateway(servers);
  await first.call('add_mcp_server', { mcp_server_name: 'well' });
  await first.gateway.close();
  const gateway = await openTestGateway(servers, first.folder);
  await gateway.gateway.open();
  return { ...gateway, file: join(first.folder, 'data', 'catalog.db') };
}

const ready = async ({ gateway }: TestGateway) =>
  readinessOf({ configStatus: () => gateway.configStatus(), observed: await gateway.observed() }, await gateway.open());

/** Without a statement the library lets go of the file at once. */
const execIn = (file: string, sql: string) => {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
};

const toolsIn = (file: string) => {
  const database = new DatabaseSync(file);
  try {
    return database.prepare('SELECT count(*) AS count FROM tools').get();
  } finally {
    database.close();
  }
};

it.each([
  ['deleted', (file: string) => rmSync(file), /deleted or replaced/],
  ['deleted with all beside it', (file: string) => ['', '-wal', '-shm'].map((end) => rmSync(file + end)), /deleted/],
  ['deleted with its folder', (file: string) => rmSync(join(file, '..'), { recursive: true }), /deleted/],
  [
    'replaced by garbage',
    (file: string) => {
      writeFileSync(`${file}.new`, garbage);
      renameSync(`${file}.new`, file);
    },
    /deleted or replaced/,
  ],
])('#68 goes on when the catalog is %s, and lists its servers into a new one', async (_, harm, told) => {
  const running = await openFilled();
  harm(running.file);
  const look = async () => {
    await ready(running);
    return running.log;
  };
  await expect.poll(look).toContainEqual(expect.stringMatching(told));
  expect((await running.call('use_tool', add)).text).toBe('5');
  await expect.poll(async () => (await ready(running)).parts.catalog).toMatch(/^\d\d tools of 1 servers/);
  expect((await running.call('search_mcp_server', { task_description: 'add two numbers' })).text).toContain('- add');
  expect(toolsIn(running.file)).not.toEqual({ count: 0 });
});

it('#68 sets a catalog aside that was overwritten, and builds it anew', async () => {
  const running = await openFilled();
  writeFileSync(running.file, garbage);
  writeFileSync(`${running.file}-wal`, garbage);
  await expect.poll(() => ready(running)).toMatchObject({ status: 'ok', parts: { indexing: 'complete' } });
  expect((await running.call('use_tool', add)).text).toBe('5');
  const [aside] = readdirSync(join(running.file, '..')).filter((name) => name.startsWith('catalog.db.unreadable-'));
  expect(running.log).toContainEqual(expect.stringContaining(`${aside}`));
  expect(toolsIn(running.file)).not.toEqual({ count: 0 });
});

it('#68 uses a backup that was moved into the place of the catalog, and nothing of the log of the old one', async () => {
  const running = await openFilled();
  const backup = `${running.file}.backup`;
  execIn(running.file, `VACUUM INTO '${backup}'`);
  execIn(backup, `INSERT INTO added_servers VALUES ('old', '{"url":"http://x"}', 1, NULL, NULL)`);
  const { catalog } = await running.gateway.open();
  catalog.recordFailure({ server: 'later', configHash: '', reason: 'x'.repeat(100_000), failedAt: 1 });
  renameSync(backup, running.file);
  await expect.poll(() => catalog.failure('later')).toBeUndefined();
  await expect.poll(() => running.log).toContainEqual(expect.stringContaining('deleted or replaced'));
  expect(await ready(running)).toMatchObject({ status: 'ok', parts: { indexing: 'complete' } });
  const later = new DatabaseSync(running.file);
  expect(later.prepare('SELECT server FROM added_servers').all()).toEqual([{ server: 'old' }]);
  expect(later.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  later.close();
});

it('#68 says which file it cannot open and what helps, in calls and to whoever asks whether it is ready', async () => {
  const running = await openFilled();
  await running.call('use_tool', add);
  rmSync(join(running.file, '..'), { recursive: true });
  writeFileSync(join(running.file, '..'), 'a file in the place of the folder');
  await expect
    .poll(() => ready(running))
    .toMatchObject({
      status: 'failing',
      parts: { catalog: expect.stringContaining(running.file), indexing: 'unknown' },
    });
  const search = await running.call('search_mcp_server', { task_description: 'add two numbers' });
  expect(search).toMatchObject({ isError: true, text: expect.stringMatching(/^DATA_DIR_UNUSABLE[\s\S]*hint: /) });
  expect((await running.call('use_tool', add)).text).toBe('5');
  rmSync(join(running.file, '..'));
  await expect.poll(() => ready(running)).toMatchObject({ status: 'ok', parts: { indexing: 'complete' } });
});
