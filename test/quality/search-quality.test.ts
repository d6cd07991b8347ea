import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EvalOutput, runEval } from '../../index/evaluation/run-eval.ts';
import { NO_STATISTICS, parseWordStatistics, type WordStatistics } from '../../index/lexical/word-statistics.ts';
import { ENGINES, MODEL } from './engines.ts';
import { qualityQueries, qualityTools } from './fixtures.ts';

const NOTHING = { match: 0, weak: 0, none: 0 };

type Floor = readonly [recallAt5: number, ndcgAt10: number];

/** Measured less about two points: what falls below has got worse. By kind of request, then by engine. */
const FLOORS: Record<string, { builtin: Floor; static: Floor; words: Floor }> = {
  task: { builtin: [0.84, 0.76], static: [0.78, 0.67], words: [0.64, 0.54] },
  step: { builtin: [0.93, 0.88], static: [0.89, 0.82], words: [0.85, 0.76] },
  request: { builtin: [0.97, 0.94], static: [0.94, 0.91], words: [0.91, 0.86] },
  short: { builtin: [0.97, 0.91], static: [0.92, 0.88], words: [0.85, 0.8] },
  typo: { builtin: [0.94, 0.92], static: [0.91, 0.86], words: [0.91, 0.84] },
  pt: { builtin: [0.97, 0.95], static: [0.94, 0.93], words: [0.92, 0.88] },
  es: { builtin: [0.94, 0.91], static: [0.94, 0.88], words: [0.88, 0.82] },
  zh: { builtin: [0.96, 0.88], static: [0.96, 0.87], words: [0.96, 0.87] },
  several: { builtin: [0.75, 0.83], static: [0.7, 0.8], words: [0.66, 0.72] },
};

function evaluateWith(statistics: WordStatistics, engines = ENGINES): Promise<EvalOutput> {
  const queries = qualityQueries();
  const [answerable, noAnswer] = [
    queries.filter((q) => q.groups.length > 0),
    queries.filter((q) => q.groups.length === 0),
  ];
  return runEval({ documents: qualityTools(), queries: answerable, noAnswer, statistics, engines });
}

let output: EvalOutput;
beforeAll(async () => {
  output = await evaluateWith(parseWordStatistics(readFileSync(path.join(MODEL, 'word-statistics.txt'))));
}, 300_000);

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

describe.each(Object.entries(FLOORS))('requests of the kind "%s"', (split, floors) => {
  it.each(Object.entries(floors))('are answered by %s as well as they were', (name, [recall, ndcg]) => {
    const measures = output.engines.find(({ engine }) => engine === name)?.splits[split];
    expect(measures?.['recall@5']).toBeGreaterThanOrEqual(recall);
    expect(measures?.['ndcg@10']).toBeGreaterThanOrEqual(ndcg);
  });
});

describe('as a whole', () => {
  it('vectors help more than chance could, and the encoder more than the static model', () => {
    const [, withStatic, words] = output.engines;
    expect(words?.comparison?.['recall@5'].high).toBeLessThan(0);
    expect(words?.comparison?.['ndcg@10'].high).toBeLessThan(0);
    expect(withStatic?.comparison?.['ndcg@10'].high).toBeLessThan(0);
  });

  it('every answer had its vectors', () => {
    expect(output.engines.map(({ degraded }) => degraded)).toEqual([0, 0, 0]);
  });

  it.each(['builtin', 'static'])('%s tells requests that nothing answers from the others', (name) => {
    const summary = output.engines.find(({ engine }) => engine === name);
    expect(summary?.noAnswerAuroc).toBeGreaterThan(0.92);
    const { answerable = NOTHING, unanswerable = NOTHING } = summary?.verdicts ?? {};
    const share = (count: number, of: typeof NOTHING) => count / (of.match + of.weak + of.none);
    expect(share(unanswerable.match, unanswerable)).toBeLessThanOrEqual(0.05);
    expect(share(answerable.none, answerable)).toBeLessThanOrEqual(0.16);
  });

  it('words alone still find most tools without the word statistics', async () => {
    const bare = await evaluateWith(NO_STATISTICS, [{ name: 'words' }]);
    expect(bare.summary.measures['recall@5']).toBeGreaterThan(0.8);
  });
});
