import { expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts';
import { bestRatio } from '../../helpers/best-ratio.ts';

const call = { server: 's', tool: 't', door: 'use_tool', outcome: 'ok', durationMs: 12, upstreamMs: 10 };

async function lines(metrics: Metrics): Promise<string[]> {
  return (await metrics.page()).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('tells the upstream’s time apart from the gateway’s own', async () => {
  const metrics = createMetrics('1.2.3');
  metrics.call(call);
  metrics.call({ ...call, outcome: 'CALL_TIMEOUT' });
  metrics.call({ ...call, outcome: 'tool_error' });
  const page = await lines(metrics);
  expect(page).toContain('tooldex_info{version="1.2.3"} 1');
  expect(page).toContain('tooldex_calls_total{server="s",tool="t",outcome="ok"} 1');
  expect(page).toContain('tooldex_call_errors_total{code="CALL_TIMEOUT",door="use_tool"} 1');
  expect(page.filter((line) => line.startsWith('tooldex_call_errors_total'))).toHaveLength(1);
  const sum = (name: string) => Number(page.find((line) => line.startsWith(`${name}_sum`))?.split(' ')[1]);
  expect(sum('mcp_client_operation_duration_seconds')).toBeCloseTo(0.03);
  expect(sum('tooldex_call_overhead_seconds')).toBeCloseTo(0.006);
});

it('stays small under ten thousand names of tools and servers (#70)', async () => {
  const metrics = createMetrics('1');
  for (let i = 0; i < 10_000; i += 1) metrics.call({ ...call, server: `s${i}`, tool: `t${i}` });
  for (let i = 0; i < 10_000; i += 1) metrics.instance(`s${i}`, 'stopped', 'starting');
  const page = await lines(metrics);
  expect(page.length).toBeLessThan(5_000);
  expect(page).toContain('tooldex_calls_total{server="other",tool="other",outcome="ok"} 9800');
  expect(page).toContain('tooldex_server_starts_total{server="other"} 9800');
});

it('#70 is read after ten thousand names in about the time that it takes after two hundred', async () => {
  const few = createMetrics('1');
  const many = createMetrics('1');
  for (let i = 0; i < 200; i += 1) few.call({ ...call, tool: `t${i}` });
  for (let i = 0; i < 10_000; i += 1) many.call({ ...call, tool: `t${i}` });
  // Without a bound it would be fifty times as long.
  expect(
    await bestRatio(
      () => many.page(),
      () => few.page(),
      4,
    ),
  ).toBeLessThan(4);
});

it('counts instances that are alive, and what became of them', async () => {
  const metrics = createMetrics('1');
  const walk = (server: string, ...states: string[]) =>
    states.reduce((from, to) => {
      metrics.instance(server, from, to);
      return to;
    });
  walk('kept', 'stopped', 'starting', 'installing', 'starting', 'ready', 'ready');
  walk('idle', 'stopped', 'starting', 'ready', 'draining', 'stopped');
  walk('broken', 'stopped', 'starting', 'backing-off', 'failed');
  walk('broken', 'stopped', 'starting', 'ready', 'stopped');
  const page = await lines(metrics);
  const value = (series: string) => Number(page.find((line) => line.startsWith(`${series} `))?.split(' ')[1] ?? 0);
  expect(value('tooldex_instances{state="ready"}')).toBe(1);
  expect(value('tooldex_instances{state="starting"}')).toBe(0);
  expect(value('tooldex_instances{state="draining"}')).toBe(0);
  expect(value('tooldex_server_starts_total{server="kept"}')).toBe(1);
  expect(value('tooldex_server_failures_total{server="idle"}')).toBe(0);
  expect(value('tooldex_server_starts_total{server="broken"}')).toBe(2);
  expect(value('tooldex_server_restarts_total{server="broken"}')).toBe(1);
  expect(value('tooldex_server_failures_total{server="broken"}')).toBe(2);
});
