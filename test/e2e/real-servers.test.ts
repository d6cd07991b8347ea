/** The servers of the default configuration, installed from npm, found by what they do, and put to real work. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, runCli, serveGateway } from '../helpers/cli.ts';
import { connectClient, type TestClient, type ToolResult } from '../helpers/mcp-client.ts';
import { npmUnreachable } from '../helpers/npm-reachable.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const config = fileURLToPath(new URL('../../config/tooldex.yaml', import.meta.url));
const place = makeTempDir('real');
const inPlace = (...path: string[]) => join(place.path, ...path);
const flags = ['--config', config, '--data-dir', inPlace('data')];
const workspace = inPlace('data', 'workspaces', 'filesystem');
const memory = inPlace('data', 'workspaces', 'memory');

/** How each server is started without Tooldex: its package, its arguments, its environment. */
const PACKAGES: Readonly<
  Record<string, { name: string; args?: string[]; env?: Record<string, string>; cwd?: string }>
> = {
  filesystem: { name: '@modelcontextprotocol/server-filesystem', args: [workspace], cwd: workspace },
  git: { name: '@cyanheads/git-mcp-server', env: { GIT_BASE_DIR: workspace }, cwd: workspace },
  memory: { name: '@modelcontextprotocol/server-memory', env: { MEMORY_FILE_PATH: join(memory, 'memory.jsonl') } },
  'sequential-thinking': { name: '@modelcontextprotocol/server-sequential-thinking' },
  fetch: { name: 'mcp-fetch-server' },
  context7: { name: '@upstash/context7-mcp' },
  playwright: { name: '@playwright/mcp', args: ['--headless', '--isolated'] },
  everything: { name: '@modelcontextprotocol/server-everything' },
};
const NAMES = Object.keys(PACKAGES);

const unreachable = await npmUnreachable();

describe.skipIf(unreachable)('the default configuration', () => {
  let gateway: RunningGateway;
  let client: TestClient;

  beforeAll(async () => {
    const indexed = await runCli(['index', '--json', ...flags], { env: { npm_config_logs_dir: inPlace('npm-logs') } });
    expect(indexed).toMatchObject({ code: 0 });
    const { servers } = JSON.parse(indexed.stdout) as { servers: { server: string; tools: number }[] };
    expect(servers.map(({ server }) => server).sort()).toEqual([...NAMES].sort());
    expect(readdirSync(inPlace('npm-logs')), 'npm notes each of its runs').not.toEqual([]);
    makeMachineWithoutNpm();
    gateway = await serveGateway(flags, { env: WITHOUT_NPM });
    client = await connectClient('v2-legacy', gateway.url);
  }, 400_000);

  afterAll(async () => {
    await client?.close();
    await gateway?.stop();
    await rm(place.path, { recursive: true, force: true, maxRetries: 5 });
  }, 400_000);

  async function use(tool: string, params: object = {}): Promise<ToolResult> {
    return client.callTool('use_tool', { mcp_tool_name: tool, params });
  }

  async function useWell(tool: string, params: object = {}): Promise<string> {
    const result = await use(tool, params);
    expect({ isError: result.isError ?? false, text: textOf(result) }).toMatchObject({ isError: false });
    return textOf(result);
  }

  describe('search', () => {
    it.each([
      ['write some text into a file', 'filesystem:write_file'],
      ['read the contents of a text file', 'filesystem:read_text_file'],
      ['find all files whose name ends with .ts', 'filesystem:search_files'],
      ['rename a file', 'filesystem:move_file'],
      ['commit my changes with a message', 'git:git_commit'],
      ['create a new branch', 'git:git_branch'],
      ['who last changed this line of code', 'git:git_blame'],
      ['remember that Anna likes tea', 'memory:add_observations'],
      ['think through a difficult problem step by step', 'sequential-thinking:sequentialthinking'],
      ['download a web page as markdown', 'fetch:fetch_markdown'],
      ['get the transcript of a YouTube video', 'fetch:fetch_youtube_transcript'],
      ['look up the documentation of React hooks', 'context7:query-docs'],
      ['take a screenshot of a web page', 'playwright:browser_take_screenshot'],
      ['fill in a login form', 'playwright:browser_fill_form'],
      ['add two numbers', 'everything:get-sum'],
    ])('for "%s" finds %s first', async (task, tool) => {
      const answer = textOf(await client.callTool('search_mcp_server', { task_description: task }));
      expect(answer).not.toMatch(/servers indexed/);
      expect(`${answer.match(/^## (\S+)/m)?.[1]}:${answer.match(/^- ([\w-]+)/m)?.[1]}`).toBe(tool);
    });

    it('says that nothing fits when nothing does', async () => {
      const answer = textOf(await client.callTool('search_mcp_server', { task_description: 'book a flight to Paris' }));
      expect(answer).toMatch(/^verdict: none/);
    });
  });

  describe('work', () => {
    it('filesystem and git write a file and commit it', async () => {
      await useWell('filesystem:write_file', { path: 'poem.txt', content: 'roses are red\n' });
      expect(readFileSync(join(workspace, 'poem.txt'), 'utf8')).toBe('roses are red\n');
      await useWell('git:git_init', { path: workspace });
      await useWell('git:git_add', { path: workspace, paths: ['poem.txt'] });
      await useWell('git:git_commit', { path: workspace, message: 'a poem' });
      const { stdout } = await promisify(execFile)('git', ['-C', workspace, 'log', '--format=%s', '--name-only']);
      expect(stdout.trim()).toBe('a poem\n\npoem.txt');
    });

    it('filesystem refuses what is outside its workspace', async () => {
      const outside = inPlace('outside.txt');
      expect(await use('filesystem:write_file', { path: outside, content: 'x' })).toMatchObject({ isError: true });
      expect(existsSync(outside)).toBe(false);
    });

    it('memory remembers in its workspace', async () => {
      const anna = { name: 'Anna', entityType: 'person', observations: ['likes tea'] };
      await useWell('memory:create_entities', { entities: [anna] });
      expect(readFileSync(join(memory, 'memory.jsonl'), 'utf8')).toContain('"likes tea"');
      expect(await useWell('memory:search_nodes', { query: 'tea' })).toContain('Anna');
    });

    it('sequential-thinking keeps its thoughts from call to call', async () => {
      const think = (thoughtNumber: number) =>
        useWell('sequential-thinking:sequentialthinking', {
          ...{ thought: `thought ${thoughtNumber}`, thoughtNumber },
          ...{ totalThoughts: 2, nextThoughtNeeded: thoughtNumber < 2 },
        });
      expect(JSON.parse(await think(1))).toMatchObject({ thoughtHistoryLength: 1 });
      expect(JSON.parse(await think(2))).toMatchObject({ thoughtHistoryLength: 2 });
    });

    it('fetch refuses addresses of this machine, and asks nothing there', async () => {
      let requests = 0;
      const site = createServer((_request, response) => {
        requests += 1;
        response.end('secret');
      });
      await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
      const { port } = site.address() as AddressInfo;
      const result = await use('fetch:fetch_txt', { url: `http://127.0.0.1:${port}/` });
      await new Promise((resolve) => site.close(resolve));
      expect({ requests, isError: result.isError, text: textOf(result) }).toEqual({
        requests: 0,
        isError: true,
        text: expect.stringContaining('private address'),
      });
    });

    it('context7 answers, or says that it cannot reach its site', async () => {
      const answer = await use('context7:resolve-library-id', { libraryName: 'react', query: 'hooks' });
      expect(textOf(answer)).toMatch(/react|fetch failed/i);
    });

    it('playwright opens a page, or says how to get the browser that it needs', async () => {
      const answer = await use('playwright:browser_navigate', { url: 'data:text/html,<title>Hello</title>' });
      expect(textOf(answer)).toMatch(/Page Title: Hello|Run "npx playwright install chrome"/);
    });

    it('everything adds, and shows a picture', async () => {
      expect(await useWell('everything:get-sum', { a: 19, b: 23 })).toContain('42');
      const { content } = await use('everything:get-tiny-image');
      expect(content.find(({ type }) => type === 'image')).toMatchObject({ mimeType: 'image/png' });
    });
  });

  describe('compared with a client of the same server without Tooldex', () => {
    it.each(NAMES)('the tools of %s are the same, byte for byte', async (server) => {
      await using direct = await connectDirectly(server);
      await using through = await connectClient('v2-legacy', new URL(`/mcp/${server}`, gateway.url));
      expect(JSON.stringify(await through.listTools())).toBe(JSON.stringify(await direct.listTools()));
    });

    it.each([
      ['filesystem', 'read_text_file', { path: 'poem.txt' }],
      ['filesystem', 'directory_tree', { path: '.', excludePatterns: ['.git'] }],
      ['filesystem', 'read_text_file', { path: 'nowhere.txt' }],
      ['git', 'git_log', { path: workspace }],
      ['memory', 'read_graph', {}],
      ['everything', 'echo', { message: 'ä 測試 \u2028' }],
      ['everything', 'get-structured-content', { location: 'Chicago' }],
      ['everything', 'get-tiny-image', {}],
      ['everything', 'get-annotated-message', { messageType: 'error', includeImage: true }],
      ['everything', 'get-resource-links', { count: 2 }],
    ] as const)('what %s answers to %s %j is the same, byte for byte', async (server, name, given) => {
      await using direct = await connectDirectly(server);
      await using through = await connectClient('v2-legacy', new URL(`/mcp/${server}`, gateway.url));
      const expected = JSON.stringify(await direct.request('tools/call', { name, arguments: given }));
      expect(JSON.stringify(await through.request('tools/call', { name, arguments: given }))).toBe(expected);
      const asMetaTool = {
        name: 'use_tool',
        arguments: { mcp_server_name: server, mcp_tool_name: name, params: given },
      };
      expect(JSON.stringify(await client.request('tools/call', asMetaTool))).toBe(expected);
    });
  });

  it('starts again without npm, remembering everything', async () => {
    await client.close();
    expect(await gateway.stop()).toMatchObject({ code: 0 });
    gateway = await serveGateway(flags, { env: WITHOUT_NPM });
    client = await connectClient('v2-legacy', gateway.url);
    const answer = textOf(await client.callTool('search_mcp_server', { task_description: 'add two numbers' }));
    expect(answer).toMatch(/^verdict: (match|weak)[\s\S]*get-sum/);
    expect(answer).not.toMatch(/servers indexed/);
    expect(await useWell('memory:search_nodes', { query: 'tea' })).toContain('Anna');
    expect(existsSync(NPM_LOGS), 'npm was run').toBe(false);
  });

  /** No npm on the PATH, no registry, and a place where npm would leave a trace. The last entry of PATH marks for the census. */
  const NPM_LOGS = inPlace('npm-logs-after-indexing');
  const WITHOUT_NPM = {
    PATH: [inPlace('bin'), ...(process.env.PATH ?? '').split(delimiter).slice(-1)].join(delimiter),
    HOME: inPlace('home'),
    TMPDIR: inPlace('tmp'),
    npm_config_registry: 'http://127.0.0.1:1/',
    npm_config_logs_dir: NPM_LOGS,
  };

  async function connectDirectly(server: string): Promise<TestClient> {
    const { name, args = [], env = {}, cwd = place.path } = PACKAGES[server] ?? { name: server };
    const folder = inPlace('data', 'packages', 'npm');
    const installed = readdirSync(folder).find((entry) => entry.startsWith(`${name.replace('/', '+')}@`)) ?? name;
    const root = join(folder, installed, 'node_modules', name);
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: string | object };
    const file = typeof bin === 'string' ? bin : String(Object.values(bin)[0]);
    const environment = { ...env, PATH: WITHOUT_NPM.PATH, HOME: WITHOUT_NPM.HOME };
    return connectClient('v2-legacy', {
      command: process.execPath,
      args: [join(root, file), ...args],
      env: environment,
      cwd,
    });
  }
});

function makeMachineWithoutNpm(): void {
  for (const folder of ['bin', 'home', 'tmp']) mkdirSync(inPlace(folder));
  writeFileSync(inPlace('home', '.gitconfig'), '[user]\n  name = Anna\n  email = anna@example.com\n');
  const git = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'git'))
    .find(existsSync);
  if (git) symlinkSync(git, inPlace('bin', 'git'));
}

const textOf = ({ content }: ToolResult) => content.map(({ text }) => text ?? '').join('\n');
