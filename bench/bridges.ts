/**
 * What `tooldex stdio` costs in front of a server over HTTP, beside a hand-written bridge in the same run:
 * `node scripts/run.mjs bench/bridges.ts [--rounds 7] [--calls 2000]`. One call at a time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, option, quantile } from './measures.ts';
import { startServing } from './start-serving.ts';

class StdioClient {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, (text: string) => void>();
  #lastId = 0;
  #rest = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
  }

  /** The answer as it stands. */
  request(method: string, params: object): Promise<string> {
    const id = ++this.#lastId;
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return new Promise((answered) => this.#waiting.set(id, answered));
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const { id } = JSON.parse(line) as { id?: number };
      this.#waiting.get(id ?? -1)?.(line);
      this.#waiting.delete(id ?? -1);
    }
  }
}

interface Target {
  readonly name: string;
  readonly client: StdioClient;
  readonly params: object;
}

const HELLO = { text: 'hello from the bench' };
const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };

/** Until the first call is answered by the server behind. */
async function warmUp({ client, params }: Target): Promise<void> {
  await client.request('initialize', INITIALIZE);
  for (;;) {
    const answer = await client.request('tools/call', params);
    if (answer.includes(HELLO.text) && !answer.includes('"isError":true')) return;
    await sleep(100);
  }
}

async function latencies({ client, params }: Target, calls: number): Promise<number[]> {
  const took: number[] = [];
  for (let call = 0; call < calls; call++) {
    const from = performance.now();
    await client.request('tools/call', params);
    took.push((performance.now() - from) * 1_000);
  }
  return took;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-bridges-'));
  const { child: server, url } = await startServing([resolve('scripts/run.mjs'), 'bench/http-echo.ts']);
  const profiles = { plain: { servers: ['echo'], exposure: 'direct' } };
  const config = join(folder, 'tooldex.json');
  await writeFile(config, JSON.stringify({ data_dir: join(folder, 'data'), servers: { echo: { url } }, profiles }));
  const useTool = { mcp_server_name: 'echo', mcp_tool_name: 'echo', params: HELLO };
  const bridge = new StdioClient([resolve('scripts/run.mjs'), 'bench/floor-bridge.ts', url]);
  const stdio = [resolve('dist/main.cjs'), 'stdio', '--config', config];
  const tooldex = new StdioClient(stdio);
  const direct = new StdioClient([...stdio, '--profile', 'plain', '--data-dir', join(folder, 'data-of-direct')]);
  const echo = { name: 'echo', arguments: HELLO };
  const targets: Target[] = [
    { name: 'hand-written bridge', client: bridge, params: echo },
    { name: '`tooldex stdio --profile`, the tool itself', client: direct, params: echo },
    { name: '`tooldex stdio`, `use_tool`', client: tooldex, params: { name: 'use_tool', arguments: useTool } },
  ];
  try {
    for (const target of targets) await warmUp(target);
    for (const target of targets) await latencies(target, 5_000);
    await print(targets);
  } finally {
    const children = [server, ...targets.map(({ client }) => client.child)];
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(
      children.map((child) => child.exitCode === null && child.signalCode === null && once(child, 'exit')),
    );
    await rm(folder, { recursive: true, force: true });
  }
}

async function print(targets: readonly Target[]): Promise<void> {
  const [rounds, calls] = [option('rounds', 7), option('calls', 2_000)];
  const samples = new Map(targets.map((target) => [target, [] as { p50: number; p99: number }[]]));
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      const took = await latencies(target, calls);
      samples.get(target)?.push({ p50: quantile(took, 0.5), p99: quantile(took, 0.99) });
    }
  }
  console.log('| stdio in front of HTTP | p50 us | / hand-written | p99 us |\n|---|--:|--:|--:|');
  const p50Of = (target: Target | undefined) => median((target && samples.get(target)?.map(({ p50 }) => p50)) ?? []);
  for (const target of targets) {
    const p99 = median(samples.get(target)?.map((each) => each.p99) ?? []);
    const ratio = p50Of(target) / p50Of(targets[0]);
    console.log(`| ${target.name} | ${p50Of(target).toFixed(0)} | ${ratio.toFixed(2)} | ${p99.toFixed(0)} |`);
  }
}

await main();
