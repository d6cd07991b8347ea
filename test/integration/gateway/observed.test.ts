/** Audit and metrics of a gateway that real servers stand behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { GatewayError } from '../../../src/errors.ts';
import { serveHttp } from '../../../src/gateway-doors.ts';
import { estimateTokens } from '../../../src/meta-tools/tokens.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from './open-gateway.ts';

const SERVERS = { good: { fixture: 'well-behaved' } };

it('writes an audit line for each call and refusal, secrets masked', async () => {
  const folder = tempDir('audited');
  const { gateway, call } = await openTestGateway(SERVERS, folder, { audit: { file: './audit/lines.jsonl' } });
  await call('add_mcp_server', { mcp_server_name: 'good' });
  await call('use_tool', { mcp_server_name: 'good', mcp_tool_name: 'echo', params: { text: 'Bearer abcdefgh1234' } });
  await call('use_tool', { mcp_server_name: 'good', mcp_tool_name: 'echo', params: { text: 'schön 😀' } });
  await call('use_tool', { mcp_server_name: 'nobody', mcp_tool_name: 'echo', params: {} });
  await gateway.close();
  const text = readFileSync(join(folder, 'audit/lines.jsonl'), 'utf8');
  expect(text).not.toContain('abcdefgh1234');
  const entries = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries).toMatchObject([
    { event: 'decision', principal: 'local', door: 'add_mcp_server', outcome: 'ok' },
    { event: 'call', principal: 'local', door: 'use_tool', server: 'good', tool: 'echo', outcome: 'ok' },
    { event: 'call', outcome: 'ok', params: { arguments: { text: 'schön 😀' } } },
    { event: 'decision', principal: 'local', door: 'use_tool', outcome: 'SERVER_UNKNOWN' },
  ]);
  expect(entries[1]).toMatchObject({ params: { arguments: { text: '***' } } });
  expect(Number(entries[1]?.duration_ms)).toBeGreaterThanOrEqual(Number(entries[1]?.upstream_ms));
});

it('lives on when audit lines cannot be written (#67)', async () => {
  const { call, log } = await openTestGateway(SERVERS, undefined, { audit: { file: '/proc/nowhere/audit.jsonl' } });
  const { isError } = await call('use_tool', { mcp_server_name: 'good', mcp_tool_name: 'echo', params: { text: 'a' } });
  expect(isError).toBe(false);
  await expect.poll(() => log.some((line) => line.startsWith('error audit lines cannot be written'))).toBe(true);
});

it('counts calls, searches, starts and instances at /metrics', async () => {
  const folder = tempDir('measured');
  const { gateway, call } = await openTestGateway(SERVERS, folder, { metrics: true });
  const config = await loadConfig({ file: join(folder, 'tooldex.json'), env: {} });
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log: () => undefined });
  onTestFinished(() => server.close());
  await call('add_mcp_server', { mcp_server_name: 'good' });
  await call('search_mcp_server', { task_description: 'echo a text' });
  await call('use_tool', { mcp_server_name: 'good', mcp_tool_name: 'echo', params: { text: 'a' } });
  const answer = await fetch(new URL('/metrics', server.url));
  expect(answer.headers.get('content-type')).toMatch('text/plain');
  const page = await answer.text();
  expect(page).toContain('tooldex_calls_total{server="good",tool="echo",outcome="ok"} 1');
  expect(page).toMatch(/tooldex_searches_total\{mode="\w+",verdict="\w+",degraded="(true|false)"\} 1/);
  expect(page).toContain('tooldex_instances{state="ready"} 1');
  expect(page).toMatch(/tooldex_server_starts_total\{server="good"\} [12]/);
  expect(page).toMatch(/tooldex_answer_tokens_total\{tool="search_mcp_server"\} [1-9]/);
  expect(page).toContain('mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call"');
});

it('counts the definitions that a client did not get, of the tools that it may use', async () => {
  const folder = tempDir('saved');
  const allow = { tools: { allow: ['create_*'] } };
  const servers = { many: { fixture: 'two-thousand-tools' }, few: { fixture: 'two-thousand-tools', keys: allow } };
  const { gateway } = await openTestGateway(servers, folder, { metrics: true });
  const config = await loadConfig({ file: join(folder, 'tooldex.json'), env: {} });
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log: () => undefined });
  onTestFinished(() => server.close());
  const saved = async () =>
    Number(/^tooldex_saved_tokens_total (\d+)/m.exec(await (await fetch(new URL('/metrics', server.url))).text())?.[1]);
  const list = () =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    });
  const { discovery, catalog } = await gateway.open();
  await Promise.all(['many', 'few'].map((name) => discovery.list(name)));
  await (await list()).text();
  const once = await saved();
  const lengthOf = (name: string, mayUse: (tool: string) => boolean) =>
    catalog
      .tools(name)
      .filter((tool) => mayUse(tool.name))
      .reduce((sum, { definition }) => sum + estimateTokens(JSON.stringify(definition)), 0);
  const few = lengthOf('few', (tool) => tool.startsWith('create_'));
  const whole = lengthOf('many', () => true) + few;
  expect(few).toBeGreaterThan(3_000);
  // Less the three tools, which are shorter than that.
  expect(once).toBeGreaterThan(whole - 3_000);
  expect(once).toBeLessThan(whole);
  await (await list()).text();
  expect(await saved()).toBe(2 * once);
});

it('#63 counts changed configurations that were put into use, and those that could not be', async () => {
  const { gateway, config } = await openTestGateway(SERVERS, undefined, { metrics: true });
  const { metrics } = await gateway.observed();
  await gateway.reload(config);
  gateway.refuseConfig(new GatewayError('CONFIG_INVALID', 'tooldex.yaml:1:1: no'));
  const { text = '' } = (await metrics?.page()) ?? {};
  expect(text).toContain('tooldex_config_reloads_total{outcome="applied"} 1');
  expect(text).toContain('tooldex_config_reloads_total{outcome="refused"} 1');
});

it('has no metrics unless they are switched on (#70)', async () => {
  const folder = tempDir('unmeasured');
  const { gateway } = await openTestGateway(SERVERS, folder);
  const config = await loadConfig({ file: join(folder, 'tooldex.json'), env: {} });
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log: () => undefined });
  onTestFinished(() => server.close());
  expect((await fetch(new URL('/metrics', server.url))).status).toBe(404);
});
