/** Wrong calls and bad servers, over the command line and over HTTP: whoever calls learns what, where and the remedy, and nobody else is hurt. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, type RunningGateway, runCli, serveGateway, startCli } from '../helpers/cli.ts';
import { journaled, journalOf } from '../helpers/fixture-server.ts';
import { connectClient, type TestClient, type ToolResult } from '../helpers/mcp-client.ts';
import { badServers, NAMED_MISTAKES, UNLISTABLE } from '../helpers/mistakes.ts';
import { gone } from '../helpers/process-table.ts';
import { makeTempDir, tempDir } from '../helpers/temp-dir.ts';

const place = makeTempDir('bad');
const config = join(place.path, 'tooldex.yaml');
const journal = join(place.path, 'journal');
const flags = ['--config', config, '--data-dir', join(place.path, 'data')];
const SERVERS = badServers(journal);
let indexed: CliResult;

beforeAll(async () => {
  writeFileSync(config, JSON.stringify({ servers: SERVERS }));
  indexed = await runCli(['index', '--json', ...flags]);
});

afterAll(() => place.remove());

describe('tooldex index', () => {
  it('tells of each server that cannot be listed why, and lists the others all the same', () => {
    expect(indexed.code).toBe(1);
    const { servers } = JSON.parse(indexed.stdout) as { servers: { server: string; tools?: number; error?: string }[] };
    const failed = new Map(servers.flatMap(({ server, error }) => (error === undefined ? [] : [[server, error]])));
    expect([...failed.keys()].sort()).toEqual(Object.keys(UNLISTABLE).sort());
    for (const [server, why] of Object.entries(UNLISTABLE)) expect(failed.get(server)).toMatch(why);
    expect(servers.map(({ server }) => server).sort()).toEqual(Object.keys(SERVERS).sort());
  });
});

describe('tooldex call', () => {
  it.each(NAMED_MISTAKES)('explains %s', async (_what, { tool, params = {}, code, exitCode, says }) => {
    const result = await runCli(['call', tool, JSON.stringify(params), ...flags]);
    expect(result).toMatchObject({ code: exitCode, stdout: '' });
    for (const part of [new RegExp(code), ...says]) expect(result.stderr).toMatch(part);
    expect(result.stderr).not.toMatch(/^\s+at .*:\d+/m);
  });

  it('exits with 1 when the tool itself reports an error', async () => {
    const result = await runCli(['call', 'good:fail', '{"message":"the disk is full"}', ...flags]);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('the disk is full');
  });

  it('gives scripts the error as JSON, with the same exit code', async () => {
    const result = await runCli(['call', '--json', 'good:ecko', ...flags]);
    expect(result).toMatchObject({ code: 65 });
    const { isError, content } = JSON.parse(result.stdout) as ToolResult;
    expect({ isError, text: content[0]?.text }).toEqual({
      isError: true,
      text: expect.stringContaining('TOOL_UNKNOWN'),
    });
  });

  it.each([
    ['broken JSON', '{"a":1', ''],
    ['JSON that is no object', '[1]', ''],
    ['nothing on standard input', '-', ''],
  ])('refuses %s as arguments, before anything starts', async (_what, given, input) => {
    const before = journalOf(journal, 'started').length;
    const result = await runCli(['call', 'good:add', given, ...flags], { input });
    expect(result).toMatchObject({ code: 64, stdout: '' });
    expect(result.stderr).toMatch(/not a JSON object[\s\S]*hint: /);
    expect(journalOf(journal, 'started')).toHaveLength(before);
  });

  it('answers in spite of noise on either stream', async () => {
    for (const server of ['noisy', 'floods']) {
      const result = await runCli(['call', `${server}:echo`, '{"text":"through"}', ...flags]);
      expect(result).toMatchObject({ code: 0, stdout: 'through\n' });
    }
  });

  it('is ended by Ctrl-C, and leaves no server behind', async () => {
    const waiting = journalOf(journal, 'waiting').length;
    const file = join(tempDir('never'), 'never');
    await using call = startCli(['call', 'good:wait', JSON.stringify({ file }), ...flags]);
    const started = await journaled(journal, 'waiting', { count: waiting + 1 });
    expect(await call.stop('SIGINT')).toMatchObject({ code: 130 });
    await gone(started.map(({ pid }) => pid));
  });

  it('ends quietly when nobody reads on', async () => {
    await using call = startCli(['call', 'endless:blob', '{"bytes":9000000}', ...flags]);
    call.process.stdout?.once('data', () => call.process.stdout?.destroy());
    const { stderr } = await call.ended;
    expect(stderr).toBe('');
  });
});

describe('a gateway over HTTP', () => {
  let gateway: RunningGateway;
  let client: TestClient;

  beforeAll(async () => {
    gateway = await serveGateway(flags);
    client = await connectClient('v2-auto', gateway.url);
  });

  afterAll(async () => {
    await client?.close();
    expect(await gateway?.stop()).toMatchObject({ code: 0 });
  });

  async function expectServing(): Promise<void> {
    const sum = await client.callTool('use_tool', { mcp_tool_name: 'good:add', params: { a: 1, b: 2 } });
    expect(sum.content).toEqual([{ type: 'text', text: '3' }]);
  }

  it.each(NAMED_MISTAKES)('explains %s, and serves the next call', async (_what, { tool, params = {}, code, says }) => {
    const result = await client.callTool('use_tool', { mcp_tool_name: tool, params });
    expect(result.isError).toBe(true);
    const text = result.content.map((part) => part.text).join('\n');
    for (const part of [new RegExp(code), ...says]) expect(text).toMatch(part);
    await expectServing();
  });

  it('#26 answers others while some servers hang, crash and flood', async () => {
    const use = (tool: string, params = {}) => client.callTool('use_tool', { mcp_tool_name: tool, params });
    let isAnswered = false;
    const answered = () => {
      isAnswered = true;
    };
    use('hangs:echo', { text: 'x' }).then(answered, () => undefined);
    const others = [use('crashes:crash'), use('floods:echo', { text: 'x' }), use('endless:blob', { bytes: 90_000 })];
    await expectServing();
    await Promise.all([use('deaf:echo', { text: 'x' }), ...others]);
    await expectServing();
    expect(isAnswered).toBe(false);
  });

  it('answers a call of a tool that is none of the three', async () => {
    await expect(client.callTool('read_file', {})).rejects.toThrow(/Unknown tool "read_file"[\s\S]*use_tool/);
    await expectServing();
  });

  const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
  it.each([
    ['no JSON', '{"jsonrpc":', JSON_HEADERS, 400],
    ['no JSON-RPC', '{"hello":"world"}', JSON_HEADERS, 400],
    ['nothing', '', JSON_HEADERS, 400],
    ['brackets in brackets', nested, JSON_HEADERS, 400],
    ['another type of content', 'a=1', { ...JSON_HEADERS, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['33 MiB', ' '.repeat(33 * 1024 * 1024), JSON_HEADERS, 413],
    ['what a foreign web page sends', '{}', { ...JSON_HEADERS, origin: 'https://evil.example' }, 403],
  ])('#44 refuses %s as a request, and serves the next one', async (...[, body, headers, status]) => {
    const answer = await fetch(gateway.url, { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: expect.anything() });
    await expectServing();
  });

  it('refuses the stream that hosts ask for first without hanging up on their next request', async () => {
    const answer = await fetch(gateway.url, { headers: { accept: 'text/event-stream' } });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('connection')).toBe('keep-alive');
    await expectServing();
  });

  it('says where MCP is when something else is asked for', async () => {
    for (const path of ['/', '/mpc', '/mcp/god']) {
      const answer = await fetch(new URL(path, gateway.url), { method: 'POST', headers: JSON_HEADERS, body: '{}' });
      expect(answer.status).toBe(404);
      const { error } = (await answer.json()) as { error: string };
      expect(error).toMatch(path === '/mcp/god' ? /no server is called "god"/ : /MCP is at \/mcp/);
    }
  });

  it('#67 goes on when nobody reads what it prints', async () => {
    gateway.process.stderr?.destroy();
    gateway.process.stdout?.destroy();
    for (const tool of ['dies:echo', 'crashes:crash']) await client.callTool('use_tool', { mcp_tool_name: tool });
    await expectServing();
  });
});
