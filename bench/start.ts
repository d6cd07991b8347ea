/**
 * How long a start takes, as ratios to `node -e 0` in the same run: `node scripts/run.mjs bench/start.ts [--rounds 15]`.
 * Offline: the servers behind the gateway are fixtures, indexed once before the rounds.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const BIN = resolve('dist/main.cjs');
const IDLE_MS = 3_000;
const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '0' } };
const rpc = (id: number, method: string, params: object = {}) => ({ jsonrpc: '2.0', id, method, params });
const SEARCH = rpc(1, 'tools/call', { name: 'search_mcp_server', arguments: { task_description: 'add two numbers' } });

interface Figure {
  readonly what: string;
  readonly base: string;
  readonly gate: number;
  readonly goal: number;
}

const FIGURES: readonly Figure[] = [
  { what: 'stdio: spawn to tools/list', base: 'node -e 0', gate: 1.6, goal: 1.3 },
  { what: 'http: spawn to first search', base: 'node -e 0', gate: 3.2, goal: 2.5 },
  { what: 'http: idle RSS, MB', base: 'node:http: idle RSS, MB', gate: 1.6, goal: 1.6 },
];

async function main(): Promise<void> {
  const rounds = Number(option('rounds', '15'));
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-bench-'));
  try {
    const args = ['--config', await writeConfig(folder), '--data-dir', join(folder, 'data')];
    await ended(spawn(process.execPath, [BIN, 'index', ...args], { stdio: 'ignore' }));
    const samples = new Map<string, number[]>();
    const note = (what: string, value: number) => samples.set(what, [...(samples.get(what) ?? []), value]);
    for (let round = 0; round < rounds; round++) {
      note('node -e 0', await timeBareNode());
      note('stdio: spawn to tools/list', await timeStdio(args));
      note('http: spawn to first search', await timeHttp(args));
    }
    for (let round = 0; round < 3; round++) {
      note('node:http: idle RSS, MB', await restingMemory(['-e', BARE_HTTP], 'listening'));
      note('http: idle RSS, MB', await restingMemory([BIN, 'serve', '--port', '0', ...args], 'serves MCP'));
    }
    print(samples, rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const BARE_HTTP =
  "require('node:http').createServer((q, s) => s.end()).listen(0, '127.0.0.1', () => console.log('listening'))";

function option(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return (at >= 0 ? process.argv[at + 1] : undefined) ?? otherwise;
}

async function writeConfig(folder: string): Promise<string> {
  const file = join(folder, 'tooldex.json');
  const fixture = (name: string) => ({
    command: process.execPath,
    args: [resolve(`test/fixtures/servers/${name}.mjs`)],
  });
  await writeFile(
    file,
    JSON.stringify({ servers: { well: fixture('well-behaved'), old: fixture('speaks-2024-11-05') } }),
  );
  return file;
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
}

async function timeBareNode(): Promise<number> {
  const from = performance.now();
  await ended(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }));
  return performance.now() - from;
}

async function timeStdio(args: readonly string[]): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, [BIN, 'stdio', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const send = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  send(rpc(1, 'initialize', client));
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('"id":2')) break;
    if (text.includes('"id":1'))
      send({ jsonrpc: '2.0', method: 'notifications/initialized' }) && send(rpc(2, 'tools/list'));
  }
  const took = performance.now() - from;
  child.stdin.end();
  await once(child, 'exit');
  return took;
}

async function timeHttp(args: readonly string[]): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await printed(child.stdout, /http:\S+\/mcp\b/);
  const answer = await post(url, SEARCH);
  const took = performance.now() - from;
  if (!answer.includes('verdict')) throw new Error(`no search answer: ${answer}`);
  child.kill('SIGTERM');
  await once(child, 'exit');
  return took;
}

async function printed(output: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of output.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const found = pattern.exec(text)?.[0];
    if (found) return found;
  }
  throw new Error(`ended before it printed ${pattern}: ${text}`);
}

function post(url: string, message: object): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return new Promise((done, failed) => {
    const sent = request(url, { method: 'POST', headers }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      done(text);
    });
    sent.on('error', failed).end(JSON.stringify(message));
  });
}

/** Resident memory of a server that nobody has asked anything, in MB. Linux only. */
async function restingMemory(args: readonly string[], ready: string): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await printed(child.stdout, new RegExp(ready));
  await sleep(IDLE_MS);
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  child.kill('SIGTERM');
  await once(child, 'exit');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function print(samples: ReadonlyMap<string, readonly number[]>, rounds: number): void {
  const of = (what: string) => median(samples.get(what) ?? []);
  console.log(
    `Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${rounds} rounds, medians\n`,
  );
  console.log('| what | median | best | ratio | gate | goal |\n|---|--:|--:|--:|--:|--:|');
  for (const base of new Set(FIGURES.map((figure) => figure.base))) {
    console.log(`| ${base} | ${of(base).toFixed(0)} | ${Math.min(...(samples.get(base) ?? [])).toFixed(0)} | 1 | | |`);
  }
  for (const { what, base, gate, goal } of FIGURES) {
    const best = Math.min(...(samples.get(what) ?? [])).toFixed(0);
    console.log(
      `| ${what} | ${of(what).toFixed(0)} | ${best} | ${(of(what) / of(base)).toFixed(2)} | ${gate} | ${goal} |`,
    );
  }
}

await main();
