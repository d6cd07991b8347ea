/**
 * Finds the verdict's thresholds for `ranking/verdict.ts` and prints their error rates.
 * usage: node scripts/run.mjs index/model/fit-verdict.ts DATA_FOLDER [words | static | builtin | FOLDER_OF_A_TRANSFORMERS_MODEL [FOLDER_OF_TRANSFORMERS_JS]]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createToolIndex } from '../create-tool-index.ts';
import { openBuiltinEmbedder } from '../embedding/builtin-embedder.ts';
import type { Embedder } from '../embedding/embedder.ts';
import { openStaticEmbedder } from '../embedding/static-embedder.ts';
import { createTransformersEmbedder } from '../embedding/transformers-embedder.ts';
import { type EvaluatedQuery, evaluate, percentile } from '../evaluation/evaluate.ts';
import { type JudgedQuery, parseCorpus, parseQueries } from '../evaluation/judged-query.ts';
import { auroc } from '../evaluation/measures.ts';
import { table } from '../evaluation/render-eval.ts';
import { parseWordStatistics } from '../lexical/word-statistics.ts';
import { BUILTIN_TUNING, MINILM_TUNING, STATIC_TUNING, type VectorTuning } from '../ranking/tuning.ts';
import { createEmbeddedVectorStore } from '../store/embedded-vector-store.ts';

/** Of the requests whose tool is among the first five hits so many may be called `none`: in all, and in any one catalog. */
const LOST = { inAll: 0.01, inOne: 0.1 };
/** Of the requests that no tool answers so many may be called `match`. */
const FOOLED = 0.06;
const PER_SET = 200;
const CATALOGS = [
  'azure-mcp-2025',
  'mcpproxy-golden',
  'mcp-zero',
  'toollinkos',
  'acebench-en',
  'toolret-apigen',
  'metatool',
];
const NO_ANSWER = ['metatool', 'acebench-en', 'bfcl'];
const MODEL = 'index/model';

const [, , folder = '../shared/data/retrieval', mode = 'builtin', libraryFolder = process.cwd()] = process.argv;
const statistics = parseWordStatistics(readFileSync(path.join(MODEL, 'word-statistics.txt')));
const { embedder, tuning } = await openEngine();

/** Requests for something else: a set's own, and those of the other sets, which are farther away. */
const impossible = NO_ANSWER.flatMap((set) => evenly(parseQueries(read(set, 'noanswer'))));
const runs: { set: string; found: number[]; missed: number[]; unanswerable: number[] }[] = [];
for (const set of CATALOGS) runs.push(await measureSet(set));
report();
await embedder?.close();

async function openEngine(): Promise<{ embedder?: Embedder; tuning?: VectorTuning }> {
  if (mode === 'words') return {};
  if (mode === 'static') {
    return { embedder: await openStaticEmbedder(path.join(MODEL, 'static.bin')), tuning: STATIC_TUNING };
  }
  if (mode === 'builtin') return { embedder: await openBuiltinEmbedder(MODEL), tuning: BUILTIN_TUNING };
  const embedder = await createTransformersEmbedder({
    model: path.resolve(mode),
    cacheDir: MODEL,
    libraryFolders: [libraryFolder],
    env: {},
    offline: true,
  });
  return { embedder, tuning: MINILM_TUNING };
}

async function measureSet(set: string) {
  const vectors = embedder ? [{ embedder, store: createEmbeddedVectorStore(), tuning }] : [];
  const index = createToolIndex({ statistics, vectors });
  await index.upsert(parseCorpus(read(set, 'corpus')));
  await index.settled();
  const queries = evenly(parseQueries(read(set, 'queries')));
  const { results } = await evaluate({ index, queries, noAnswer: impossible, serverOf: () => undefined });
  const sureness = (of: readonly EvaluatedQuery[]) => of.map(({ confidence }) => confidence);
  return {
    set,
    found: sureness(results.filter(({ measures }) => measures && measures['hit@5'] === 1)),
    missed: sureness(results.filter(({ measures }) => measures && measures['hit@5'] === 0)),
    unanswerable: sureness(results.filter(({ measures }) => !measures)),
  };
}

function report(): void {
  const all = (kind: 'found' | 'missed' | 'unanswerable') => runs.flatMap((run) => run[kind]);
  const weak = Math.min(
    percentile(all('found'), LOST.inAll),
    ...runs.map(({ found }) => percentile(found, LOST.inOne)),
  );
  const match = percentile(all('unanswerable'), 1 - FOOLED);
  console.log(`weak ${weak.toFixed(3)}, match ${match.toFixed(3)}\n`);
  const row = ({ set, found, missed, unanswerable }: (typeof runs)[number]) => [
    set,
    auroc([...found, ...missed], unanswerable).toFixed(3),
    ...[found, missed, unanswerable].map((of) => `${share(of, (x) => x >= match)} / ${share(of, (x) => x < weak)}`),
  ];
  const whole = { set: 'all', found: all('found'), missed: all('missed'), unanswerable: all('unanswerable') };
  const rows = [...runs, whole].map(row);
  console.log(
    table(['catalog', 'AUROC', 'found: match / none', 'missed: match / none', 'unanswerable: match / none'], rows),
  );
}

function share(of: readonly number[], test: (x: number) => boolean): string {
  return of.length === 0 ? '-' : (of.filter(test).length / of.length).toFixed(2);
}

function read(set: string, file: string): string {
  return readFileSync(path.join(folder, set, `${file}.jsonl`), 'utf8');
}

function evenly(queries: readonly JudgedQuery[]): JudgedQuery[] {
  const step = Math.max(1, Math.floor(queries.length / PER_SET));
  return queries.filter((_, i) => i % step === 0).slice(0, PER_SET);
}
