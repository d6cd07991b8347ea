/** That each count of the gateway moves when what it counts happens, with real servers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLedger } from '../../../src/lifecycle/ledger.ts';
import { endProcess, gone } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway, type TestGateway, type TestServer } from './open-gateway.ts';

const use = (server: string, tool: string, params = {}) => ({ mcp_server_name: server, mcp_tool_name: tool, params });

async function measured(servers: Record<string, TestServer>, folder = tempDir('measured')) {
  const opened = await openTestGateway(servers, folder, { metrics: true });
  return { ...opened, value: counted(opened) };
}

/** Of one series, or the sum of those that begin so; 0 where there is none. */
function counted({ gateway }: TestGateway): (series: string) => Promise<number> {
  return async (series) => {
    const { text = '' } = (await (await gateway.observed()).metrics?.page()) ?? {};
    const lines = text.split('\n').filter((line) => line.startsWith(series) && !line.startsWith('#'));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  };
}

it('failed calls by code, and the time of servers apart from our own', async () => {
  const { call, value } = await measured({
    slow: { fixture: 'well-behaved', keys: { limits: { timeout: '300ms' } } },
    quick: { fixture: 'well-behaved' },
  });
  await call('use_tool', use('quick', 'add', { a: 1, b: 2 }));
  expect(await value('tooldex_call_errors_total')).toBe(0);
  await call('use_tool', use('slow', 'wait', { file: join(tempDir('never'), 'file') }));
  expect(await value('tooldex_call_errors_total{code="CALL_TIMEOUT",door="use_tool"}')).toBe(1);
  expect(await value('tooldex_calls_total{server="slow",tool="wait",outcome="CALL_TIMEOUT"}')).toBe(1);
  const of = (server: string, tool: string) => `{mcp_server_name="${server}",gen_ai_tool_name="${tool}"}`;
  const upstream = await value(`mcp_client_operation_duration_seconds_sum${of('slow', 'wait')}`);
  expect(upstream).toBeGreaterThanOrEqual(0.29);
  expect(await value(`mcp_client_operation_duration_seconds_count${of('quick', 'add')}`)).toBe(1);
  expect(await value('tooldex_call_overhead_seconds_count{door="use_tool"}')).toBe(2);
});

it('failures of servers and starts after them, and instances by state', async () => {
  const { call, value, gateway } = await measured({ crashes: { fixture: 'crashes-in-call' } });
  await call('add_mcp_server', { mcp_server_name: 'crashes' });
  expect(await value('tooldex_instances{state="ready"}')).toBe(1);
  const before = await value('tooldex_server_starts_total{server="crashes"}');
  await call('use_tool', use('crashes', 'crash'));
  expect(await value('tooldex_server_failures_total{server="crashes"}')).toBeGreaterThanOrEqual(1);
  await call('use_tool', use('crashes', 'echo', { text: 'back' }));
  expect(await value('tooldex_server_starts_total{server="crashes"}')).toBeGreaterThan(before);
  expect(await value('tooldex_server_restarts_total{server="crashes"}')).toBeGreaterThanOrEqual(1);
  const { pool } = await gateway.open();
  await pool.stop('crashes', 'the test wants to');
  expect(await value('tooldex_instances')).toBe(0);
});

it('searches by verdict, the engine’s time by stage, and what answers cost and saved', async () => {
  const { call, value } = await measured({ good: { fixture: 'well-behaved' } });
  await call('add_mcp_server', { mcp_server_name: 'good' });
  await call('search_mcp_server', { task_description: 'add two numbers' });
  await call('search_mcp_server', { task_description: 'zzzz qqqq' });
  expect(await value('tooldex_searches_total')).toBe(2);
  expect(await value('tooldex_search_duration_seconds_count')).toBe(2);
  const stages = ['vectors', 'words', 'rank'].map((stage) => `{stage="${stage}"}`);
  for (const stage of stages) expect(await value(`tooldex_search_stage_duration_seconds_count${stage}`)).toBe(2);
  const sums = stages.map((stage) => value(`tooldex_search_stage_duration_seconds_sum${stage}`));
  const whole = (await Promise.all(sums)).reduce((sum, one) => sum + one, 0);
  expect(whole).toBeGreaterThan(0);
  expect(whole).toBeLessThanOrEqual(await value('tooldex_search_duration_seconds_sum'));
  expect(await value('tooldex_answer_tokens_total{tool="search_mcp_server"}')).toBeGreaterThan(0);
});

it('what a killed gateway left behind and this one ended', async () => {
  const folder = tempDir('orphans');
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1 << 30); process.stdout.write("up")'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = orphan.pid ?? 0;
  onTestFinished(() => endProcess(pid));
  await once(orphan.stdout, 'data');
  const ledger = join(folder, 'data', 'ledger');
  createLedger(ledger).add({ pid, server: 'left' });
  for (const name of readdirSync(ledger)) {
    const entry = JSON.parse(readFileSync(join(ledger, name), 'utf8'));
    writeFileSync(join(ledger, name), JSON.stringify({ ...entry, gateway: { pid: 999_999_999, start: 'gone/1' } }));
  }
  const { value } = await measured({ good: { fixture: 'well-behaved' } }, folder);
  await expect.poll(() => value('tooldex_orphans_reaped_total')).toBe(1);
  await gone([pid]);
});
