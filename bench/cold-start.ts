/**
 * From the start of a server to its first tool, as ratios within one run, for each way to start one:
 * `node scripts/run.mjs bench/cold-start.ts [--rounds 9]`. Needs npm; Python with uvx, and an engine, where they are there.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createRuntime, createRuntimeContext, type RuntimeServer } from '../src/runtimes/create-runtime.ts';
import { engineForTests, importServerImage } from '../test/helpers/container-engine.ts';

const NODE_PACKAGE = '@modelcontextprotocol/server-memory@2026.8.31';
const PYTHON_PACKAGE = 'mcp-server-time==2026.10.19';
const IMAGE = 'tooldex-bench-cold';
const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '0' } };
const rpc = (id: number, method: string, params: object = {}) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

/** One way to start a server; resolves when its tools are listed, with what ends it. */
interface Way {
  readonly group: string;
  readonly what: string;
  readonly start: () => Promise<() => Promise<unknown>>;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 9;
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-cold-'));
  const context = createRuntimeContext({ dataDir: join(folder, 'data'), env: process.env });
  const ways = [
    ...nodeWays(folder, context),
    ...pythonWays(folder, context),
    ...(await containerWays(context)),
    ...(await remoteWays()),
  ];
  const samples = new Map<Way, number[]>(ways.map((way) => [way, []]));
  try {
    // The first start of each installs, fills caches and is not counted.
    for (const way of ways) await (await way.start())();
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) {
        const from = performance.now();
        const end = await way.start();
        samples.get(way)?.push(performance.now() - from);
        await end();
      }
    }
    print(samples, rounds);
  } finally {
    await context.close();
    closeRemote();
    await (await engineForTests())
      ?.getImage(IMAGE)
      .remove({ force: true })
      .catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

type Context = ReturnType<typeof createRuntimeContext>;

function nodeWays(folder: string, context: Context): Way[] {
  const installed = join(folder, 'npm');
  mkdirSync(installed);
  const npm = ['install', '--prefix', installed, '--no-audit', '--no-fund', '--ignore-scripts', NODE_PACKAGE];
  execFileSync('npm', npm, { stdio: 'ignore' });
  const entry = join(installed, 'node_modules/@modelcontextprotocol/server-memory/dist/index.js');
  const group = `npm: ${NODE_PACKAGE}`;
  return [
    { group, what: 'node <entry>', start: () => bare(process.execPath, [entry]) },
    { group, what: 'npx -y, warm cache', start: () => bare('npx', ['-y', NODE_PACKAGE]) },
    { group, what: 'Tooldex', start: () => ours(context, native('npx', ['-y', NODE_PACKAGE])) },
  ];
}

function pythonWays(folder: string, context: Context): Way[] {
  const group = `PyPI: ${PYTHON_PACKAGE}`;
  const venv = join(folder, 'venv');
  try {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'ignore' });
    execFileSync(join(venv, 'bin/pip'), ['install', '-q', PYTHON_PACKAGE], { stdio: 'ignore' });
  } catch {
    process.stderr.write('left out: Python cannot install from PyPI here\n');
    return [];
  }
  const uvx: Way = { group, what: 'uvx, warm cache', start: () => bare('uvx', [PYTHON_PACKAGE]) };
  return [
    { group, what: 'python <entry>', start: () => bare(join(venv, 'bin/mcp-server-time'), []) },
    ...(isOnPath('uvx') ? [uvx] : []),
    { group, what: 'Tooldex', start: () => ours(context, native('uvx', [PYTHON_PACKAGE])) },
  ];
}

async function containerWays(context: Context): Promise<Way[]> {
  const docker = await engineForTests();
  if (!docker) return [];
  const group = 'container: a fixture server';
  const script = resolve('test/fixtures/servers/well-behaved.mjs');
  await importServerImage(docker, IMAGE, { folder: resolve('test/fixtures/servers'), script: 'well-behaved.mjs' });
  const limits = { network: 'none', memoryBytes: 512 << 20, cpus: 1, pidsMax: 128, user: undefined, mounts: [] };
  const server = {
    runtime: 'container',
    name: 'bench',
    image: IMAGE,
    args: [],
    env: {},
    workspaceDir: undefined,
    ...limits,
  } as const;
  return [
    { group, what: 'node <entry>, no container', start: () => bare(process.execPath, [script]) },
    { group, what: 'Tooldex, a new container', start: () => ours(context, server) },
    { group, what: 'Tooldex, a container that is kept', start: await kept(context, server) },
  ];
}

let closeRemote = () => {};

/** The floor of a start of nothing: a server that runs already, asked over HTTP. */
async function remoteWays(): Promise<Way[]> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closeRemote = () => {
    server.closeAllConnections();
    server.close();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (id: number, method: string) =>
    (await fetch(url, { method: 'POST', body: rpc(id, method) })).text();
  const start = async () => {
    await ask(1, 'initialize');
    await ask(2, 'tools/list');
    return async () => undefined;
  };
  return [{ group: 'remote: runs already', what: 'two requests over HTTP', start }];
}

const native = (command: string, args: readonly string[]): RuntimeServer => ({
  ...{ runtime: 'native', name: 'bench', command, args, env: {}, cwd: tmpdir(), workspaceDir: undefined },
});

async function bare(command: string, args: readonly string[]): Promise<() => Promise<unknown>> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  await speak(child.stdin, child.stdout);
  return async () => {
    child.stdin.end();
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
}

async function ours(context: Context, server: RuntimeServer): Promise<() => Promise<unknown>> {
  const endpoint = await createRuntime(server, context).launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a process');
  await speak(endpoint.input, endpoint.output);
  return () => endpoint.stop('measured');
}

/** Started once; then only asked, as a daemon is. */
async function kept(context: Context, server: RuntimeServer): Promise<Way['start']> {
  const endpoint = await createRuntime(server, context).launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a container');
  await speak(endpoint.input, endpoint.output);
  return async () => {
    await speak(endpoint.input, endpoint.output);
    return async () => undefined;
  };
}

/** Introduces itself and waits until the tools are there. */
function speak(input: Writable, output: Readable): Promise<void> {
  return new Promise((done, fail) => {
    let text = '';
    const take = (chunk: Buffer) => {
      const had = text.includes('"id":1');
      text += chunk;
      if (!had && text.includes('"id":1')) {
        input.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
        input.write(rpc(2, 'tools/list'));
      }
      if (!text.includes('"id":2')) return;
      output.off('data', take).off('end', early);
      done();
    };
    const early = () => fail(new Error(`ended early: ${text.slice(0, 300)}`));
    output.on('data', take).once('end', early);
    input.write(rpc(1, 'initialize', client));
  });
}

const isOnPath = (name: string) =>
  (process.env.PATH ?? '')
    .split(':')
    .some((folder) => existsSync(join(folder, name)) && realpathSync(join(folder, name)));

function print(samples: ReadonlyMap<Way, readonly number[]>, rounds: number): void {
  console.log(`${rounds} rounds, ${cpus()[0]?.model}, Node ${process.version}; from start to tools, ms\n`);
  console.log('| server | started by | median | best | ratio of medians |\n|---|---|--:|--:|--:|');
  const bases = new Map<string, number>();
  for (const [{ group, what }, times] of samples) {
    const sorted = times.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const base = bases.get(group) ?? median;
    bases.set(group, base);
    const cells = [group, what, median.toFixed(0), (sorted[0] ?? Number.NaN).toFixed(0), (median / base).toFixed(2)];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

await main();
process.exit(0);
