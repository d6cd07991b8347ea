/** Several processes with one data folder, as when somebody tries the command line beside a running gateway. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BIN, runCli, serveGateway, startCli } from '../helpers/cli.ts';
import { type FixtureCommand, fixtureServer, journalOf } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

function configured(servers: Record<string, FixtureCommand>): { folder: string; flags: string[] } {
  const folder = tempDir('shared');
  const config = join(folder, 'tooldex.yaml');
  writeFileSync(config, JSON.stringify({ servers }));
  return { folder, flags: ['--config', config, '--data-dir', join(folder, 'data')] };
}

it('#66 a running gateway finds and uses what "tooldex index" has learned since', async () => {
  const tools = join(tempDir('tools'), 'tools.json');
  const { flags } = configured({ shop: fixtureServer('changes-its-tools', '--tools', tools) });
  writeFileSync(tools, JSON.stringify(['weigh_parcel']));
  expect(await runCli(['index', ...flags])).toMatchObject({ code: 0 });
  await using gateway = await serveGateway(flags);
  await using client = await connectClient('v2-auto', gateway.url);
  const find = async (task: string) => {
    const { content } = await client.callTool('search_mcp_server', { task_description: task });
    return content[0]?.text;
  };
  expect(await find('weigh a parcel')).toContain('- weigh_parcel');

  writeFileSync(tools, JSON.stringify(['print_label']));
  expect(await runCli(['index', 'shop', ...flags])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/1 new, 1 gone/),
  });
  expect(await find('print a label')).toContain('- print_label');
  expect(await find('weigh a parcel')).not.toContain('weigh_parcel');
  const used = await client.callTool('use_tool', { mcp_tool_name: 'print_label' });
  expect(used).not.toMatchObject({ isError: true });
});

it('#66 first calls from many processes at once all succeed on an empty data folder', async () => {
  const { flags } = configured({ good: fixtureServer('well-behaved') });
  const sums = Array.from({ length: 8 }, (_, a) => runCli(['call', 'good:add', JSON.stringify({ a, b: 1 }), ...flags]));
  const results = await Promise.all([...sums, runCli(['search', 'add two numbers', ...flags])]);
  expect(results.map(({ code, stderr }) => ({ code, errors: stderr.match(/error/i) }))).toEqual(
    results.map(() => ({ code: 0, errors: null })),
  );
  expect(results.slice(0, 8).map(({ stdout }) => Number(stdout))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it('an answer is from the catalog and starts nothing, in every process', async () => {
  const journal = join(tempDir('journal'), 'journal');
  const { flags } = configured({ good: fixtureServer('well-behaved', '--journal', journal) });
  for (const args of [['search', 'add two numbers'], ['list'], ['list', 'good'], ['search', 'take a picture']]) {
    expect(await runCli([...args, ...flags])).toMatchObject({ code: 0 });
  }
  expect(journalOf(journal, 'started')).toHaveLength(1);
});

it('#66 a second gateway at the same address is told whose that is, and takes it when that was killed', async () => {
  const { folder, flags } = configured({ good: fixtureServer('well-behaved') });
  await using first = await serveGateway(flags);
  const second = ['serve', '--port', first.url.port, ...flags];
  const refused = await runCli(second);
  expect(refused).toMatchObject({ code: 69, stdout: '' });
  expect(refused.stderr).toContain(`tooldex.yaml from this data folder (pid ${first.pid})`);
  expect(refused.stderr).toContain(`kill ${first.pid}`);
  expect((await fetch(new URL('/healthz', first.url))).status).toBe(200);
  const notes = join(folder, 'data', 'serving');
  expect(readdirSync(notes)).toEqual([`${first.pid}.json`]);
  await first.stop('SIGKILL');
  await using next = startCli(second);
  await next.printed(/serves MCP at/);
  expect((await runCli(['list', ...flags, '--json'])).stdout).toContain(`"gateway":"${first.url.origin}"`);
  expect(readdirSync(notes)).toEqual([`${next.pid}.json`]);
});

it('#66 a note of a gateway whose number another process has now misleads nobody', async () => {
  const { folder, flags } = configured({ good: fixtureServer('well-behaved') });
  const notes = join(folder, 'data', 'serving');
  mkdirSync(notes, { recursive: true });
  const stale = { pid: process.pid, url: 'http://127.0.0.1:9', file: join(folder, 'tooldex.yaml') };
  writeFileSync(join(notes, `${process.pid}.json`), JSON.stringify(stale));
  expect(await runCli(['call', 'good:add', '{"a":1,"b":2}', ...flags])).toMatchObject({ code: 0, stdout: '3\n' });
  const { code, stdout, stderr } = await runCli(['disable', 'good', ...flags]);
  expect({ code, text: stdout + stderr }).toMatchObject({
    code: 0,
    text: expect.stringContaining('no running gateway was asked'),
  });
});

it('#66 a gateway and clients over stdio work beside each other, each with servers of its own', async () => {
  const journal = join(tempDir('journal'), 'journal');
  const { flags } = configured({ good: fixtureServer('well-behaved', '--journal', journal) });
  expect(await runCli(['index', ...flags])).toMatchObject({ code: 0 });
  const listed = journalOf(journal, 'started').length;
  await using gateway = await serveGateway(flags);
  const stdio = { command: process.execPath, args: [BIN, 'stdio', ...flags] };
  await using one = await connectClient('v2-auto', gateway.url);
  await using two = await connectClient('v2-auto', stdio);
  await using three = await connectClient('v1', stdio);
  const answers = [one, two, three].map((client, a) =>
    client.callTool('use_tool', { mcp_tool_name: 'good:add', params: { a, b: 1 } }),
  );
  expect((await Promise.all(answers)).map(({ content }) => content[0]?.text)).toEqual(['1', '2', '3']);
  expect(journalOf(journal, 'started')).toHaveLength(listed + 3);
});
