/** Gateways that are servers of gateways, by the command line: of others, of themselves, in a ring, and too deep. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BIN, runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

type Entry = Readonly<Record<string, unknown>>;

/** A configuration with a data folder beside it, and the flags that name both. */
function place(name: string, folder = tempDir('nested')) {
  const config = join(folder, `${name}.json`);
  const flags = ['--config', config, '--data-dir', join(folder, `${name}-data`)];
  const write = (servers: Record<string, Entry>) => writeFileSync(config, JSON.stringify({ servers }));
  const asServer = (command = 'stdio', ...more: string[]): Entry => ({
    command: process.execPath,
    args: [BIN, command, ...flags, ...more],
    start_timeout: '60s',
  });
  return { flags, write, asServer };
}

const GOOD = { command: fixtureServer('well-behaved').command, args: fixtureServer('well-behaved').args };

it.each([
  ['stdio', ['stdio']],
  ['stdio with a profile', ['stdio', '--profile', 'any']],
  ['serve', ['serve', '--port', '0']],
] as const)('#60 a gateway whose server is itself by %s says so, and its other servers work', async (_name, args) => {
  const one = place('one');
  one.write({ me: one.asServer(...args), good: GOOD });
  const { code, stdout, stderr } = await runCli(['index', ...one.flags]);
  expect(code).toBe(1);
  expect(stdout + stderr).toMatch(
    /a ring: one of the servers of .*one\.json starts this gateway[\s\S]*remove that server/,
  );
  const called = await runCli(['call', 'good:add', '{"a":1,"b":2}', ...one.flags]);
  expect(called).toMatchObject({ code: 0, stdout: '3\n' });
});

it('#60 a ring of gateways over stdio ends at the one that starts itself', async () => {
  const folder = tempDir('ring');
  const [one, two] = [place('one', folder), place('two', folder)];
  one.write({ two: two.asServer() });
  two.write({ one: one.asServer(), good: GOOD });
  // The outer one gets the three tools of the inner, whose own server is the outer again and fails.
  expect(await runCli(['index', ...one.flags])).toMatchObject({ code: 0 });
  const params = { mcp_server_name: 'one' };
  const { stdout, stderr } = await runCli(['call', 'two:add_mcp_server', JSON.stringify(params), ...one.flags]);
  expect(stdout + stderr).toMatch(/a ring: one of the servers of .*one\.json/);
});

it('lets gateways of other configurations be servers of each other, to a small depth', async () => {
  const folder = tempDir('deep');
  const places = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => place(name, folder));
  for (const [at, { write }] of places.entries()) {
    const next = places[at + 1];
    write(next ? { next: next.asServer() } : { good: GOOD });
  }
  const useDeep = (depth: number, call: Entry): Entry =>
    depth === 0 ? call : { mcp_server_name: 'next', mcp_tool_name: 'use_tool', params: useDeep(depth - 1, call) };
  const adding = { mcp_server_name: 'good', mcp_tool_name: 'add', params: { a: 1, b: 2 } };
  const callFrom = async (at: number) => {
    const args = JSON.stringify(useDeep(5 - at, adding));
    const { stdout, stderr } = await runCli(['call', 'next:use_tool', args, ...(places[at]?.flags ?? [])]);
    return stdout + stderr;
  };
  expect(await callFrom(3)).toBe('3\n');
  expect(await callFrom(0)).toMatch(/runs within 5 others/);
});
