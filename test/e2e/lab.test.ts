/** The walk of docs/LAB.md from end to end: a client's file taken over, profiles, keys, a reload under load, Caddy, metrics. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, runCli, serveGateway } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { freePort } from '../helpers/free-port.ts';
import { connectClient, type ToolResult } from '../helpers/mcp-client.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const place = makeTempDir('lab');
const inPlace = (...path: string[]) => join(place.path, ...path);
const file = inPlace('tooldex.yaml');
const hasCaddy = spawnSync('caddy', ['version']).status === 0;
if (!hasCaddy)
  console.log('left out: the step with Caddy, for there is no caddy on PATH (Debian: apt-get install caddy)');

const PAGE = readFileSync('docs/LAB.md', 'utf8');
const [FIRST = '', SECOND = ''] = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
const PROFILES = SECOND.slice(SECOND.indexOf('profiles:'));
const WORKSPACE = onPage(/^ +workspace: .*$/m, SECOND).trim();
const DENIED = onPage(/`(tools: \{.*?\})`/);
const COMMANDS = [...PAGE.matchAll(/^(?:TOOLDEX_KEY=\S+ )?(tooldex .*?)(?: +#.*)?$/gm)].map(([, text = '']) => text);
const typed = new Set<string>();

function onPage(pattern: RegExp, text = PAGE): string {
  const [whole, part = whole] = pattern.exec(text) ?? [];
  if (part === undefined) throw new Error(`docs/LAB.md has no ${pattern}`);
  return part;
}

/** The words after `tooldex` of the command that begins so, with a file and a server that are here. */
function asTyped(start: string): string[] {
  const command = COMMANDS.find((one) => one.startsWith(start));
  if (command === undefined) throw new Error(`docs/LAB.md has no command "${start}"`);
  typed.add(command);
  const notes = fixtureServer('keeps-notes');
  const words = [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1);
  const here = new Map([
    ['tooldex.yaml', file],
    ['npx -y your-notes-server@1.2.3', [notes.command, ...notes.args].join(' ')],
  ]);
  return words.map((word) => here.get(word) ?? word);
}

const said = ({ content }: ToolResult) => content.map(({ text }) => text ?? '').join('\n');

describe('the laboratory', () => {
  let gateway: RunningGateway;
  const keys: Record<string, string> = {};
  const as = (name: string) => ({ authorization: `Bearer ${keys[name] ?? ''}` });
  const connect = (name: string, path = '/mcp') => connectClient('v2-legacy', new URL(path, gateway.url), as(name));

  beforeAll(() => {
    writeFileSync(file, FIRST);
    const cursor = { mcpServers: { calc: fixtureServer('well-behaved') } };
    writeFileSync(inPlace('cursor.json'), JSON.stringify(cursor));
  });

  afterAll(async () => {
    await gateway?.stop();
    place[Symbol.dispose]?.();
  });

  it('takes over what Cursor has, and adds a server with a folder for each principal', async () => {
    const imported = await runCli([...asTyped('tooldex import'), '--file', inPlace('cursor.json')]);
    expect(imported).toMatchObject({ code: 0 });
    expect(await runCli(asTyped('tooldex add notes'))).toMatchObject({ code: 0 });
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith(FIRST.slice(0, FIRST.indexOf('servers:')))).toBe(true);
    writeFileSync(file, `${text.replace(/^( +)notes:\n/m, `$1notes:\n$1  ${WORKSPACE}\n`)}${PROFILES}`);
    expect(await runCli(asTyped('tooldex check'))).toMatchObject({ code: 0 });
  });

  it('gives out keys, once, and serves nobody without one', async () => {
    for (const name of ['ada', 'bob', 'root']) {
      const made = await runCli(asTyped(`tooldex key create ${name}`));
      keys[name] = /tdx_\S+/.exec(made.stdout)?.[0] ?? '';
    }
    expect((await runCli(['key', 'list', '--config', file])).stdout).not.toContain(keys.ada);
    gateway = await serveGateway(asTyped('tooldex serve').slice(1));
    await gateway.printed(/indexed notes/);
    await expect(connectClient('v2-legacy', gateway.url)).rejects.toThrow();
  });

  it('offers one profile as search and the other as its tools', async () => {
    await using writer = await connect('ada', '/mcp/writer');
    await using reader = await connect('ada', '/mcp/reader');
    expect((await writer.listTools()).map(({ name }) => name)).toContain('search_mcp_server');
    expect((await reader.listTools()).map(({ name }) => name).sort()).toEqual(['list_notes', 'read_note']);
    const found = await writer.callTool('search_mcp_server', { task_description: 'write a note into a file' });
    expect(said(found)).toContain('write_note');
  });

  it('keeps what two principals write apart', async () => {
    const use = async (name: string, tool: string, params: object) => {
      await using client = await connect(name);
      return said(await client.callTool('use_tool', { mcp_server_name: 'notes', mcp_tool_name: tool, params }));
    };
    await use('ada', 'write_note', { path: 'plan.txt', words: 'of Ada' });
    expect(await use('bob', 'list_notes', {})).toBe('');
    expect(await use('bob', 'read_note', { path: '../../ada/plan.txt' })).toContain('NOT_ALLOWED');
    expect(await use('ada', 'read_note', { path: 'plan.txt' })).toBe('of Ada');
  });

  it('denies a tool while a hundred calls are under way, and fails none of them', async () => {
    await using client = await connect('ada');
    const add = (a: number) =>
      client.callTool('use_tool', { mcp_server_name: 'calc', mcp_tool_name: 'add', params: { a, b: 1 } });
    const calls = Array.from({ length: 100 }, (_, a) => add(a));
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^( +)notes:\n/m, `$1notes:\n$1  ${DENIED}\n`));
    await gateway.printed(/generation 2: /);
    expect((await Promise.all(calls)).map(said)).toEqual(Array.from({ length: 100 }, (_, a) => String(a + 1)));
    const found = await client.callTool('search_mcp_server', { task_description: 'write a note into a file' });
    expect(said(found)).not.toContain('write_note');
    const denied = await client.callTool('use_tool', { mcp_tool_name: 'notes:write_note', params: {} });
    expect(said(denied)).toContain('TOOL_UNKNOWN');
  });

  it('switches a server off and on from the command line, for an admin', async () => {
    const asRoot = async (start: string) => runCli(asTyped(start), { env: { TOOLDEX_KEY: keys.root } });
    expect((await asRoot('tooldex list')).stdout).toMatch(/^calc +16 tools, ready/m);
    expect((await asRoot('tooldex disable notes')).stderr).toContain('has it in use: removed notes');
    expect((await asRoot('tooldex enable notes')).stderr).toContain('has it in use: added notes');
  });

  it('has typed each command of the page', () => {
    expect(COMMANDS.filter((command) => !typed.has(command))).toEqual([]);
  });

  it.runIf(hasCaddy)('is reached through Caddy', async () => {
    const port = await freePort();
    const env = { ...process.env, HOME: place.path, XDG_DATA_HOME: place.path, XDG_CONFIG_HOME: place.path };
    const caddy = spawn('caddy', onPage(/ caddy (run .*)$/m).split(' '), {
      env: { ...env, TOOLDEX_SITE: `:${port}`, TOOLDEX_UPSTREAM: gateway.url.host },
      stdio: 'ignore',
    });
    const ended = once(caddy, 'close');
    try {
      const url = new URL(`http://127.0.0.1:${port}/mcp`);
      while (!(await fetch(url).catch(() => undefined))) await new Promise((resolve) => setTimeout(resolve, 20));
      await using client = await connectClient('v2-legacy', url, as('ada'));
      expect(await client.listTools()).toHaveLength(3);
      expect((await fetch(new URL('/metrics', url), { headers: as('root') })).status).toBe(404);
    } finally {
      caddy.kill('SIGKILL');
      await ended;
    }
  });

  it('counts the calls, for admins, and has a line for each', async () => {
    const metrics = (name: string) => fetch(new URL('/metrics', gateway.url), { headers: as(name) });
    expect((await metrics('ada')).status).not.toBe(200);
    const text = await (await metrics('root')).text();
    expect(text).toMatch(/tooldex_calls_total\{[^}]*server="calc"[^}]*\} 100\b/);
    await gateway.stop();
    expect(existsSync(inPlace('audit.jsonl'))).toBe(true);
    const lines = readFileSync(inPlace('audit.jsonl'), 'utf8').trim().split('\n');
    const audit = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(audit.filter(({ server, outcome }) => server === 'calc' && outcome === 'ok')).toHaveLength(100);
    expect(audit).toContainEqual(
      expect.objectContaining({ principal: 'key:bob', tool: 'read_note', outcome: 'NOT_ALLOWED' }),
    );
  });
});
