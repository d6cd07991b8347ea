/**
 * How long reading `/metrics` takes and how long the page is, after calls to few and to many names of tools.
 * usage: node scripts/run.mjs bench/scrape.ts [--rounds N]
 */
import { parseArgs } from 'node:util';
import { createMetrics } from '../src/observability/metrics.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });

async function measure(names: number, rounds: number): Promise<{ names: number; lines: number; bestMs: number }> {
  const metrics = createMetrics('bench');
  for (let name = 0; name < names; name += 1) {
    const called = { server: `server-${name % 50}`, tool: `tool_${name}`, door: 'use_tool', outcome: 'ok' };
    metrics.call({ ...called, durationMs: 12, upstreamMs: 10 });
  }
  let bestMs = Number.POSITIVE_INFINITY;
  let lines = 0;
  for (let round = 0; round < rounds; round += 1) {
    const begunMs = performance.now();
    const { text } = await metrics.page();
    bestMs = Math.min(bestMs, performance.now() - begunMs);
    lines = text.split('\n').length;
  }
  return { names, lines, bestMs };
}

for (const names of [10, 200, 10_000, 100_000]) {
  const { lines, bestMs } = await measure(names, Number(values.rounds));
  process.stdout.write(`${names} names: ${lines} lines in ${bestMs.toFixed(1)} ms\n`);
}
