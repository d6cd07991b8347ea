/**
 * Real servers from npm and PyPI, indexed, started, called and stopped through the gateway, and held against the same
 * server without it: `node scripts/run.mjs bench/server-matrix.ts [--only name,name]`. Needs npm, PyPI and `npm run build`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { startServing } from './start-serving.ts';

interface Server {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Some build a native module when they are installed. */
  readonly install_scripts?: boolean;
  /** A call that needs no network and changes nothing; without one the first tool is called without arguments. */
  readonly call?: readonly [tool: string, args: object];
}

const npx = (name: string, spec: string, more: Partial<Server> = {}): Server => ({
  name,
  command: 'npx',
  ...more,
  args: ['-y', spec, ...(more.args ?? [])],
});
const uvx = (name: string, spec: string, more: Partial<Server> = {}): Server => ({
  ...npx(name, spec, more),
  command: 'uvx',
  args: [spec, ...(more.args ?? [])],
});
const KEY = 'not-a-key';
const PATIENCE_S = 60;

const SERVERS: readonly Server[] = [
  npx('everything', '@modelcontextprotocol/server-everything@2026.8.31', { call: ['echo', { message: 'ä 測試' }] }),
  npx('filesystem', '@modelcontextprotocol/server-filesystem@2026.8.31', {
    args: ['.'],
    call: ['list_allowed_directories', {}],
  }),
  npx('memory', '@modelcontextprotocol/server-memory@2026.8.31', { call: ['read_graph', {}] }),
  npx('sequential-thinking', '@modelcontextprotocol/server-sequential-thinking@2026.8.31', {
    call: ['sequentialthinking', { thought: 'one', thoughtNumber: 1, totalThoughts: 1, nextThoughtNeeded: false }],
  }),
  npx('github-archived', '@modelcontextprotocol/server-github@2025.4.8'),
  npx('ms365', '@softeria/ms-365-mcp-server@0.155.0'),
  npx('gitlab', '@zereight/mcp-gitlab@2.1.64', { env: { GITLAB_PERSONAL_ACCESS_TOKEN: KEY } }),
  npx('brave-search', '@brave/brave-search-mcp-server@2.1.4', { env: { BRAVE_API_KEY: KEY } }),
  npx('mongodb', 'mongodb-mcp-server@3.0.4'),
  npx('notion', '@notionhq/notion-mcp-server@2.5.2', { env: { NOTION_TOKEN: KEY } }),
  npx('git-cyanheads', '@cyanheads/git-mcp-server@2.15.3'),
  npx('firecrawl', 'firecrawl-mcp@3.22.2', { env: { FIRECRAWL_API_KEY: KEY } }),
  npx('sentry', '@sentry/mcp-server@0.36.0', { env: { SENTRY_ACCESS_TOKEN: KEY } }),
  npx('antv-chart', '@antv/mcp-server-chart@0.9.10'),
  npx('chrome-devtools', 'chrome-devtools-mcp@1.11.0', { args: ['--headless'], call: ['wait_for', {}] }),
  npx('mobile', '@mobilenext/mobile-mcp@1.0.4'),
  npx('shopify-dev', '@shopify/dev-mcp@1.16.0', { env: { OPT_OUT_INSTRUMENTATION: 'true' } }),
  npx('kubernetes', 'mcp-server-kubernetes@4.1.7'),
  npx('playwright', '@playwright/mcp@0.0.83', { args: ['--headless'], call: ['browser_wait_for', { time: 'soon' }] }),
  npx('tavily', 'tavily-mcp@0.2.22', { env: { TAVILY_API_KEY: KEY } }),
  npx('nextjs-devtools', 'next-devtools-mcp@0.4.0'),
  npx('context7', '@upstash/context7-mcp@4.1.1'),
  npx('puppeteer-archived', '@modelcontextprotocol/server-puppeteer@2025.5.12', {
    env: { PUPPETEER_SKIP_DOWNLOAD: 'true' },
    call: ['puppeteer_click', { selector: 1 }],
  }),
  npx('exa', 'exa-mcp-server@3.4.1', { env: { EXA_API_KEY: KEY } }),
  npx('elasticsearch', '@elastic/mcp-server-elasticsearch@0.3.1', {
    env: { ES_URL: 'http://127.0.0.1:1', ES_API_KEY: KEY },
  }),
  npx('dbhub', '@bytebase/dbhub@0.21.2', { args: ['--demo'], install_scripts: true }),
  npx('eslint', '@eslint/mcp@0.3.13'),
  uvx('time', 'mcp-server-time', {
    call: ['convert_time', { source_timezone: 'UTC', time: '12:00', target_timezone: 'UTC' }],
  }),
  uvx('fetch-python', 'mcp-server-fetch', { call: ['fetch', {}] }),
  uvx('git-python', 'mcp-server-git', { call: ['git_status', { repo_path: '/nowhere' }] }),
  uvx('duckduckgo', 'duckduckgo-mcp-server', { call: ['search', {}] }),
  uvx('calculator', 'mcp-server-calculator', { call: ['calculate', { expression: '6*7' }] }),
  uvx('sqlite', 'mcp-server-sqlite', { args: ['--db-path', 'test.db'], call: ['list_tables', {}] }),
  {
    name: 'sqlite-pinned',
    command: 'uvx',
    args: ['--with', 'mcp<2', 'mcp-server-sqlite', '--db-path', 'test.db'],
    call: ['list_tables', {}],
  },
];

interface Row {
  readonly name: string;
  readonly tools: number | undefined;
  readonly protocol: string;
  readonly isSameList: string;
  readonly isSameAnswer: string;
  readonly note: string;
}

interface Answers {
  readonly protocol: string;
  readonly tools: readonly { readonly name: string }[];
  readonly list: string;
  readonly answer: string;
}

type Ask = (method: string, params: object) => Promise<Record<string, unknown>>;

const HELLO = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'matrix', version: '1.0.0' } };

/** The same questions, however they travel. */
async function interview(ask: Ask, { call }: Server): Promise<Answers> {
  const { protocolVersion } = await ask('initialize', HELLO);
  const pages: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await ask('tools/list', cursor === undefined ? {} : { cursor });
    pages.push(...(page.tools as unknown[]));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const tools = pages as { name: string }[];
  const [name, given] = call ?? [tools[0]?.name ?? 'nothing', {}];
  const answer = await ask('tools/call', { name, arguments: given }).catch((error: Error) => ({
    error: error.message,
  }));
  return { protocol: String(protocolVersion), tools, list: JSON.stringify(tools), answer: JSON.stringify(answer) };
}

/** The command itself, spoken to over its pipes. */
async function directly(server: Server, cwd: string): Promise<Answers> {
  const env = { ...process.env, ...server.env };
  const child = spawn(server.command, server.args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const waiting = new Map<number, (message: Record<string, unknown>) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {};
    if (message.method === undefined) waiting.get(Number(message.id))?.(message);
  });
  let id = 0;
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask: Ask = async (method, params) => {
    const mine = ++id;
    const answered = new Promise<Record<string, unknown>>((done) => waiting.set(mine, done));
    send({ id: mine, method, params });
    const message = await within(answered, `${method} of the server itself`);
    if (method === 'initialize') send({ method: 'notifications/initialized' });
    return resultOf(message);
  };
  child.stdin.on('error', () => undefined);
  const broken = once(child, 'close').then(([code]) => Promise.reject(new Error(`the server itself ended: ${code}`)));
  broken.catch(() => undefined);
  try {
    return await Promise.race([interview(ask, server), broken]);
  } finally {
    child.kill();
    if (child.pid !== undefined) killGroup(child.pid);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function resultOf({ result, error }: Record<string, unknown>): Record<string, unknown> {
  if (error !== undefined) throw new Error(JSON.stringify(error));
  return result as Record<string, unknown>;
}

async function within<Value>(work: Promise<Value>, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${PATIENCE_S} s`)), PATIENCE_S * 1_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The same server behind `/mcp/<server>`. */
async function throughGateway(server: Server, url: string): Promise<Answers> {
  let id = 0;
  let session: string | null = null;
  const ask: Ask = async (method, params) => {
    const response = await fetch(`${url}/${server.name}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
    });
    session ??= response.headers.get('mcp-session-id');
    const text = await response.text();
    const line = text.startsWith('{') ? text : (text.split('\n').findLast((one) => one.startsWith('data: {')) ?? '{}');
    return resultOf(JSON.parse(line.replace(/^data: /, '')) as Record<string, unknown>);
  };
  return interview(ask, server);
}

/** What of it still runs: every process whose environment carries the mark. */
async function survivors(mark: string): Promise<number> {
  const { stdout } = spawn('sh', ['-c', `grep -lzs "${mark}" /proc/[0-9]*/environ | wc -l`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  for await (const chunk of stdout) text += chunk;
  return Number(text);
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, [resolve('dist/main.cjs'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text;
}

async function judge(server: Server, folder: string): Promise<Row> {
  const cwd = join(folder, 'workspaces', server.name);
  mkdirSync(cwd, { recursive: true });
  const mark = `TOOLDEX_MATRIX=${process.pid}-${server.name}`;
  const env = { ...process.env, TOOLDEX_MATRIX: `${process.pid}-${server.name}` };
  const config = join(folder, `${server.name}.json`);
  const { name: _, call: __, ...entry } = server;
  const servers = {
    [server.name]: { ...entry, cwd, start_timeout: '120s', env: { ...server.env, TOOLDEX_MATRIX: env.TOOLDEX_MATRIX } },
  };
  await writeFile(config, JSON.stringify({ data_dir: join(folder, 'data'), servers }));
  const indexed = JSON.parse(await run(['index', '--json', '--config', config], env)) as {
    servers: { tools?: number; error?: string }[];
  };
  const { tools, error } = indexed.servers[0] ?? {};
  const bare = { name: server.name, tools, protocol: '', isSameList: '', isSameAnswer: '' };
  if (tools === undefined) return { ...bare, note: brief(error ?? 'not indexed') };
  const gateway = await startServing([resolve('dist/main.cjs'), 'serve', '--port', '0', '--config', config], env);
  try {
    const [through, direct] = [await throughGateway(server, gateway.url), await directly(server, cwd)];
    const [list, answer] = [compare(through.list, direct.list), compare(through.answer, direct.answer)];
    const note = [list.note, answer.note].filter(Boolean).join('; ');
    return { ...bare, protocol: direct.protocol, isSameList: list.verdict, isSameAnswer: answer.verdict, note };
  } catch (failure) {
    return { ...bare, note: String(failure).slice(0, 120) };
  } finally {
    gateway.child.kill('SIGTERM');
    await once(gateway.child, 'close');
    const left = await survivors(mark);
    if (left > 0) console.error(`${server.name}: ${left} processes are left`);
  }
}

/** What happened, and the last that the server itself said of it. */
function brief(error: string): string {
  const lines = error.split('\n').map((line) => line.trim());
  const last = lines.filter((line) => line !== '' && !line.startsWith('hint:')).at(-1);
  return [lines[0], last === lines[0] ? undefined : last].filter(Boolean).join(' ').slice(0, 200);
}

interface Comparison {
  readonly verdict: 'yes' | 'keys in another order' | 'NO';
  readonly note: string;
}

function compare(one: string, other: string): Comparison {
  if (one === other) return { verdict: 'yes', note: '' };
  // Some servers order keys by the protocol version that they are asked in, and the gateway asks in the newest.
  if (isDeepStrictEqual(JSON.parse(one), JSON.parse(other))) return { verdict: 'keys in another order', note: '' };
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const note = `at ${at}: ${one.slice(at, at + 50)} | ${other.slice(at, at + 50)}`.replaceAll('\n', ' ');
  return { verdict: 'NO', note };
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--only');
  const only = at < 0 ? undefined : process.argv[at + 1]?.split(',');
  const chosen = SERVERS.filter(({ name }) => !only || only.includes(name));
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-matrix-'));
  console.log('| server | tools | protocol | same list | same answer | note |\n|---|--:|---|---|---|---|');
  try {
    for (const server of chosen) {
      const row = await judge(server, folder).catch((error: Error) => ({
        ...{ name: server.name, tools: undefined, protocol: '', isSameList: '', isSameAnswer: '' },
        note: error.message.slice(0, 120),
      }));
      console.log(
        `| ${row.name} | ${row.tools ?? '-'} | ${row.protocol} | ${row.isSameList} | ${row.isSameAnswer} | ${row.note} |`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
