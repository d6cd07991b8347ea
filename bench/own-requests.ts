/**
 * Prints what each engine finds for our own requests (test/quality), by kind of request, and whether one is better than another.
 * usage: node scripts/run.mjs bench/own-requests.ts
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { table } from '../index/evaluation/render-eval.ts';
import { runEval } from '../index/evaluation/run-eval.ts';
import { parseWordStatistics } from '../index/lexical/word-statistics.ts';
import { ENGINES, MODEL } from '../test/quality/engines.ts';
import { qualityQueries, qualityTools } from '../test/quality/fixtures.ts';

const documents = qualityTools();
const all = qualityQueries();
const queries = all.filter(({ groups }) => groups.length > 0);
const noAnswer = all.filter(({ groups }) => groups.length === 0);
const statistics = parseWordStatistics(readFileSync(path.join(MODEL, 'word-statistics.txt')));
const measure = (engines: typeof ENGINES) => runEval({ documents, queries, noAnswer, statistics, engines });
const { engines } = await measure(ENGINES);
// Every engine is compared with the first of its run; the default comes first there.
const { engines: withoutEncoder } = await measure(ENGINES.filter(({ name }) => name !== 'builtin'));

const compared = ['recall@5', 'ndcg@10'] as const;
const columns = ['recall@1', ...compared] as const;
console.log(`${documents.length} tools, ${queries.length} requests, ${noAnswer.length} that no tool answers\n`);
console.log(
  table(
    ['kind', 'requests', ...engines.flatMap(({ engine }) => [`${engine} R@1`, 'R@5', 'nDCG@10'])],
    Object.entries(engines[0]?.splits ?? {}).map(([split, measures]) => [
      split,
      String(measures.queries),
      ...engines.flatMap(({ splits }) => columns.map((name) => (splits[split]?.[name] ?? 0).toFixed(3))),
    ]),
  ),
);
console.log('');
for (const [base = '', others] of [engines, withoutEncoder].map((run) => [run[0]?.engine, run.slice(1)] as const))
  for (const { engine, comparison } of others)
    for (const name of compared) {
      const { mean, low, high } = comparison?.[name] ?? { mean: 0, low: 0, high: 0 };
      // What was measured is the other one minus the base, which reads better the other way round.
      console.log(`${base} minus ${engine}, ${name}: ${[-mean, -high, -low].map((x) => x.toFixed(3)).join(', ')}`);
    }
