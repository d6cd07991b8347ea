/** A virtual server over standard input and output, as a client launches it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BIN, runCli } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

function begin() {
  const folder = tempDir('profiles');
  const file = join(folder, 'tooldex.yaml');
  const one = fixtureServer('well-behaved');
  const profiles = {
    sums: { servers: ['one'], tools: { allow: ['add'], rename: { 'one:add': 'sum' } }, exposure: 'direct' },
    all: { description: 'Everything there is.', servers: ['*'] },
    few: { servers: ['o?e'] },
  };
  writeFileSync(file, JSON.stringify({ servers: { one, other: { ...one, enabled: false }, two: one }, profiles }));
  return ['--config', file, '--data-dir', join(folder, 'data')];
}

const launch = (flags: readonly string[], profile: string) => ({
  command: process.execPath,
  args: [BIN, 'stdio', ...flags, '--profile', profile],
});

it('tooldex stdio --profile serves the chosen tools', async () => {
  const flags = begin();
  await using client = await connectClient('v1', launch(flags, 'sums'));
  expect((await client.listTools()).map(({ name }) => name)).toEqual(['sum']);
  expect((await client.callTool('sum', { a: 2, b: 3 })).content[0]?.text).toBe('5');
});

it('tooldex stdio --profile serves the three tools over the choice', async () => {
  const flags = begin();
  await using client = await connectClient('v2-auto', launch(flags, 'all'));
  expect(client.instructions).toMatch(/^Everything there is\./);
  expect((await client.listTools()).map(({ name }) => name)).toContain('use_tool');
  const called = await client.callTool('use_tool', { mcp_tool_name: 'one:add', params: { a: 2, b: 3 } });
  expect(called.content[0]?.text).toBe('5');
});

it('a profile that is not there ends the command with the nearest name', async () => {
  const ended = await runCli(['stdio', ...begin(), '--profile', 'sum']);
  expect(ended).toMatchObject({ code: 65, stderr: expect.stringContaining('did you mean "sums"?') });
});

it('greets with what the whole program would say of the profile', async () => {
  const flags = begin();
  const opening = [
    {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
    },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/list' },
  ];
  const input = opening.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join('');
  const answers = async (...more: string[]) => {
    const { stdout } = await runCli(['stdio', ...flags, ...more], { input });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };
  for (const profile of ['all', 'few']) {
    // The greeter leaves a flag that it does not know to the program.
    const [greeted, whole] = [await answers('--profile', profile), await answers('--profile', profile, '--verbose')];
    expect(greeted).toHaveLength(2);
    expect(greeted).toEqual(whole);
  }
});
