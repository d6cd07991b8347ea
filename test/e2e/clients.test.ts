/** The main job through real clients, over both front doors: list, search, use a tool, get its result. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, type RunningGateway, runCli, serveGateway } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import {
  type ClientKind,
  connectClient,
  type Destination,
  type TestClient,
  type ToolResult,
} from '../helpers/mcp-client.ts';
import { installedOutside } from '../helpers/npm.ts';
import { npmUnreachable } from '../helpers/npm-reachable.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0';
const MENU = ['search_mcp_server', 'add_mcp_server', 'use_tool'];
const KINDS: ClientKind[] = ['v1', 'v2-legacy', 'v2-auto', 'v2-modern'];

const place = makeTempDir('clients');
const config = join(place.path, 'tooldex.yaml');
const flags = (name: string) => ['--config', config, '--data-dir', join(place.path, name)];
const stdioDoor = () => ({ command: process.execPath, args: [BIN, 'stdio', ...flags('stdio')] });
let gateway: RunningGateway;

beforeAll(async () => {
  const servers = { good: fixtureServer('well-behaved'), modern: fixtureServer('modern-only') };
  writeFileSync(config, JSON.stringify({ servers }));
  for (const name of ['stdio', 'http']) {
    const { code, stderr } = await runCli(['index', ...flags(name)]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
  gateway = await serveGateway(flags('http'));
});

afterAll(async () => {
  await gateway?.stop();
  place.remove();
});

const texts = ({ content }: ToolResult) => content.map(({ text }) => text ?? '').join('\n');

/** Era by era, a client must end up with what it can speak. */
function expectVersion(client: TestClient, kind: ClientKind): void {
  if (kind === 'v2-auto' || kind === 'v2-modern') expect(client.protocolVersion).toBe('2026-07-28');
  else if (client.protocolVersion !== undefined) expect(client.protocolVersion).toBe('2025-11-25');
}

async function doesTheJob(kind: ClientKind, door: Destination): Promise<void> {
  await using client = await connectClient(kind, door);
  expectVersion(client, kind);
  expect(client.instructions).toMatch(/good/);
  expect((await client.listTools()).map(({ name }) => name)).toEqual(MENU);

  const found = await client.callTool('search_mcp_server', { task_description: 'add two numbers' });
  expect(texts(found)).toMatch(/good[\s\S]*\badd\b/);

  const sum = await client.callTool('use_tool', {
    mcp_server_name: 'good',
    mcp_tool_name: 'add',
    params: { a: 40, b: 2 },
  });
  expect(sum.content).toEqual([{ type: 'text', text: '42' }]);
  const echo = await client.callTool('use_tool', { mcp_tool_name: 'modern:echo', params: { text: 'ä 測試' } });
  expect(echo.content).toEqual([{ type: 'text', text: 'ä 測試' }]);

  const failed = await client.callTool('use_tool', { mcp_tool_name: 'good:fail', params: { message: 'no luck' } });
  expect(failed).toMatchObject({ isError: true, content: [{ type: 'text', text: 'no luck' }] });
  const misspelt = await client.callTool('use_tool', { mcp_tool_name: 'good:ecko', params: {} });
  expect(misspelt.isError).toBe(true);
  expect(texts(misspelt)).toContain('echo');
}

describe('the main job', () => {
  it.each(KINDS)('is done by a %s client over HTTP', (kind) => doesTheJob(kind, gateway.url));
  it.each(KINDS)('is done by a %s client over stdio', (kind) => doesTheJob(kind, stdioDoor()));
});

describe('what a result holds', () => {
  it.each(KINDS)('#47 reaches a %s client as the server sent it', async (kind) => {
    await using direct = await connectClient('v1', fixtureServer('well-behaved'));
    await using client = await connectClient(kind, gateway.url);
    for (const tool of ['image', 'embedded_resource', 'resource_link']) {
      const through = await client.callTool('use_tool', { mcp_tool_name: `good:${tool}`, params: {} });
      expect(through.content).toEqual((await direct.callTool(tool)).content);
    }
    const weather = await client.callTool('use_tool', { mcp_tool_name: 'good:structured', params: { city: 'Lima' } });
    expect(weather.structuredContent).toEqual({ city: 'Lima', celsius: 21.5 });
    const meta = await client.callTool('use_tool', { mcp_tool_name: 'good:with_meta', params: {} });
    expect(meta).toMatchObject({ _meta: { 'example.com/whole': true } });
    expect(meta.content[0]).toMatchObject({ _meta: { 'example.com/part': 1 } });
  });

  it.each(KINDS)('comes with progress for a %s client', async (kind) => {
    await using client = await connectClient(kind, gateway.url);
    const steps: number[] = [];
    const params = { mcp_tool_name: 'good:progress', params: { steps: 3 } };
    const result = await client.callTool('use_tool', params, {
      onprogress: ({ progress }) => void steps.push(progress),
    });
    expect(texts(result)).toBe('3 steps');
    expect(steps.slice(-3)).toEqual([1, 2, 3]);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });
});

describe('one server directly', () => {
  it.each(KINDS)('is listed and called by a %s client', async (kind) => {
    await using client = await connectClient(kind, new URL('/mcp/good', gateway.url));
    expect((await client.listTools()).map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'add', 'env']));
    expect((await client.callTool('add', { a: 1, b: 2 })).content).toEqual([{ type: 'text', text: '3' }]);
  });
});

const unreachable = await npmUnreachable();

describe.skipIf(unreachable)("the MCP Inspector's command line", () => {
  let bin: string;
  beforeAll(async () => {
    bin = join(
      await installedOutside(INSPECTOR),
      'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
    );
  }, 180_000);

  async function inspect(...args: string[]): Promise<Record<string, unknown>> {
    const env = { ...process.env, MCP_INSPECTOR_SECRET_STORE: 'memory' };
    const { stdout } = await promisify(execFile)(process.execPath, [bin, '--cli', ...args, '--format', 'json'], {
      env,
    });
    return JSON.parse(stdout);
  }
  const useTool = ['--method', 'tools/call', '--tool-name', 'use_tool', '--tool-args-json'];
  const call = JSON.stringify({ mcp_tool_name: 'good:add', params: { a: 40, b: 2 } });

  it('does the job over HTTP', async () => {
    const door = [gateway.url.href, '--transport', 'http'];
    expect(await inspect(...door, '--method', 'tools/list')).toMatchObject({
      result: { tools: MENU.map((name) => ({ name })) },
    });
    expect(await inspect(...door, ...useTool, call)).toMatchObject({
      result: { content: [{ type: 'text', text: '42' }] },
    });
  });

  it('does the job over stdio', async () => {
    const file = join(place.path, 'inspector.json');
    const { command, args } = stdioDoor();
    writeFileSync(file, JSON.stringify({ mcpServers: { tooldex: { type: 'stdio', command, args } } }));
    const door = ['--config', file, '--server', 'tooldex'];
    expect(await inspect(...door, '--method', 'tools/list')).toMatchObject({
      result: { tools: MENU.map((name) => ({ name })) },
    });
    expect(await inspect(...door, ...useTool, call)).toMatchObject({
      result: { content: [{ type: 'text', text: '42' }] },
    });
  });

  it('finds nothing to blame in the schemas of the three tools', async () => {
    const { schemaFindings } = await inspect(
      gateway.url.href,
      '--transport',
      'http',
      '--method',
      'tools/list',
      '--strict',
    );
    expect(schemaFindings ?? []).toEqual([]);
  });
});
