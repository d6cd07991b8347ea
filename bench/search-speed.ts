/**
 * Prints the speed tables of docs/SEARCH.md: ratios within one run, because the machine's mood changes absolute times.
 * usage: node --expose-gc scripts/run.mjs bench/search-speed.ts [--minisearch FOLDER] [--data FOLDER] [--rounds 3] [--only memory] [--encoder-max-tools 8000]
 * MiniSearch is not a dependency: `npm i --prefix /tmp/ms minisearch@7.2.0`, then `--minisearch /tmp/ms`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createToolIndex } from '../index/create-tool-index.ts';
import { openBuiltinEmbedder } from '../index/embedding/builtin-embedder.ts';
import { deferEmbedder } from '../index/embedding/deferred-embedder.ts';
import type { Embedder } from '../index/embedding/embedder.ts';
import { openEncoderEmbedder } from '../index/embedding/encoder-embedder.ts';
import { openStaticEmbedder } from '../index/embedding/static-embedder.ts';
import { seeded } from '../index/evaluation/bootstrap.ts';
import { percentile } from '../index/evaluation/evaluate.ts';
import { parseCorpus, parseQueries } from '../index/evaluation/judged-query.ts';
import { table } from '../index/evaluation/render-eval.ts';
import { LexicalIndex } from '../index/lexical/lexical-index.ts';
import { ScoreBoard } from '../index/lexical/score-board.ts';
import { parseWordStatistics } from '../index/lexical/word-statistics.ts';
import { openToolIndex } from '../index/open-tool-index.ts';
import { BUILTIN_TUNING } from '../index/ranking/tuning.ts';
import { createEmbeddedVectorStore } from '../index/store/embedded-vector-store.ts';
import { VectorMatrix } from '../index/store/vector-matrix.ts';
import { type ToolDocument, toolDocument } from '../index/tool-document.ts';
import type { BoundedSource } from '../index/vector-source.ts';
import { DEFAULTS } from '../src/config/defaults.ts';

const { values } = parseArgs({
  options: {
    minisearch: { type: 'string' },
    data: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    'encoder-max-tools': { type: 'string', default: String(DEFAULTS.encoderMaxTools) },
    model: { type: 'string', default: 'index/model' },
  },
});
/** V8 gives memory back some seconds after the work. */
const REST_MS = 12_000;
const statistics = parseWordStatistics(readFileSync(path.join(values.model, 'word-statistics.txt')));

const VERBS =
  'get list create update delete search find fetch send read write upload download query run start stop deploy convert translate export import publish schedule cancel'.split(
    ' ',
  );
const THINGS =
  'file folder repository issue branch user account message channel email event contact document page table row record invoice payment order product task project comment image video map route forecast stock container pod node log metric alert secret token session model job pipeline release'.split(
    ' ',
  );
const BRANDS =
  'acme nimbus orchid quartz falcon maple harbor cobalt juniper lumen atlas beacon cedar delta ember'.split(' ');
const FILLER =
  'returns the result as json with optional filters and a cursor requires authentication use this when you need to a given name or identifier for all matching recent specific items limit default maximum'.split(
    ' ',
  );

/** Tools with a small vocabulary, so that posting lists are long: a hard case for BM25. */
function syntheticTools(count: number): ToolDocument[] {
  const random = seeded(5);
  const pick = (words: readonly string[]) => words[Math.floor(random() * random() * words.length)] ?? '';
  return Array.from({ length: count }, (_, i) => {
    const [verb, thing, brand] = [pick(VERBS), pick(THINGS), pick(BRANDS)];
    const length = 12 + Math.floor(random() * 28);
    const words = Array.from({ length }, () => {
      const dice = random();
      if (dice > 0.92) return `x${Math.floor(random() * count * 0.2).toString(36)}`;
      return pick(dice < 0.55 ? FILLER : dice < 0.75 ? THINGS : dice < 0.85 ? VERBS : BRANDS);
    });
    const description = `${verb} ${thing} in ${brand}. ${words.join(' ')}.`;
    return toolDocument({ id: `t${i}`, server: brand, name: `${brand}_${verb}_${thing}`, description });
  });
}

function syntheticQueries(count: number): string[] {
  const random = seeded(9);
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? '';
  return Array.from(
    { length: count },
    () => `${pick(VERBS)} ${pick(THINGS)} ${random() < 0.6 ? pick(BRANDS) : ''} with ${pick(THINGS)}`,
  );
}

/** Unit vectors around 200 centres, as embeddings are. */
function clusteredVectors(count: number, dimensions: number): Float32Array[] {
  const random = seeded(42);
  const centres = Array.from({ length: 200 }, () => Float32Array.from({ length: dimensions }, () => random() - 0.5));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)] ?? new Float32Array(dimensions);
    const vector = centre.map((x) => x + (random() - 0.5) * 1.1);
    const length = Math.hypot(...vector);
    return vector.map((x) => x / length);
  });
}

type Searcher = (at: number) => unknown;

/**
 * p50 in milliseconds of every searcher, of the round in which it was lowest: the rounds take turns, so that all meet the same
 * weather, and in the calmest least of it is somebody else's work.
 */
async function race(searchers: Record<string, Searcher>, perRound = 300): Promise<Record<string, number>> {
  const best: Record<string, number> = {};
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [name, search] of Object.entries(searchers)) {
      const times: number[] = [];
      for (let i = 0; i < perRound; i++) {
        const startedAt = performance.now();
        await search(i);
        times.push(performance.now() - startedAt);
      }
      if (round > 0) best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, percentile(times, 0.5));
    }
  }
  return best;
}

interface MiniSearch {
  addAll(documents: readonly object[]): void;
  search(query: string): { id: string }[];
}

function openMiniSearch(folder: string, documents: readonly ToolDocument[]): MiniSearch {
  const Constructor = createRequire(path.resolve(folder, 'x.js'))('minisearch');
  const mini: MiniSearch = new Constructor({ fields: ['name', 'description'] });
  mini.addAll(documents.map(({ id, name, description }) => ({ id, name, description })));
  return mini;
}

async function words(): Promise<void> {
  const documents = syntheticTools(10_000);
  const queries = syntheticQueries(300);
  const lexical = new LexicalIndex(statistics);
  const board = new ScoreBoard();
  for (const [slot, document] of documents.entries()) lexical.add(slot, document);
  const ours = (at: number) => {
    board.reset(documents.length);
    lexical.score(lexical.query(queries[at] ?? ''), board);
    return board.top({ limit: 10, accept: () => true });
  };
  const mini = values.minisearch ? openMiniSearch(values.minisearch, documents) : undefined;
  const p50 = await race(
    { ours, ...(mini ? { mini: (at: number) => mini.search(queries[at] ?? '').slice(0, 10) } : {}) },
    mini ? 100 : 300,
  );
  const ratio = mini ? ((p50.mini ?? 0) / (p50.ours ?? 1)).toFixed(0) : 'not measured';
  console.log('\n## BM25, 10,000 tools\n');
  console.log(
    table(
      ['', 'p50 ms', 'times faster than MiniSearch 7.2'],
      [
        ['ours', (p50.ours ?? 0).toFixed(3), ratio],
        ...(mini ? [['MiniSearch (OR)', (p50.mini ?? 0).toFixed(3), '1']] : []),
      ],
    ),
  );
}

function plainScan(vectors: readonly Float32Array[], query: Float32Array): number[] {
  const flat = vectors.map((vector, row) => {
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += (query[i] ?? 0) * (vector[i] ?? 0);
    return { row, sum };
  });
  return flat
    .sort((a, b) => b.sum - a.sum)
    .slice(0, 10)
    .map(({ row }) => row);
}

/** What everybody writes first. */
function simpleScan(vectors: readonly Float32Array[], query: Float32Array, scores: Float64Array): Float64Array {
  for (const [row, vector] of vectors.entries()) {
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += (query[i] ?? 0) * (vector[i] ?? 0);
    scores[row] = sum;
  }
  return scores;
}

/** The best plain JavaScript loop known here: one flat array, four sums. */
function unrolledScan(flat: Float32Array, query: Float32Array, scores: Float64Array): Float64Array {
  const dimensions = query.length;
  for (let row = 0, at = 0; row < scores.length; row++) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < dimensions; i += 4, at += 4) {
      a += (query[i] ?? 0) * (flat[at] ?? 0);
      b += (query[i + 1] ?? 0) * (flat[at + 1] ?? 0);
      c += (query[i + 2] ?? 0) * (flat[at + 2] ?? 0);
      d += (query[i + 3] ?? 0) * (flat[at + 3] ?? 0);
    }
    scores[row] = a + b + c + d;
  }
  return scores;
}

async function vectors(): Promise<void> {
  const rows: string[][] = [];
  for (const dimensions of [128, 384]) {
    const all = clusteredVectors(10_000, dimensions);
    const queries = clusteredVectors(300, dimensions);
    const matrix = new VectorMatrix(dimensions);
    const startedAt = performance.now();
    for (const vector of all) matrix.push(vector);
    const build = performance.now() - startedAt;
    const flat = new Float32Array(all.length * dimensions);
    for (const [row, vector] of all.entries()) flat.set(vector, row * dimensions);
    const scores = new Float64Array(all.length);
    const query = (at: number) => queries[at] ?? new Float32Array(dimensions);
    const p50 = await race(
      {
        ours: (at) => matrix.nearest(query(at), 10),
        simple: (at) => simpleScan(all, query(at), scores),
        unrolled: (at) => unrolledScan(flat, query(at), scores),
      },
      100,
    );
    let found = 0;
    for (const each of queries.slice(0, 100)) {
      const truth = new Set(plainScan(all, each));
      for (const { slot } of matrix.nearest(each, 10)) found += Number(truth.has(slot));
    }
    rows.push([
      String(dimensions),
      (p50.ours ?? 0).toFixed(3),
      ...[p50.simple, p50.unrolled].map((ms = 0) => `${ms.toFixed(2)} (${(ms / (p50.ours ?? 1)).toFixed(1)}x)`),
      (found / 1_000).toFixed(4),
      build.toFixed(0),
    ]);
  }
  console.log('\n## Exact vectors, 10,000 rows, top 10\n');
  console.log(
    table(['numbers', 'ours p50 ms', 'simple loop in JS', 'unrolled loop in JS', 'recall@10', 'build ms'], rows),
  );
}

/** Catalog and requests of other people, of the shape that `retrieval.ts` reads. */
function realTools(folder: string, count: number): { documents: ToolDocument[]; queries: string[] } {
  const read = (set: string, file: string) => readFileSync(path.join(folder, set, `${file}.jsonl`), 'utf8');
  const corpora = ['mcp-zero', 'toolret-apigen', 'toollinkos', 'acebench-en', 'toolsdk-registry'];
  const documents = corpora.flatMap((set) => parseCorpus(read(set, 'corpus')));
  const queries = corpora.slice(0, 4).flatMap((set) => {
    const all = parseQueries(read(set, 'queries'));
    return all.filter((_, i) => i % Math.floor(all.length / 75) === 0).map(({ query }) => query);
  });
  return { documents: documents.slice(0, count), queries };
}

/** Made-up tools and, where there are some, real ones. */
async function whole(): Promise<void> {
  await wholeOver('synthetic', syntheticTools(10_000), syntheticQueries(300));
  if (!values.data) return;
  const { documents, queries } = realTools(values.data, 10_000);
  await wholeOver('real', documents, queries);
}

async function wholeOver(kind: string, documents: readonly ToolDocument[], queries: readonly string[]): Promise<void> {
  const embedder = await openStaticEmbedder(path.join(values.model, 'static.bin'));
  const builtin = await openBuiltinEmbedder(values.model, async () => embedder);
  const fixed = () => ({ name: 'static', embedder, store: createEmbeddedVectorStore() });
  const costly = { embedder: withMadeUpDocuments(builtin), tuning: BUILTIN_TUNING, name: 'encoder' };
  const always = { ...costly, store: createEmbeddedVectorStore() };
  const inDoubt = { ...costly, store: createEmbeddedVectorStore(), whenInDoubt: true };
  const [index, byRule, better, every] = await Promise.all(
    [[fixed()], [boundedEncoder(async () => embedder), fixed()], [inDoubt, fixed()], [always]].map(async (vectors) => {
      const opened = createToolIndex({ statistics, vectors });
      await opened.upsert(documents);
      await opened.settled();
      return opened;
    }),
  );
  const lexical = new LexicalIndex(statistics);
  const board = new ScoreBoard();
  for (const [slot, document] of documents.entries()) lexical.add(slot, document);
  const matrix = new VectorMatrix(embedder.dimensions);
  for (const vector of await embedder.embedDocuments(documents)) matrix.push(vector);
  const asked = await embedder.embedTasks(queries);
  const query = (at: number) => queries[at % queries.length] ?? '';
  // On a machine that is too busy, giving up on the encoder would look like speed.
  const asking = (task: string) => ({ task, limit: 10, deadlineMs: 30_000 });
  const p50 = await race({
    'whole search, static model': (at) => index?.search(asking(query(at))),
    'whole search, the default': (at) => byRule?.search(asking(query(at))),
    'whole search, the encoder where in doubt among however many': (at) => better?.search(asking(query(at))),
    'whole search, the encoder asked every time': (at) => every?.search(asking(query(at))),
    'of it the encoder': (at) => builtin.embedTasks([query(at)]),
    'BM25 + scan': (at) => {
      board.reset(documents.length);
      lexical.score(lexical.query(query(at)), board);
      board.top({ limit: 10, accept: () => true });
      return matrix.nearest(asked[at % queries.length] ?? new Float32Array(embedder.dimensions), 10);
    },
    embedding: (at) => embedder.embedTasks([query(at)]),
  });
  const floor = p50['BM25 + scan'] ?? 1;
  console.log(`\n## A whole search, ${documents.length} ${kind} tools\n`);
  console.log(
    table(
      ['', 'p50 ms', 'times BM25 + scan'],
      Object.entries(p50).map(([name, ms]) => [name, ms.toFixed(3), (ms / floor).toFixed(2)]),
    ),
  );
  const alone = async (opened: typeof index) => {
    let count = 0;
    for (const task of queries) count += Number((await opened?.search(asking(task)))?.model === 'static');
    return `${((100 * count) / queries.length).toFixed(0)} %`;
  };
  console.log(
    `\nanswered by the static model alone: ${await alone(byRule)} by default, ${await alone(better)} in doubt`,
  );
  await Promise.all([index, byRule, better, every].map((each) => each?.close()));
}

/** The default, which reads nothing with the encoder among so many: with a higher --encoder-max-tools it takes minutes. */
async function indexing(): Promise<void> {
  const documents = syntheticTools(25_000);
  const before = memory();
  const cpuBefore = process.cpuUsage();
  const embedder = await openStaticEmbedder(path.join(values.model, 'static.bin'));
  const fixed = { embedder, store: createEmbeddedVectorStore() };
  const index = createToolIndex({ statistics, vectors: [boundedEncoder(async () => embedder), fixed] });
  await index.upsert(documents);
  await index.settled();
  await index.search({ task: 'warm', limit: 1 });
  const cpu = process.cpuUsage(cpuBefore);
  console.log('\n## Indexing 25,000 tools from scratch, the default\n');
  console.log(
    `CPU ${((cpu.user + cpu.system) / 1e6).toFixed(2)} s, memory +${(memory() - before).toFixed(0)} MiB (resident, after a collection; model included, the tools' own texts not)`,
  );
  await index.close();
}

/** The encoder as a gateway has it; `wrapped` may keep it from reading tools. */
function boundedEncoder(openStatic: () => Promise<Embedder>, wrapped = (real: Embedder) => real): BoundedSource {
  const upTo = { documents: () => Number(values['encoder-max-tools']), setting: '--encoder-max-tools' };
  const open = () => ({
    embedder: deferEmbedder('encoder', async () => wrapped(await openBuiltinEmbedder(values.model, openStatic))),
    store: createEmbeddedVectorStore(),
    tuning: BUILTIN_TUNING,
    inBackground: true,
    whenInDoubt: true,
  });
  return { name: 'encoder', upTo, open };
}

/** Takes requests as they are, and gives documents vectors that are only as long as its own: the encoder would take minutes. */
function withMadeUpDocuments(real: Embedder): Embedder {
  const random = seeded(7);
  const madeUp = (): Float32Array => {
    const vector = Float32Array.from({ length: real.dimensions }, () => random() - 0.5);
    const length = Math.hypot(...vector);
    return vector.map((x) => x / length);
  };
  return {
    identity: real.identity,
    dimensions: real.dimensions,
    embedTasks: (texts, signal) => real.embedTasks(texts, signal),
    embedDocuments: async (batch) => batch.map(madeUp),
    close: () => real.close(),
  };
}

/** The default at rest, in a process that has done nothing else: --only memory. */
async function atRest(): Promise<void> {
  const documents = syntheticTools(25_000);
  const rows: string[][] = [];
  const before = memory();
  const note = (what: string) => rows.push([what, `+${(memory() - before).toFixed(0)} MiB`]);
  const fixed = await openStaticEmbedder(path.join(values.model, 'static.bin'));
  const openStatic = async () => fixed;
  const preferred = [boundedEncoder(openStatic, withMadeUpDocuments)];
  const index = await openToolIndex({ modelFolder: values.model, openStatic, preferred });
  await index.upsert(documents);
  await index.settled();
  for (const task of syntheticQueries(50)) await index.search({ task, limit: 10 });
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const isSpared = index.status().some(({ spared }) => spared);
  note(isSpared ? 'words, the static model with its vectors' : 'words, both models with their vectors');
  await index.close();
  console.log('\n## Memory for 25,000 tools at rest, the default\n');
  console.log(table(['', ''], rows));
}

/** What the better model costs: nothing of this is on the way of a start or of a call. */
async function encoder(): Promise<void> {
  const modelFile = path.join(values.model, 'encoder.bin');
  const [documents, queries] = [syntheticTools(1_000), syntheticQueries(300)];
  const before = memory();
  const startedAt = performance.now();
  const embedder = await openEncoderEmbedder({ modelFile });
  await embedder.embedTasks(['first']);
  const firstMs = performance.now() - startedAt;
  const requests: number[] = [];
  for (const query of queries) {
    const begunMs = performance.now();
    await embedder.embedTasks([query]);
    requests.push(performance.now() - begunMs);
  }
  const held = memory() - before;
  const [cpuBefore, wallBefore] = [process.cpuUsage(), performance.now()];
  await embedder.embedDocuments(documents);
  const { user, system } = process.cpuUsage(cpuBefore);
  const wall = performance.now() - wallBefore;
  await embedder.close();
  const perTool = (user + system) / 1_000 / documents.length;
  console.log('\n## The built-in encoder, beside the gateway\n');
  console.log(
    table(
      ['', ''],
      [
        ['first text: read the file, lay it out', `${firstMs.toFixed(0)} ms`],
        [
          'a request of 4 to 7 words, p50 / p99',
          `${percentile(requests, 0.5).toFixed(2)} / ${percentile(requests, 0.99).toFixed(2)} ms`,
        ],
        ['a tool, CPU / wall', `${perTool.toFixed(2)} / ${(wall / documents.length).toFixed(2)} ms`],
        ['25,000 tools from scratch, CPU', `${(perTool * 25).toFixed(0)} s`],
        [
          'memory without its thread for tools (true of a process that has done nothing else: --only encoder)',
          `+${held.toFixed(0)} MiB`,
        ],
      ],
    ),
  );
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

/** Indexing comes first, while the process has nothing else in memory. */
const PARTS = { indexing, memory: atRest, words, vectors, whole, encoder };
for (const [name, print] of Object.entries(PARTS)) {
  if (values.only === undefined || values.only === name) await print();
}
