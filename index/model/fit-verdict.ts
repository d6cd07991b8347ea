/**
 * Finds the verdict's thresholds for `ranking/verdict.ts` and prints their error rates.
 * usage: node scripts/run.mjs index/model/fit-verdict.ts DATA_FOLDER [words | static | builtin | encoder | FOLDER_OF_A_TRANSFORMERS_MODEL [FOLDER_OF_TRANSFORMERS_JS]]
 * `builtin` is the default as it is: where the static model answers alone its verdict is a match, and only the others are judged by the
 * thresholds that are sought. `encoder` is the same with the encoder asked every time.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createToolIndex, type ObservableToolIndex } from '../create-tool-index.ts';
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
import { isSettled, thresholdShift, type VerdictThresholds } from '../ranking/verdict.ts';
import { createEmbeddedVectorStore } from '../store/embedded-vector-store.ts';
import type { ToolIndex } from '../tool-index.ts';
import type { VectorSource } from '../vector-source.ts';

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
const RATES = [
  'found: match / none',
  'missed: match / none',
  'unanswerable: match / none',
  'tool hidden: match / none',
];

const [, , folder = '../shared/data/retrieval', mode = 'builtin', libraryFolder = process.cwd()] = process.argv;
const statistics = parseWordStatistics(readFileSync(path.join(MODEL, 'word-statistics.txt')));
/** What the default calls its static model. */
const QUICK = 'static';
const { embedder, tuning, quick } = await openEngine();
const PER_FOLD = tuning?.thresholds.perFold ?? 0;
const SLOPES = [0, 0.01, 0.02, 0.03, 0.04];
const NO_RATE: Rate = [0, 0];

/** Requests for something else: a set's own, and those of the other sets, which are farther away. */
const impossible = NO_ANSWER.flatMap((set) => evenly(parseQueries(read(set, 'noanswer'))));
const runs: Run[] = [];
for (const set of CATALOGS) runs.push(await measureSet(set));
report();
await embedder?.close();

/** How sure the answers were. */
interface Sureness {
  readonly confidence: number;
  readonly tools: number;
  /** The static model answered alone, so that no threshold decides. */
  readonly isSettled: boolean;
}

interface Run {
  readonly set: string;
  /** Requests whose tool is among the first five, those where it is not, and those that no tool answers. */
  readonly found: readonly Sureness[];
  readonly missed: readonly Sureness[];
  readonly unanswerable: readonly Sureness[];
  /** Requests asked again with their tools hidden: near misses. */
  readonly bereft: readonly Sureness[];
}

interface Engine {
  readonly embedder?: Embedder;
  readonly tuning?: VectorTuning;
  /** Asked first, and alone where it leaves no doubt. */
  readonly quick?: Embedder;
}

async function openEngine(): Promise<Engine> {
  if (mode === 'words') return {};
  const fixed = await openStaticEmbedder(path.join(MODEL, 'static.bin'));
  if (mode === 'static') return { embedder: fixed, tuning: STATIC_TUNING };
  if (mode === 'builtin' || mode === 'encoder') {
    const both = await openBuiltinEmbedder(MODEL, async () => fixed);
    return { embedder: both, tuning: BUILTIN_TUNING, quick: mode === 'builtin' ? fixed : undefined };
  }
  const embedder = await createTransformersEmbedder({
    model: path.resolve(mode),
    cacheDir: MODEL,
    libraryFolders: [libraryFolder],
    env: {},
    offline: true,
  });
  return { embedder, tuning: MINILM_TUNING };
}

async function openIndex(set: string): Promise<ObservableToolIndex> {
  const store = createEmbeddedVectorStore;
  const vectors: VectorSource[] = [];
  if (embedder) vectors.push({ embedder, store: store(), tuning, whenInDoubt: quick !== undefined });
  if (quick) vectors.push({ name: QUICK, embedder: quick, store: store() });
  const index = createToolIndex({ statistics, vectors });
  await index.upsert(parseCorpus(read(set, 'corpus')));
  await index.settled();
  return index;
}

async function measureSet(set: string): Promise<Run> {
  const index = await openIndex(set);
  const queries = evenly(parseQueries(read(set, 'queries')));
  const { results } = await evaluate({ index, queries, noAnswer: impossible, serverOf: () => undefined });
  const nearMisses = await evaluate({ ...withoutTheirTools(index, queries), serverOf: () => undefined });
  const tools = index.size;
  const sureness = (of: readonly EvaluatedQuery[]) =>
    of.map((answer) => ({ confidence: answer.confidence, tools, isSettled: settles(answer, tools) }));
  return {
    set,
    found: sureness(results.filter(({ measures }) => measures && measures['hit@5'] === 1)),
    missed: sureness(results.filter(({ measures }) => measures && measures['hit@5'] === 0)),
    unanswerable: sureness(results.filter(({ measures }) => !measures)),
    bereft: sureness(nearMisses.results),
  };
}

function settles({ model, scores, confidence }: EvaluatedQuery, tools: number): boolean {
  if (quick) return model === QUICK;
  return (
    tuning !== undefined && isSettled({ hits: scores.map((score) => ({ score })), sureness: confidence, tools }, tuning)
  );
}

/** The same requests, each in a catalog without the tools that answer it; another that fits may be left now and then. */
function withoutTheirTools(index: ToolIndex, queries: readonly JudgedQuery[]) {
  const hidden = new Map(queries.map(({ query, groups }) => [query, new Set(groups.flat())]));
  const search: ToolIndex['search'] = (request) =>
    index.search({ ...request, allow: ({ id }) => !hidden.get(request.task)?.has(id) });
  const noAnswer = queries.map((query) => ({ ...query, groups: [] }));
  return { index: { search }, queries: [], noAnswer };
}

/** As in a catalog of 1,000 tools; a match, whatever the thresholds, counts as surer than any. */
function judged(of: readonly Sureness[], perFold = PER_FOLD): number[] {
  return of.map(({ confidence, tools, isSettled }) =>
    isSettled ? Number.POSITIVE_INFINITY : confidence - thresholdShift(tools, perFold),
  );
}

function choose(on: readonly Run[], perFold = PER_FOLD): VerdictThresholds {
  const found = on.map((run) => judged(run.found, perFold));
  const inAll = percentile(found.flat(), LOST.inAll);
  const weak = Math.min(inAll, ...found.map((of) => percentile(of, LOST.inOne)));
  const unanswerable = on.flatMap((run) => judged(run.unanswerable, perFold));
  return { weak, match: percentile(unanswerable, 1 - FOOLED), perFold };
}

function report(): void {
  const all = choose(runs);
  console.log(`${describe(all)}, ${PER_FOLD} more an e-fold of tools\n`);
  const whole = {
    set: 'all',
    found: runs.flatMap(({ found }) => found),
    missed: runs.flatMap(({ missed }) => missed),
    unanswerable: runs.flatMap(({ unanswerable }) => unanswerable),
    bereft: runs.flatMap(({ bereft }) => bereft),
  };
  const rows = [...runs, whole].map((run) => [
    run.set,
    area(run, run.unanswerable),
    area(run, run.bereft),
    ...rates(run, all).map(shown),
  ]);
  console.log(table(['catalog', 'AUROC', 'AUROC, tool hidden', ...RATES], rows));
  console.log('\nEach catalog with the thresholds that the others choose\n');
  const left = leftOut(PER_FOLD).map(({ run, thresholds, of }) => [run.set, describe(thresholds), ...of.map(shown)]);
  console.log(table(['catalog', 'thresholds', ...RATES], left));
  console.log('\nThe same on average, by what the thresholds rise by with each e-fold of tools\n');
  const slopes = SLOPES.map((perFold) => {
    const each = leftOut(perFold).map(({ of }) => of);
    const means = RATES.map((_, i) => shown(mean(each.map((rate) => rate[i] ?? NO_RATE))));
    return [perFold.toFixed(2), describe(choose(runs, perFold)), area(whole, whole.unanswerable, perFold), ...means];
  });
  console.log(table(['rise', 'thresholds', 'AUROC over all', ...RATES], slopes));
}

function describe({ weak, match }: VerdictThresholds): string {
  return `weak ${weak.toFixed(3)}, match ${match.toFixed(3)}`;
}

/** Chance that an answerable request is surer than another one. */
function area({ found, missed }: Run, others: readonly Sureness[], perFold = PER_FOLD): string {
  const of = (some: readonly Sureness[]) =>
    some.map(({ confidence, tools }) => confidence - thresholdShift(tools, perFold));
  return auroc(of([...found, ...missed]), of(others)).toFixed(3);
}

/** Shares called match and none. */
type Rate = readonly [match: number, none: number];

function rates({ found, missed, unanswerable, bereft }: Run, { weak, match, perFold }: VerdictThresholds): Rate[] {
  return [found, missed, unanswerable, bereft].map((of) => {
    const sure = judged(of, perFold);
    return [share(sure, (x) => x >= match), share(sure, (x) => x < weak)] as const;
  });
}

function leftOut(perFold: number) {
  return runs.map((run) => {
    const others = runs.filter((other) => other !== run);
    const thresholds = choose(others, perFold);
    return { run, thresholds, of: rates(run, thresholds) };
  });
}

function mean(all: readonly Rate[]): Rate {
  const of = (pick: (rate: Rate) => number) => all.reduce((sum, rate) => sum + pick(rate), 0) / all.length;
  return [of(([match]) => match), of(([, none]) => none)];
}

function shown([match, none]: Rate): string {
  return `${match.toFixed(2)} / ${none.toFixed(2)}`;
}

/** 0 of none. */
function share(of: readonly number[], test: (x: number) => boolean): number {
  return of.filter(test).length / Math.max(1, of.length);
}

function read(set: string, file: string): string {
  return readFileSync(path.join(folder, set, `${file}.jsonl`), 'utf8');
}

function evenly(queries: readonly JudgedQuery[]): JudgedQuery[] {
  const step = Math.max(1, Math.floor(queries.length / PER_SET));
  return queries.filter((_, i) => i % step === 0).slice(0, PER_SET);
}
