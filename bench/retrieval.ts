/**
 * Prints the quality tables of docs/SEARCH.md. `builtin` is the default, which has no encoder among more than --encoder-max-tools;
 * `encoder` has it everywhere and asks it every time.
 * usage: node scripts/run.mjs bench/retrieval.ts [--data ../shared/data/retrieval] [--sample 0] [--big] [--names] [--encoder-max-tools 8000] [--model FOLDER] [--transformers FOLDER] [--engines words,static,builtin,encoder] [--gate]
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createToolIndex } from '../index/create-tool-index.ts';
import { openBuiltinEmbedder } from '../index/embedding/builtin-embedder.ts';
import { deferEmbedder } from '../index/embedding/deferred-embedder.ts';
import type { Embedder } from '../index/embedding/embedder.ts';
import { openStaticEmbedder } from '../index/embedding/static-embedder.ts';
import { createTransformersEmbedder } from '../index/embedding/transformers-embedder.ts';
import { seeded } from '../index/evaluation/bootstrap.ts';
import { type Evaluation, evaluate } from '../index/evaluation/evaluate.ts';
import { type JudgedQuery, parseCorpus, parseQueries } from '../index/evaluation/judged-query.ts';
import { meanMeasures, measure } from '../index/evaluation/measures.ts';
import { table } from '../index/evaluation/render-eval.ts';
import { nameKey } from '../index/lexical/exact-names.ts';
import { parseWordStatistics } from '../index/lexical/word-statistics.ts';
import { BUILTIN_TUNING, MINILM_TUNING, STATIC_TUNING, type VectorTuning } from '../index/ranking/tuning.ts';
import { createEmbeddedVectorStore } from '../index/store/embedded-vector-store.ts';
import type { ToolDocument } from '../index/tool-document.ts';
import type { BoundedSource, VectorSource } from '../index/vector-source.ts';
import { DEFAULTS } from '../src/config/defaults.ts';
import { CROWD, SELECTION } from './selection-sets.ts';
import { RIGHT, SLIPS } from './spellings.ts';
import { systemB } from './system-b.ts';

const SPELLINGS = { ...RIGHT, ...SLIPS };
const NO_ANSWER = ['metatool', 'acebench-en'];
/** What `--gate` holds the engines with vectors to, over the selection sets. */
const MACRO_MIN = { recall: 0.9, ndcg: 0.83 };
const BEHIND_B_MAX = 0.015;
const AUROC_MIN = 0.8;
const NAMES_MIN = 0.97;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/retrieval' },
    sample: { type: 'string', default: '0' },
    model: { type: 'string', default: 'index/model' },
    names: { type: 'boolean', default: false },
    transformers: { type: 'string' },
    engines: { type: 'string', default: 'words,static,builtin,transformers' },
    big: { type: 'boolean', default: false },
    'encoder-max-tools': { type: 'string', default: String(DEFAULTS.encoderMaxTools) },
    gate: { type: 'boolean', default: false },
  },
});

const statistics = parseWordStatistics(readFileSync(path.join(values.model, 'word-statistics.txt')));
const ALL: Readonly<Record<string, () => Promise<Engine>>> = {
  words: async () => ({}),
  static: async () => ({
    embedder: await openStaticEmbedder(path.join(values.model, 'static.bin')),
    tuning: STATIC_TUNING,
  }),
  builtin: openCascade,
  encoder: async () => ({ embedder: await openBuiltinEmbedder(values.model), tuning: BUILTIN_TUNING }),
  ...(values.transformers ? { transformers: openTransformers(values.transformers) } : {}),
};
const ENGINES = new Map<string, Engine>();
for (const name of values.engines.split(',')) {
  const open = ALL[name];
  if (open) ENGINES.set(name, await open());
}

interface Engine {
  readonly embedder?: Embedder;
  readonly tuning?: VectorTuning;
  /** Better than `embedder`, which is asked first, and alone where it leaves no doubt. */
  readonly costly?: BoundedSource;
}

/** The default: the encoder is asked where the static model leaves doubts, and not at all among too many tools. */
async function openCascade(): Promise<Engine> {
  const embedder = await openStaticEmbedder(path.join(values.model, 'static.bin'));
  const open = (): VectorSource => ({
    embedder: deferEmbedder('the encoder', () => openBuiltinEmbedder(values.model, async () => embedder)),
    store: createEmbeddedVectorStore(),
    tuning: BUILTIN_TUNING,
    inBackground: true,
    whenInDoubt: true,
  });
  const upTo = { documents: () => Number(values['encoder-max-tools']), setting: '--encoder-max-tools' };
  return { embedder, costly: { name: 'the encoder', upTo, open } };
}

function openTransformers(model: string): () => Promise<Engine> {
  const cacheDir = path.join(tmpdir(), 'tooldex-bench-models');
  return async () => ({
    embedder: await createTransformersEmbedder({
      model: path.resolve(model),
      cacheDir,
      libraryFolders: [process.env.TOOLDEX_TEST_TRANSFORMERS ?? process.cwd()],
      env: process.env,
      offline: true,
    }),
    tuning: MINILM_TUNING,
  });
}

function read(set: string, file: string): string {
  return readFileSync(path.join(values.data, set, `${file}.jsonl`), 'utf8');
}

function load(spec: string): { documents: ToolDocument[]; queries: JudgedQuery[] } {
  const [set = '', split] = spec.split(':');
  const all = parseQueries(read(set, 'queries')).filter((query) => split === undefined || query.split === split);
  return { documents: parseCorpus(read(set, 'corpus')), queries: sampled(all) };
}

function sampled(queries: JudgedQuery[]): JudgedQuery[] {
  const size = Number(values.sample);
  if (size === 0 || queries.length <= size) return queries;
  const random = seeded(queries.length);
  return queries
    .map((query) => ({ query, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, size)
    .map(({ query }) => query);
}

async function openIndex(engine: string, documents: readonly ToolDocument[]) {
  const { embedder, tuning, costly } = ENGINES.get(engine) ?? {};
  const main = embedder ? [{ embedder, store: createEmbeddedVectorStore(), tuning }] : [];
  const index = createToolIndex({ statistics, vectors: [...(costly ? [costly] : []), ...main] });
  await index.upsert(documents);
  await index.settled();
  return index;
}

async function run(
  engine: string,
  documents: readonly ToolDocument[],
  queries: readonly JudgedQuery[],
): Promise<Evaluation> {
  const servers = new Map(documents.map(({ id, server }) => [id, server]));
  const index = await openIndex(engine, documents);
  return evaluate({ index, queries, serverOf: (id) => servers.get(id) });
}

async function selectionSets(): Promise<void> {
  const rows: string[][] = [];
  const sumsOfB: number[] = [];
  const sums = new Map([...ENGINES.keys()].map((engine) => [engine, [0, 0, 0, 0]]));
  for (const spec of SELECTION) {
    const { documents, queries } = load(spec);
    const yardstick = measureB(documents, queries);
    for (const [i, figure] of yardstick.entries()) sumsOfB[i] = (sumsOfB[i] ?? 0) + figure / SELECTION.length;
    const cells = [spec, String(documents.length), String(queries.length), ...yardstick.map((x) => x.toFixed(3))];
    for (const engine of [...ENGINES.keys()]) {
      const { measures } = await run(engine, documents, queries);
      const figures = [measures['recall@1'], measures['recall@5'], measures['ndcg@10'], measures['serverRecall@3']];
      for (const [i, figure] of figures.entries())
        (sums.get(engine) ?? [])[i] = (sums.get(engine)?.[i] ?? 0) + figure / SELECTION.length;
      cells.push(...figures.slice(0, 3).map((figure) => figure.toFixed(3)));
      if (engine !== 'words') hold(`${engine} on ${spec}, against B`, figures[1], (yardstick[0] ?? 0) - BEHIND_B_MAX);
    }
    rows.push(cells);
  }
  for (const [engine, [, recall, ndcg]] of sums) {
    if (engine !== 'words') hold(`${engine}, macro R@5`, recall, MACRO_MIN.recall);
    if (engine !== 'words') hold(`${engine}, macro nDCG@10`, ndcg, MACRO_MIN.ndcg);
  }
  const macro = [...ENGINES.keys()].flatMap((engine) =>
    (sums.get(engine) ?? []).slice(0, 3).map((figure) => figure.toFixed(3)),
  );
  rows.push(['macro', '', '', ...sumsOfB.map((x) => x.toFixed(3)), ...macro]);
  console.log('\n## Selection sets (B: weighted BM25, see system-b.ts)\n');
  console.log(
    table(
      [
        'set',
        'tools',
        'requests',
        'B R@5',
        'nDCG@10',
        ...[...ENGINES.keys()].flatMap((engine) => [`${engine} R@1`, 'R@5', 'nDCG@10']),
      ],
      rows,
    ),
  );
}

/** With `--gate` a figure below what it has to be fails the run; whoever measures otherwise wants to see all of them. */
function hold(what: string, figure = 0, floor = 0): void {
  if (!values.gate || figure >= floor) return;
  console.error(`below its gate: ${what}: ${figure.toFixed(3)}, not ${floor.toFixed(3)}`);
  process.exitCode = 1;
}

function measureB(documents: readonly ToolDocument[], queries: readonly JudgedQuery[]): number[] {
  const search = systemB(documents);
  const all = queries.map(({ query, groups }) => measure(search(query, 10), groups, () => undefined));
  const mean = meanMeasures(all);
  return [mean['recall@5'], mean['ndcg@10']];
}

/** Every distinct tool name in several spellings; one that differs from another only in spelling counts as the same. */
async function exactNames(): Promise<void> {
  const rows: string[][] = [];
  for (const set of ['mcp-zero', 'arcade-toolkits']) {
    const documents = parseCorpus(read(set, 'corpus'));
    const index = await openIndex('static', documents);
    const namesakes = groupByName(documents);
    const distinct = [...namesakes.values()].map(([first]) => first?.name ?? '');
    const names = distinct.filter((_, i) => i % Math.ceil(distinct.length / 600) === 0);
    const cells = [set, String(names.length)];
    for (const spell of Object.values(SPELLINGS)) {
      let first = 0;
      for (const [i, name] of names.entries()) {
        const { hits } = await index.search({ task: spell(name, i), limit: 1, deadlineMs: 30_000 });
        first += Number(namesakes.get(nameKey(name))?.some(({ id }) => id === hits[0]?.id));
      }
      cells.push((first / names.length).toFixed(3));
      hold(`names of ${set}, first hits`, first / names.length, NAMES_MIN);
    }
    rows.push(cells);
  }
  console.log('\n## Exact names: share of first hits\n');
  console.log(table(['set', 'names', ...Object.keys(SPELLINGS)], rows));
}

function groupByName(documents: readonly ToolDocument[]): Map<string, ToolDocument[]> {
  const groups = new Map<string, ToolDocument[]>();
  for (const document of documents) {
    const key = nameKey(document.name);
    groups.set(key, [...(groups.get(key) ?? []), document]);
  }
  return groups;
}

async function noAnswer(): Promise<void> {
  const rows: string[][] = [];
  for (const set of NO_ANSWER) {
    const { documents, queries } = load(set);
    const impossible = parseQueries(read(set, 'noanswer'));
    for (const engine of [...ENGINES.keys()]) {
      const index = await openIndex(engine, documents);
      const { noAnswerAuroc, verdicts } = await evaluate({
        index,
        queries,
        noAnswer: impossible,
        serverOf: () => undefined,
      });
      if (engine !== 'words') hold(`${engine} on ${set}, AUROC`, noAnswerAuroc, AUROC_MIN);
      const share = ({ match, weak, none }: Evaluation['verdicts']['answerable']) =>
        [match, weak, none].map((count) => (count / (match + weak + none)).toFixed(2)).join(' / ');
      rows.push([
        set,
        engine,
        (noAnswerAuroc ?? 0).toFixed(3),
        share(verdicts.answerable),
        share(verdicts.unanswerable),
      ]);
    }
  }
  console.log('\n## No tool fits\n');
  console.log(table(['set', 'engine', 'AUROC', 'answerable: match / weak / none', 'unanswerable'], rows));
}

async function bigCatalog(): Promise<void> {
  const documents = [
    ...new Map(CROWD.flatMap((set) => parseCorpus(read(set, 'corpus'))).map((d) => [d.id, d])).values(),
  ];
  const rows: string[][] = [];
  const spared: string[] = [];
  for (const engine of [...ENGINES.keys()]) {
    const index = await openIndex(engine, documents);
    for (const layer of index.status()) if (layer.spared) spared.push(`${engine}: ${layer.spared}`);
    for (const spec of SELECTION.slice(0, 4)) {
      const { measures } = await evaluate({
        index,
        queries: load(spec).queries.slice(0, 400),
        serverOf: () => undefined,
      });
      rows.push([engine, spec, measures['recall@5'].toFixed(3), measures['ndcg@10'].toFixed(3)]);
    }
  }
  console.log(`\n## The same requests over ${documents.length} tools (twins of a right tool count as wrong)\n`);
  console.log([table(['engine', 'set', 'R@5', 'nDCG@10'], rows), ...spared].join('\n\n'));
}

if (!existsSync(values.data)) {
  console.log(`No data at ${values.data}: nothing to measure (give --data).`);
} else {
  if (!values.names) await selectionSets();
  if (ENGINES.has('static')) await exactNames();
  await noAnswer();
  if (values.big) await bigCatalog();
}
for (const { embedder } of ENGINES.values()) await embedder?.close();
