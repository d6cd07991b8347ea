/**
 * What a session at `/mcp/<server>` costs: `node scripts/run.mjs bench/sessions.ts [--sessions 2000]`. Opening one, with catalogs of
 * several sizes and the server up, and keeping it idle: processes and resident memory (Linux).
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { option, quantile } from './measures.ts';
import { startServing } from './start-serving.ts';

const CATALOGS = [25, 5_000];
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function post(url: string, message: object, more: Record<string, string> = {}): Promise<Answer> {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
  return new Promise((done, failed) => {
    const headers = { ...HEADERS, ...more, 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => done({ headers: response.headers, text }));
    });
    sent.on('error', failed).end(body);
  });
}

/** From `initialize` to the answer that `initialized` gets. Milliseconds. */
async function openSession(url: string): Promise<number> {
  const from = performance.now();
  const { headers, text } = await post(url, { id: 1, method: 'initialize', params: INITIALIZE });
  const session = headers['mcp-session-id'];
  if (typeof session !== 'string') throw new Error(`no session: ${text}`);
  await post(url, { method: 'notifications/initialized' }, { 'mcp-session-id': session });
  return performance.now() - from;
}

/** Its server is up and all its tools are known. */
async function warmUp(url: string, tools: number): Promise<void> {
  const from = performance.now();
  for (;;) {
    const { text } = await post(url, { id: 1, method: 'tools/list', params: {} });
    if (text.includes('nextCursor') || text.split('"inputSchema"').length > Math.min(tools, 100)) break;
    if (performance.now() - from > 60_000) throw new Error(`${url} was not listed: ${text.slice(0, 300)}`);
    await sleep(200);
  }
  await post(url, { id: 2, method: 'tools/call', params: { name: 'read_invoice_0', arguments: { id: 'x' } } });
}

async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}

/** All below it, itself included. */
function processes(root: number): number {
  const parents = new Map(
    execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
  );
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  return [...parents.keys()].filter(isBelow).length;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-sessions-'));
  const fixture = resolve('test/fixtures/servers/two-thousand-tools.mjs');
  const entry = (count: number) => ({ command: process.execPath, args: [fixture, '--count', String(count)] });
  const servers = Object.fromEntries(CATALOGS.map((count) => [`tools-${count}`, entry(count)]));
  const config = join(folder, 'tooldex.json');
  await writeFile(config, JSON.stringify({ data_dir: join(folder, 'data'), servers }));
  const { child, url } = await startServing([resolve('dist/main.cjs'), 'serve', '--port', '0', '--config', config]);
  try {
    await print(child, url);
  } finally {
    agent.destroy();
    child.kill('SIGTERM');
    await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}

async function print(child: ChildProcess, url: string): Promise<void> {
  const sessions = option('sessions', 2_000);
  console.log('| opening a session | p50 ms | p99 ms | gate |\n|---|--:|--:|--:|');
  for (const count of CATALOGS) {
    const at = `${url}/tools-${count}`;
    await warmUp(at, count);
    for (let session = 0; session < 300; session++) await openSession(at);
    const took: number[] = [];
    for (let session = 0; session < 300; session++) took.push(await openSession(at));
    const [p50, p99] = [quantile(took, 0.5), quantile(took, 0.99)].map((ms) => ms.toFixed(2));
    console.log(`| with a catalog of ${count} tools | ${p50} | ${p99} | 10 |`);
  }
  const pid = child.pid ?? 0;
  const at = `${url}/tools-${CATALOGS[0]}`;
  const [processesBefore, mbBefore] = [processes(pid), await residentMb(pid)];
  for (let session = 0; session < sessions; session++) await openSession(at);
  const mb = (await residentMb(pid)) - mbBefore;
  console.log('\n| an idle session | | gate | goal |\n|---|--:|--:|--:|');
  console.log(`| processes | ${processes(pid) - processesBefore} | 0 | 0 |`);
  console.log(`| MB, of ${sessions} | ${(mb / sessions).toFixed(4)} | 0.25 | 0.1 |`);
}

await main();
