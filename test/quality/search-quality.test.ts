import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStaticEmbedder } from '../../index/embedding/static-embedder.ts';
import { type EvalOutput, runEval } from '../../index/evaluation/run-eval.ts';
import { NO_STATISTICS, parseWordStatistics, type WordStatistics } from '../../index/lexical/word-statistics.ts';
import { createEmbeddedVectorStore } from '../../index/store/embedded-vector-store.ts';
import { qualityQueries, qualityTools } from './fixtures.ts';

const MODEL = path.resolve('index/model');

/** Measured less about two points: what falls below has got worse. recall@5 and nDCG@10 by split. */
const FLOORS: Record<string, { hybrid: [number, number]; words: [number, number] }> = {
  task: { hybrid: [0.78, 0.67], words: [0.64, 0.54] },
  step: { hybrid: [0.89, 0.82], words: [0.85, 0.76] },
  request: { hybrid: [0.94, 0.91], words: [0.91, 0.86] },
  short: { hybrid: [0.92, 0.88], words: [0.85, 0.8] },
  typo: { hybrid: [0.91, 0.86], words: [0.91, 0.84] },
  pt: { hybrid: [0.94, 0.93], words: [0.92, 0.88] },
  es: { hybrid: [0.94, 0.88], words: [0.88, 0.82] },
  zh: { hybrid: [0.96, 0.87], words: [0.96, 0.87] },
  several: { hybrid: [0.7, 0.8], words: [0.66, 0.72] },
};

const builtin = {
  name: 'builtin',
  open: async () => ({
    embedder: await openStaticEmbedder(path.join(MODEL, 'static.bin')),
    store: createEmbeddedVectorStore(),
  }),
};

function evaluateWith(statistics: WordStatistics, engines = [builtin, { name: 'words' }]): Promise<EvalOutput> {
  const queries = qualityQueries();
  const [answerable, noAnswer] = [
    queries.filter((q) => q.groups.length > 0),
    queries.filter((q) => q.groups.length === 0),
  ];
  return runEval({ documents: qualityTools(), queries: answerable, noAnswer, statistics, engines });
}

let output: EvalOutput;
beforeAll(async () => {
  output = await evaluateWith(parseWordStatistics(readFileSync(path.join(MODEL, 'word-statistics.json'), 'utf8')));
});

describe('the fixtures', () => {
  it('are as many as promised, and ask only for tools that exist', () => {
    const [tools, queries] = [qualityTools(), qualityQueries()];
    const ids = new Set(tools.map(({ id }) => id));
    expect(ids.size).toBe(tools.length);
    expect(tools.length).toBeGreaterThanOrEqual(300);
    expect(queries.length).toBeGreaterThanOrEqual(400);
    expect(queries.flatMap(({ groups }) => groups.flat()).filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe.each(Object.entries(FLOORS))('requests of the kind "%s"', (split, { hybrid, words }) => {
  it('are answered as well as they were', () => {
    const [withVectors, withWords] = output.engines.map(({ splits }) => splits[split]);
    expect(withVectors?.['recall@5']).toBeGreaterThanOrEqual(hybrid[0]);
    expect(withVectors?.['ndcg@10']).toBeGreaterThanOrEqual(hybrid[1]);
    expect(withWords?.['recall@5']).toBeGreaterThanOrEqual(words[0]);
    expect(withWords?.['ndcg@10']).toBeGreaterThanOrEqual(words[1]);
  });
});

describe('as a whole', () => {
  it('vectors help more than chance could', () => {
    const [, words] = output.engines;
    expect(words?.comparison?.['recall@5'].high).toBeLessThan(0);
    expect(words?.comparison?.['ndcg@10'].high).toBeLessThan(0);
  });

  it('every answer had its vectors', () => {
    expect(output.summary.degraded).toBe(0);
  });

  it('tells requests that nothing answers from the others', () => {
    expect(output.summary.noAnswerAuroc).toBeGreaterThan(0.92);
    const { answerable, unanswerable } = output.summary.verdicts;
    const share = (count: number, of: { match: number; weak: number; none: number }) =>
      count / (of.match + of.weak + of.none);
    expect(share(unanswerable.match, unanswerable)).toBeLessThanOrEqual(0.05);
    expect(share(answerable.none, answerable)).toBeLessThanOrEqual(0.16);
  });

  it('words alone still find most tools without the word statistics', async () => {
    const bare = await evaluateWith(NO_STATISTICS, [{ name: 'words' } as typeof builtin]);
    expect(bare.summary.measures['recall@5']).toBeGreaterThan(0.8);
  });
});
