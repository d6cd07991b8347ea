/**
 * What a call costs, beside a floor in the same run: `node scripts/run.mjs bench/overhead.ts [--rounds 5] [--ms 1500]`.
 * Beside them an echo server as the SDK makes one, without a gateway. `--bytes 65536` lengthens what is echoed; `--peers` adds supergateway and mcp-proxy, which npm must bring;
 * `--guarded` a gateway with a key, rules, limits, audit and metrics. Processor time is of the gateway process alone (schedstat, Linux); load comes from this process over kept-alive connections of a client
 * that costs little itself (`raw-client.ts`), for at 64 in flight a usual one is what is waited for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuUs, median, option } from './measures.ts';
import { RawClient } from './raw-client.ts';
import { startServing as start } from './start-serving.ts';

interface Target {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  readonly params: object;
  /** For peers that answer only within one. */
  readonly session?: string | undefined;
  readonly key?: string | undefined;
  /** Beside those of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Made of them once. */
  request?: ReturnType<typeof requestTo>;
}

interface Sample {
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
}

const ECHO = [process.execPath, resolve('test/fixtures/servers/well-behaved.mjs')] as const;
const HELLO = 'hello from the bench';
const DIRECT = { name: 'echo', arguments: { text: HELLO.padEnd(option('bytes', 0), '.') } };
const USE_TOOL = {
  name: 'use_tool',
  arguments: { mcp_server_name: 'echo', mcp_tool_name: 'echo', params: DIRECT.arguments },
};
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
/** As clients of 2026-07-28 ask. */
const modern = (params: { readonly name: string }) => ({
  params: { ...params, _meta: ENVELOPE },
  headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': params.name },
});
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const client = new RawClient();
let nextId = 1;

async function call(target: Target): Promise<void> {
  const { url, params, session, key, headers } = target;
  target.request ??= requestTo(new URL(url), params, {
    ...HEADERS,
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...headers,
  });
  const { to, tail } = target.request;
  const answer = await client.post({ ...to, body: `{"jsonrpc":"2.0","id":${nextId++},${tail}` });
  if (!answer.includes(HELLO)) throw new Error(answer.slice(0, 500));
}

function requestTo({ hostname: host, port, pathname }: URL, params: object, headers: Readonly<Record<string, string>>) {
  const lines = Object.entries({ host: `${host}:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${pathname} HTTP/1.1\r\n${lines.join('')}`;
  const tail = JSON.stringify({ method: 'tools/call', params }).slice(1);
  return { to: { host, port: Number(port), head }, tail };
}

/** As hosts ask that want to hear of progress, and those of 2026-07-28. */
function inOtherWays({ child, url }: { readonly child: ChildProcess; readonly url: string }): Target[] {
  const asked = (name: string, server: string) => ({ name, child, url: `${url}/${server}` });
  return [
    { ...asked('direct, with a progress token', 'echo'), params: { ...DIRECT, _meta: { progressToken: 1 } } },
    { ...asked('direct, 2026-07-28', 'echo'), ...modern(DIRECT) },
    { ...asked('direct, 2026-07-28 on both sides', 'modern'), ...modern(DIRECT) },
    { name: 'use_tool, 2026-07-28', child, url, ...modern(USE_TOOL) },
  ];
}

/** As clients do that open a session, and as those of real hosts do, which listen on a stream of theirs. */
async function inSessions({ child, url }: { readonly child: ChildProcess; readonly url: string }): Promise<Target[]> {
  const at = `${url}/echo`;
  const [quiet, session] = [await openSession(at), await openSession(at)];
  request(at, { headers: { accept: 'text/event-stream', 'mcp-session-id': session } }, (stream) => stream.resume())
    .on('error', () => {})
    .end();
  const asked = { child, url: at, params: DIRECT };
  return [
    { name: 'direct, in a session', ...asked, session: quiet },
    { name: 'direct, in a session with a stream', ...asked, session },
  ];
}

/** What guards cost beside the same call without them. */
const GUARDED: readonly (readonly [guarded: string, none: string])[] = [
  ['direct, guarded', 'direct, its twin'],
  ['use_tool, guarded', 'use_tool, its twin'],
];

/** Everything that a gateway in public has before and after each call, and a twin without it that does nothing else either: code that is used more is faster. */
async function startGuarded(folder: string, servers: object): Promise<Target[]> {
  const config = join(folder, 'guarded.json');
  const settings = {
    ...{ auth: { api_keys: true }, metrics: true, audit: { file: join(folder, 'audit.jsonl') } },
    access: { rules: [{ for: ['key:*'], tools: ['echo:echo', 'other:*'] }] },
    limits: { rate: '100000000/min', concurrency: 1000 },
  };
  await writeFile(config, JSON.stringify({ data_dir: join(folder, 'guarded'), ...settings, servers }));
  const made = spawn(process.execPath, [resolve('dist/main.cjs'), 'key', 'create', 'bench', '--config', config], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  for await (const chunk of made.stdout) text += chunk;
  const key = /tdx_\S+/.exec(text)?.[0];
  const { child, url } = await start([resolve('dist/main.cjs'), 'serve', '--port', '0', '--config', config]);
  const twin = join(folder, 'twin.json');
  await writeFile(twin, JSON.stringify({ data_dir: join(folder, 'twin'), servers }));
  const none = await start([resolve('dist/main.cjs'), 'serve', '--port', '0', '--config', twin]);
  return [
    { name: 'direct, its twin', child: none.child, url: `${none.url}/echo`, params: DIRECT },
    { name: 'use_tool, its twin', ...none, params: USE_TOOL },
    { name: 'direct, guarded', child, url: `${url}/echo`, params: DIRECT, key },
    { name: 'use_tool, guarded', child, url, params: USE_TOOL, key },
  ];
}

/** The peers in the mode in which each is fastest with one process behind it. */
async function startPeers(folder: string): Promise<Target[]> {
  await run('npm', ['install', '--no-save', '--prefix', folder, 'supergateway@4.0.0', 'mcp-proxy@6.7.19']);
  const at = (...path: string[]) => join(folder, 'node_modules', ...path);
  const supergateway = (port: number) => [
    ...[at('supergateway', 'dist', 'index.js'), '--stdio', ECHO.join(' '), '--outputTransport', 'streamableHttp'],
    ...['--stateful', '--port', String(port), '--logLevel', 'none'],
  ];
  const proxy = (port: number) => [
    ...[at('mcp-proxy', 'dist', 'bin', 'mcp-proxy.mjs'), '--port', String(port), '--host', '127.0.0.1'],
    ...['--server', 'stream', '--no-eventStore', '--', ...ECHO],
  ];
  return [
    await startPeer('supergateway 4.0.0', supergateway, 18_731),
    await startPeer('mcp-proxy 6.7.19', proxy, 18_732),
  ];
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const [code] = await once(spawn(command, args, { stdio: 'ignore' }), 'exit');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
}

async function startPeer(name: string, args: (port: number) => string[], port: number): Promise<Target> {
  const child = spawn(process.execPath, args(port), { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/mcp`;
  for (;;) {
    const session = await openSession(url).catch(() => undefined);
    if (session !== undefined) return { name, child, url, params: DIRECT, session };
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    await sleep(100);
  }
}

async function openSession(url: string): Promise<string> {
  const clientInfo = { name: 'bench', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const post = (message: object, more: object = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { ...HEADERS, ...more },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const opened = await post({ id: 0, method: 'initialize', params });
  const session = opened.headers.get('mcp-session-id') ?? '';
  await opened.text();
  await (await post({ method: 'notifications/initialized' }, { 'mcp-session-id': session })).text();
  return session;
}

async function load(target: Target, inFlight: number, ms: number): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + ms;
  const worker = async () => {
    while (performance.now() < end) {
      const from = performance.now();
      await call(target);
      took.push((performance.now() - from) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return took.sort((a, b) => a - b);
}

async function measure(target: Target, inFlight: number, ms: number): Promise<Sample> {
  const pid = target.child.pid ?? 0;
  const [before, from] = [await cpuUs(pid), performance.now()];
  const took = await load(target, inFlight, ms);
  const at = (share: number) => took[Math.floor(took.length * share)] ?? Number.NaN;
  const perSecond = (took.length / (performance.now() - from)) * 1_000;
  return { cpuUs: ((await cpuUs(pid)) - before) / took.length, p50Us: at(0.5), p99Us: at(0.99), perSecond };
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-bench-'));
  const children: ChildProcess[] = [];
  try {
    const config = join(folder, 'tooldex.json');
    const limits = { concurrency: 64 };
    const echo = { command: ECHO[0], args: [ECHO[1]], limits };
    const servers = { echo, modern: { ...echo, args: [resolve('test/fixtures/servers/modern-only.mjs')] } };
    await writeFile(config, JSON.stringify({ servers }));
    const floor = await start([resolve('scripts/run.mjs'), 'bench/floor-gateway.ts', ...ECHO]);
    children.push(floor.child);
    const gateway = await start([resolve('dist/main.cjs'), 'serve', '--port', '0', '--config', config]);
    children.push(gateway.child);
    const sdk = await start([resolve('scripts/run.mjs'), 'bench/sdk-echo.ts']);
    children.push(sdk.child);
    const targets: Target[] = [
      { name: 'floor', ...floor, params: DIRECT },
      { name: 'direct, /mcp/<server>', child: gateway.child, url: `${gateway.url}/echo`, params: DIRECT },
      { name: 'use_tool, /mcp', ...gateway, params: USE_TOOL },
      ...inOtherWays(gateway),
      ...(await inSessions(gateway)),
      { name: 'an echo server of the SDK, no gateway', ...sdk, params: DIRECT },
    ];
    if (process.argv.includes('--guarded')) targets.push(...(await startGuarded(folder, servers)));
    if (process.argv.includes('--peers')) targets.push(...(await startPeers(folder)));
    for (const { child } of targets) if (!children.includes(child)) children.push(child);
    for (const target of targets) await load(target, 64, 3_000);
    await print(targets);
  } finally {
    client.close();
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.map((child) => child.exitCode === null && once(child, 'exit')));
    await rm(folder, { recursive: true, force: true });
  }
}

async function print(targets: readonly Target[]): Promise<void> {
  const [rounds, ms] = [option('rounds', 5), option('ms', 1_500)];
  console.log(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}, ${rounds} rounds taking turns, medians`);
  for (const inFlight of [1, 64]) {
    const samples = new Map(targets.map((target) => [target, [] as Sample[]]));
    for (let round = 0; round < rounds; round++) {
      for (const target of targets) samples.get(target)?.push(await measure(target, inFlight, ms));
    }
    const of = (target: Target | undefined, key: keyof Sample) =>
      median((target && samples.get(target)?.map((sample) => sample[key])) ?? []);
    console.log(`\n| ${inFlight} in flight | CPU us a call | / floor | p50 us | / floor | p99 us | calls/s |`);
    console.log('|---|--:|--:|--:|--:|--:|--:|');
    for (const target of targets) {
      const ratio = (key: keyof Sample) => (of(target, key) / of(targets[0], key)).toFixed(2);
      const [cpu, p50, p99, perSecond] = (['cpuUs', 'p50Us', 'p99Us', 'perSecond'] as const).map((key) =>
        of(target, key).toFixed(0),
      );
      console.log(
        `| ${target.name} | ${cpu} | ${ratio('cpuUs')} | ${p50} | ${ratio('p50Us')} | ${p99} | ${perSecond} |`,
      );
    }
    for (const [guarded, none] of GUARDED) {
      const samplesOf = (name: string) => [...samples].find(([target]) => target.name === name)?.[1] ?? [];
      printGuards(guarded, samplesOf(guarded), samplesOf(none));
    }
  }
}

/** Round by round, for what disturbs one round disturbs both; on a busy machine the smallest is nearest to the truth. */
function printGuards(name: string, guarded: readonly Sample[], none: readonly Sample[]): void {
  if (guarded.length === 0) return;
  const us = (samples: readonly Sample[]) => samples.map((sample) => sample.cpuUs);
  const ratios = guarded.map(({ cpuUs }, round) => cpuUs / (none[round]?.cpuUs ?? Number.NaN));
  const least = Math.min(...us(guarded)) / Math.min(...us(none));
  const more = median(us(guarded)) - median(us(none));
  console.log(
    `${name}: CPU ${median(ratios).toFixed(2)} of none (median of rounds), ${least.toFixed(2)} (least of each), ${more.toFixed(0)} us more`,
  );
}

await main();
