/**
 * What is left of sessions that were abandoned, servers that crashed, and gateways that were killed:
 * `node scripts/run.mjs bench/soak.ts [--sessions 10000] [--crashes 1000] [--cycles 2] [--rounds 50] [--servers 20]`. Linux; runs `dist`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendants, processesMarked } from '../test/helpers/process-table.ts';

interface Gateway {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
}

interface Answer {
  readonly status: number;
  readonly session: string | undefined;
  readonly text: string;
}

/** What a gateway holds at one moment, after a garbage collection. */
interface Holding {
  readonly rssMb: number;
  readonly heapMb: number;
  /** Memory of no file and not of V8's heap: what libraries have allocated, and what their allocator has not given back. */
  readonly nativeMb: number;
  readonly files: number;
  readonly timers: number;
  readonly resources: number;
  readonly processes: number;
}

const BIN = resolve('dist/main.cjs');
const VERSION = '2025-11-25';
const AT_ONCE = 32;
const GONE_WITHIN_MS = 15_000;
/** Short, so that it can be waited for; longer than the rows are measured after the last request. */
const SESSION_TIMEOUT = '60s';
const SESSIONS_OVER_MS = 90_000;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
const fixture = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [resolve(`test/fixtures/servers/${name}.mjs`), ...args],
});

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

/** Writes what the process holds to a file whenever it gets SIGUSR2. */
const PROBE = `
const { writeFileSync, renameSync } = require('node:fs');
process.on('SIGUSR2', () => {
  globalThis.gc(); globalThis.gc();
  const kinds = process.getActiveResourcesInfo();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const timers = kinds.filter((kind) => kind === 'Timeout').length;
  writeFileSync(process.env.SOAK_PROBE + '.new', JSON.stringify({ rss, heapUsed, heapTotal, timers, resources: kinds.length }));
  renameSync(process.env.SOAK_PROBE + '.new', process.env.SOAK_PROBE);
});
`;

async function start(folder: string, servers: object): Promise<Gateway> {
  const config = join(folder, 'tooldex.json');
  const probe = join(folder, 'probe.cjs');
  await writeFile(probe, PROBE);
  await writeFile(
    config,
    JSON.stringify({ servers, defaults: { idle_timeout: '2s' }, listen: { session_timeout: SESSION_TIMEOUT } }),
  );
  const flags = ['--expose-gc', '--require', probe];
  const args = ['serve', '--port', '0', '--config', config, '--data-dir', join(folder, 'data')];
  const env = { ...process.env, SOAK_PROBE: join(folder, 'probe.json') };
  const child = spawn(process.execPath, [...flags, BIN, ...args], { stdio: ['ignore', 'pipe', 'ignore'], env });
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const url = /http:\S+\/mcp\b/.exec(text)?.[0];
    if (url && child.pid !== undefined) return { child, pid: child.pid, url };
  }
  throw new Error(`the gateway ended before it served: ${text}`);
}

interface Post {
  readonly method: string;
  readonly params?: object;
  readonly id?: number;
  readonly session?: string | undefined;
}

function post(url: string, { method, params = {}, id, session }: Post): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': VERSION }),
  };
  return new Promise((done, failed) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      const given = response.headers['mcp-session-id'];
      const id = typeof given === 'string' ? given : undefined;
      response.on('end', () => done({ status: response.statusCode ?? 0, session: id, text }));
      response.on('error', failed);
    });
    sent.on('error', failed).end(body);
  });
}

/** Opens a stream and cuts the connection without a word. */
function cutStream(url: string, session: string): Promise<void> {
  return new Promise((done) => {
    const headers = { accept: 'text/event-stream', 'mcp-session-id': session, 'mcp-protocol-version': VERSION };
    const sent = request(url, { headers, agent: false }, (response) => {
      response.on('error', () => undefined);
      sent.destroy();
    });
    sent.on('close', done).on('error', () => undefined);
    sent.end();
  });
}

/** Every tenth leaves a stream behind, every hundredth a server of its own, for it could be asked. */
async function abandonSession(url: string, n: number): Promise<void> {
  const capabilities = n % 100 === 0 ? { elicitation: {} } : {};
  const params = { protocolVersion: VERSION, capabilities, clientInfo: { name: 'soak', version: '1' } };
  const { session } = await post(url, { method: 'initialize', params, id: 1 });
  if (session === undefined) throw new Error('there was no session');
  await post(url, { method: 'notifications/initialized', session });
  if (n % 10 === 0) await cutStream(url, session);
  const echo = { name: 'echo', arguments: { text: 'hello' } };
  if (n % 100 === 0) await post(url, { method: 'tools/call', params: echo, id: 2, session });
}

/** A life that was of some use before it ended: no back-off follows. */
async function crashOnce(url: string): Promise<void> {
  const echo = await post(url, { method: 'tools/call', params: { name: 'echo', arguments: { text: 'up' } }, id: 1 });
  if (!echo.text.includes('up')) throw new Error(`the call after a crash failed: ${echo.text}`);
  const crash = await post(url, { method: 'tools/call', params: { name: 'crash', arguments: {} }, id: 2 });
  if (!crash.text.includes('SERVER_CRASHED') && !crash.text.includes('error')) throw new Error(crash.text);
}

async function inParallel(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function holding({ child, pid }: Gateway, folder: string): Promise<Holding> {
  // Longer than servers stay idle, and than streams that broke are noticed.
  agent.destroy();
  await sleep(20_000);
  await rm(join(folder, 'probe.json'), { force: true });
  child.kill('SIGUSR2');
  let text = '';
  while (text === '') {
    await sleep(50);
    text = await readFile(join(folder, 'probe.json'), 'utf8').catch(() => '');
  }
  const { rss, heapUsed, heapTotal = 0, timers, resources } = JSON.parse(text) as Record<string, number>;
  const files = (await readdir(`/proc/${pid}/fd`)).length;
  const mb = (bytes = 0) => Math.round(bytes / 1e6);
  const memory = { rssMb: mb(rss), heapMb: mb(heapUsed), nativeMb: mb((await anonymousBytes(pid)) - heapTotal) };
  return { ...memory, files, timers: timers ?? 0, resources: resources ?? 0, processes: descendants(pid).length };
}

async function anonymousBytes(pid: number): Promise<number> {
  const [, kb] = /^Anonymous: +(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kb) * 1024;
}

async function soak(folder: string): Promise<void> {
  const sessions = option('sessions', 10_000);
  const crashes = option('crashes', 1_000);
  const gateway = await start(folder, { echo: fixture('well-behaved'), frail: fixture('crashes-in-call') });
  const at = (server: string) => `${gateway.url}/${server}`;
  try {
    await inParallel(100, (n) => abandonSession(at('echo'), n + 1));
    for (let n = 0; n < 10; n++) await crashOnce(at('frail'));
    console.log('| gateway | RSS, MB | heap, MB | native, MB | open files | timers | handles | processes |');
    console.log('|---|--:|--:|--:|--:|--:|--:|--:|');
    const note = async (what: string) => row(what, await holding(gateway, folder));
    await note('base line, after 100 sessions and 10 crashes');
    for (let cycle = 0; cycle < option('cycles', 2); cycle++) {
      for (let n = 0; n < crashes; n++) await crashOnce(at('frail'));
      await note(`after ${crashes} crashes`);
      await inParallel(sessions, (n) => abandonSession(at('echo'), n));
      await note(`after ${sessions} abandoned sessions`);
      await inParallel(sessions, (n) => abandonSession(at('echo'), n));
      await note(`after ${sessions} more`);
      await sleep(SESSIONS_OVER_MS);
      await note('when all of these were over');
    }
  } finally {
    gateway.child.kill('SIGTERM');
    await once(gateway.child, 'exit');
  }
}

function row(what: string, held: Holding): void {
  const { rssMb, heapMb, nativeMb, files, timers, resources, processes } = held;
  console.log(`| ${what} | ${rssMb} | ${heapMb} | ${nativeMb} | ${files} | ${timers} | ${resources} | ${processes} |`);
}

interface Killed {
  readonly running: number;
  /** Undefined when some were left. */
  readonly goneMs: number | undefined;
}

const KINDS = [['ignores-term'], ['forks-grandchild', '--ignore-term'], ['well-behaved'], ['never-answers']] as const;

async function killRound(folder: string, count: number): Promise<Killed> {
  const kindOf = (n: number) => KINDS[n % KINDS.length] ?? KINDS[0];
  const names = Array.from({ length: count }, (_, n) => `s${n}`);
  const entry = (n: number) => {
    const [name, ...args] = kindOf(n);
    return { ...fixture(name, ...args), env: { SOAK_ROUND: folder } };
  };
  const gateway = await start(folder, Object.fromEntries(names.map((name, n) => [name, entry(n)])));
  const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 1 };
  for (const name of names) void post(`${gateway.url}/${name}`, call).catch(() => undefined);
  await sleep(Math.random() * 3_000);
  const running = descendants(gateway.pid).length;
  gateway.child.kill('SIGKILL');
  await once(gateway.child, 'exit');
  const killedMs = performance.now();
  while (processesMarked(folder).length > 0) {
    if (performance.now() - killedMs > GONE_WITHIN_MS) return { running, goneMs: undefined };
    await sleep(20);
  }
  return { running, goneMs: performance.now() - killedMs };
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]) => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;

async function killRounds(folder: string): Promise<void> {
  const rounds = option('rounds', 50);
  const count = option('servers', 20);
  const killed: Killed[] = [];
  for (let round = 0; round < rounds; round++) killed.push(await killRound(folder, count));
  const times = killed.flatMap(({ goneMs }) => (goneMs === undefined ? [] : [goneMs]));
  const running = killed.map((each) => each.running);
  console.log(
    '\n| gateways killed with SIGKILL | processes under them: median, most | none left after: median, longest | rounds with some left |',
  );
  console.log('|--:|--:|--:|--:|');
  const [most = 0] = sorted(running).reverse();
  const [longest = 0] = sorted(times).reverse();
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const left = rounds - times.length;
  console.log(`| ${rounds} | ${median(running)}, ${most} | ${seconds(median(times))}, ${seconds(longest)} | ${left} |`);
}

const folder = await mkdtemp(join(tmpdir(), 'tooldex-soak-'));
try {
  if (option('sessions', 1) > 0) await soak(folder);
  if (option('rounds', 1) > 0) await killRounds(folder);
} finally {
  for (const pid of processesMarked(folder)) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
}
