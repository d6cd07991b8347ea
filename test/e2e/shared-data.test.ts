/** Several processes with one data folder, as when somebody tries the command line beside a running gateway. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, serveGateway } from '../helpers/cli.ts';
import { type FixtureCommand, fixtureServer, journalOf } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

function configured(servers: Record<string, FixtureCommand>): { folder: string; flags: string[] } {
  const folder = tempDir('shared');
  const config = join(folder, 'tooldex.yaml');
  writeFileSync(config, JSON.stringify({ servers }));
  return { folder, flags: ['--config', config, '--data-dir', join(folder, 'data')] };
}

it('a running gateway finds and uses what "tooldex index" has learned since', async () => {
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

it('first calls from many processes at once all succeed on an empty data folder', async () => {
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
