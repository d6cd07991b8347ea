import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { findChroma, startChroma } from '../../helpers/chroma-server.ts';
import { runCli } from '../../helpers/cli.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const program = findChroma();
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const TOOLS = [
  { id: 'a', server: 'weather', tool: 'get_forecast', description: 'Weather forecast of a city for the next days' },
  { id: 'b', server: 'files', tool: 'read_file', description: 'Read a text file from disk' },
  { id: 'c', server: 'files', tool: 'delete_file', description: 'Delete a file for ever' },
];
const QUERIES = [
  { id: 'q1', query: 'will it rain in Porto tomorrow', relevant: ['a'], split: 'one' },
  { id: 'q2', query: 'read a text file, then delete it', relevant: ['b', 'c'], groups: [['b'], ['c']], split: 'two' },
];

/** The arguments of an evaluation of three tools, with a request that none of them answers. */
function evaluation(folder: string): string[] {
  const files = { corpus: TOOLS, queries: QUERIES, noanswer: [{ id: 'n1', query: 'paint my house', relevant: [] }] };
  return Object.entries(files).flatMap(([name, rows]) => {
    const file = join(folder, `${name}.jsonl`);
    writeFileSync(file, lines(rows));
    return [`--${name}`, file];
  });
}

it.skipIf(!program)(
  'prints the same ranks and figures on a Chroma that it starts as on the embedded store',
  async () => {
    const folder = tempDir();
    const bin = tempDir('bin');
    writeFileSync(join(bin, 'chroma'), `#!/bin/sh\nexec "${program}" "$@"\n`);
    chmodSync(join(bin, 'chroma'), 0o755);
    const env = { PATH: [bin, process.env.PATH].join(delimiter) };
    const run = async (store: string) => {
      const flags = ['--embedder', 'builtin', 'words', '--top', '2', '--json', '--store', store];
      const data = join(folder, 'data');
      const { code, stdout, stderr } = await runCli(['eval', ...evaluation(folder), ...flags, '--data-dir', data], {
        env,
      });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return JSON.parse(stdout);
    };
    const [onChroma, embedded] = [await run('chroma'), await run('embedded')];
    expect(onChroma.summary.engine).toBe('builtin in chroma');
    expect(
      onChroma.results.map(({ id, ranked, verdict }: Record<string, unknown>) => ({ id, ranked, verdict })),
    ).toEqual(embedded.results.map(({ id, ranked, verdict }: Record<string, unknown>) => ({ id, ranked, verdict })));
    expect(onChroma.results).toEqual([
      { id: 'q1', ranked: expect.any(Array), scores: expect.any(Array), verdict: expect.stringMatching(/match|weak/) },
      { id: 'q2', ranked: ['b', 'c'], scores: expect.any(Array), verdict: expect.stringMatching(/match|weak/) },
      { id: 'n1', ranked: expect.any(Array), scores: expect.any(Array), verdict: 'none' },
    ]);
    for (const { summary } of [onChroma, embedded]) {
      expect(summary).toMatchObject({
        ...{ tools: 3, queries: 2, degraded: 0, noAnswerAuroc: 1, answerTokens: { mean: expect.any(Number) } },
        measures: { 'recall@5': 1, mrr: 1, 'hit@5': 1, 'serverRecall@3': 1, 'completeness@10': 1, 'ndcg@10': 1 },
        splits: { one: { queries: 1 }, two: { queries: 1, 'recall@1': 0.5 } },
      });
      for (const figure of [summary.latencyMs.p50, summary.latencyMs.p95, summary.latencyMs.p99, summary.indexMs.wall])
        expect(figure).toBeGreaterThan(0);
      expect(summary.memoryMiB).toEqual(expect.any(Number));
    }
    if (process.platform === 'linux') {
      expect(onChroma.summary.apartMiB, 'that Chroma').toBeGreaterThan(10);
      expect(embedded.summary.apartMiB).toBe(0);
    }
    expect(onChroma.engines[1].comparison['recall@5']).toMatchObject({
      mean: expect.any(Number),
      low: expect.any(Number),
    });
  },
  120_000,
);

it.skipIf(!program)(
  'leaves nothing of an evaluation in a Chroma that others use',
  async () => {
    const folder = tempDir();
    const server = await startChroma(program ?? '', join(folder, 'chroma'));
    try {
      const config = join(folder, 'tooldex.json');
      writeFileSync(
        config,
        JSON.stringify({ servers: {}, search: { store: { kind: 'chroma', url: server.address } } }),
      );
      const flags = ['--embedder', 'static', '--json', '--config', config, '--data-dir', join(folder, 'data')];
      const { code, stdout } = await runCli(['eval', ...evaluation(folder), ...flags]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).summary).toMatchObject({ engine: 'static in chroma', degraded: 0 });
      const collections = `${server.address}/api/v2/tenants/default_tenant/databases/default_database/collections`;
      expect(await (await fetch(collections)).json()).toEqual([]);
    } finally {
      await server.stop();
    }
  },
  120_000,
);
