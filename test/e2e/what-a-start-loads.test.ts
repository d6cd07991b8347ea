/** What only some runs need is neither read nor compiled by the others: each megabyte of it costs every start and stays in memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { runCli, serveGateway } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** Notes what our loader compiles; it hands every bundle to `vm.Script`. */
const TRACER = `
const vm = require('node:vm');
const fs = require('node:fs');
const { Script } = vm;
vm.Script = class extends Script {
  constructor(code, options) {
    super(code, options);
    fs.appendFileSync(process.env.TEST_COMPILED, options.filename + '\\n');
  }
};
`;

let folder: string;
let args: readonly string[];

beforeEach(() => {
  folder = tempDir('start-loads');
  const config = join(folder, 'tooldex.json');
  writeFileSync(join(folder, 'tracer.cjs'), TRACER);
  writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') } }));
  args = ['--config', config, '--data-dir', join(folder, 'data')];
});

/** The names of the bundles, as `work` makes a run compile them. */
async function compiled(work: (env: Record<string, string>) => Promise<unknown>): Promise<string[]> {
  const note = join(folder, 'compiled');
  writeFileSync(note, '');
  await work({ TEST_COMPILED: note, NODE_OPTIONS: `--require ${join(folder, 'tracer.cjs')}` });
  return readFileSync(note, 'utf8')
    .trim()
    .split('\n')
    .map((file) => basename(file));
}

async function post(url: URL, body: object): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.text();
}

const SEARCH = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search_mcp_server', arguments: { task_description: 'add two numbers' } },
};

async function serveAndSearch(env: Record<string, string>): Promise<void> {
  await using gateway = await serveGateway(args, { env });
  expect(await post(gateway.url, SEARCH)).toContain('well');
  await gateway.stop();
}

it('a start whose configuration is known loads one bundle, and so does its first search', async () => {
  expect((await runCli(['index', ...args])).code).toBe(0);
  expect(await compiled(serveAndSearch)).toEqual(['tooldex.cjs']);
});

it('the parser and the schema are loaded for a configuration that nobody has read yet', async () => {
  expect(await compiled((env) => runCli(['list', ...args], { env }))).toContain('config-reader.cjs');
  expect(await compiled((env) => runCli(['list', ...args], { env }))).not.toContain('config-reader.cjs');
});

it('they are loaded for an edit over HTTP, not before', async () => {
  expect((await runCli(['index', ...args])).code).toBe(0);
  const edited = await compiled(async (env) => {
    await using gateway = await serveGateway(args, { env });
    const url = new URL('/api/servers/well/disable', gateway.url);
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(answer.status, await answer.text()).toBe(200);
    await gateway.stop();
  });
  expect(edited).toEqual(['tooldex.cjs', 'config-reader.cjs']);
});
