/**
 * Finds how clear a ranking of the static model must be for the encoder not to be asked, and prints what that costs on each set.
 * usage: node scripts/run.mjs index/model/fit-cascade.ts [DATA_FOLDER] [--per-set 300] [--sets a,b:split] [--among c,d]
 * `--among`: the tools of these corpora stand among those of each set, and twins of a right tool count as wrong. That is where
 * it shows by how much more of a lead the encoder should be spared in a crowd.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createToolIndex } from '../create-tool-index.ts';
import { openBuiltinEmbedder } from '../embedding/builtin-embedder.ts';
import type { Embedder } from '../embedding/embedder.ts';
import { openStaticEmbedder } from '../embedding/static-embedder.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import { parseCorpus, parseQueries } from '../evaluation/judged-query.ts';
import type { Measures } from '../evaluation/measures.ts';
import { auroc } from '../evaluation/measures.ts';
import { table } from '../evaluation/render-eval.ts';
import { parseWordStatistics } from '../lexical/word-statistics.ts';
import { BUILTIN_TUNING, STATIC_TUNING, type VectorTuning } from '../ranking/tuning.ts';
import { clarity, clarityNeeded } from '../ranking/verdict.ts';
import { createEmbeddedVectorStore } from '../store/embedded-vector-store.ts';
import { documentHash } from '../tool-document.ts';

/** So much of the macro figures may be lost; .001 less than is bearable, since sets that had no vote lose more. */
const LOSS = { 'recall@5': 0.002, 'ndcg@10': 0.003 } as const;
const THRESHOLDS = [0.16, 0.18, 0.2, 0.21, 0.22, 0.23, 0.24, 0.26, 0.28, 0.32];
/** More lead for each e-fold of tools. */
const SLOPES = [0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1];
const SETS =
  'azure-mcp-2025,mcpproxy-golden,mcp-zero:task,mcp-zero:request,toollinkos,acebench-en,toolret-apigen,metatool';
const NO_ANSWER = ['metatool', 'acebench-en', 'bfcl'];
const MODEL = 'index/model';
const HEADER = ['spared', 'R@1 lost', 'R@5 lost', 'nDCG@10 lost', 'AUROC: cascade / encoder', 'spared of "none"'];

/** When the encoder is spared; `perFold` undefined is what ships. */
interface Rule {
  readonly settled: number;
  readonly perFold?: number;
}

const SHIPPED: Rule = { settled: STATIC_TUNING.settled ?? Number.POSITIVE_INFINITY };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'per-set': { type: 'string', default: '300' },
    sets: { type: 'string', default: SETS },
    among: { type: 'string', default: '' },
  },
});
const [folder = '../shared/data/retrieval'] = positionals;
const statistics = parseWordStatistics(readFileSync(path.join(MODEL, 'word-statistics.txt')));

interface Reply {
  readonly confidence: number;
  readonly measures?: Measures;
}

/** One request, by both models; undefined measures are those of a request that no tool answers. */
interface Case {
  readonly set: string;
  readonly tools: number;
  /** Minus infinity where the static model's verdict is no match. */
  readonly clarity: number;
  readonly quick: Reply;
  readonly better: Reply;
}

const fixed = await openStaticEmbedder(path.join(MODEL, 'static.bin'));
const builtin = remembering(await openBuiltinEmbedder(MODEL, async () => fixed));
const names = values.sets.split(',');
const cases = await measureAll();
await builtin.close();
report();

/** Reads each tool once, however many sets it stands in. */
function remembering(embedder: Embedder): Embedder {
  const known = new Map<string, Float32Array>();
  const embedDocuments: Embedder['embedDocuments'] = async (documents) => {
    const fresh = documents.filter((document) => !known.has(documentHash(document)));
    const vectors = await embedder.embedDocuments(fresh);
    for (const [i, document] of fresh.entries()) known.set(documentHash(document), vectors[i] ?? new Float32Array(0));
    return documents.map((document) => known.get(documentHash(document)) ?? new Float32Array(0));
  };
  return {
    identity: embedder.identity,
    dimensions: embedder.dimensions,
    embedTasks: (texts, signal) => embedder.embedTasks(texts, signal),
    embedDocuments,
    close: () => embedder.close(),
  };
}

async function measureAll(): Promise<ReadonlyMap<string, readonly Case[]>> {
  const all = new Map<string, Case[]>();
  for (const name of names) all.set(name, await measureSet(name));
  return all;
}

async function measureSet(name: string): Promise<Case[]> {
  const [set = '', split] = name.split(':');
  const corpora = [set, ...values.among.split(',').filter(Boolean)];
  const documents = corpora.flatMap((corpus) => parseCorpus(read(corpus, 'corpus')));
  const own = parseQueries(read(set, 'queries')).filter((query) => split === undefined || query.split === split);
  const queries = evenly(own, Number(values['per-set']));
  const noAnswer = NO_ANSWER.flatMap((from) => evenly(parseQueries(read(from, 'noanswer')), 100));
  const ask = async (embedder: Embedder, tuning: VectorTuning) => {
    const index = createToolIndex({ statistics, vectors: [{ embedder, store: createEmbeddedVectorStore(), tuning }] });
    await index.upsert(documents);
    await index.settled();
    const { results } = await evaluate({ index, queries, noAnswer, serverOf: () => undefined });
    return results.map((reply) => ({ ...reply, tools: index.size }));
  };
  const [quick, better] = [await ask(fixed, STATIC_TUNING), await ask(builtin, BUILTIN_TUNING)];
  return quick.map((reply, i) => {
    const hits = reply.scores.map((score) => ({ score }));
    const isMatch = reply.confidence >= STATIC_TUNING.thresholds.match;
    const clear = isMatch ? clarity(hits, reply.confidence) : Number.NEGATIVE_INFINITY;
    return { set: name, tools: reply.tools, clarity: clear, quick: reply, better: better[i] ?? reply };
  });
}

interface Outcome {
  /** Share of the answerable requests that the static model answers alone. */
  readonly spared: number;
  readonly lost: Record<keyof typeof LOSS | 'recall@1', number>;
  readonly aurocs: { readonly cascade: number; readonly better: number };
  /** Share of the requests without an answer that it answers alone. */
  readonly sparedOfNone: number;
}

function outcome(of: readonly Case[], { settled, perFold }: Rule): Outcome {
  const isSpared = (each: Case) => each.clarity >= clarityNeeded(settled, each.tools, perFold);
  const [some, none] = [of.filter(({ better }) => better.measures), of.filter(({ better }) => !better.measures)];
  const lost = (name: keyof Measures) =>
    mean(some.map((e) => (isSpared(e) ? (e.better.measures?.[name] ?? 0) - (e.quick.measures?.[name] ?? 0) : 0)));
  const sureness = (e: Case) => (isSpared(e) ? e.quick : e.better).confidence;
  return {
    spared: mean(some.map((e) => Number(isSpared(e)))),
    lost: { 'recall@1': lost('recall@1'), 'recall@5': lost('recall@5'), 'ndcg@10': lost('ndcg@10') },
    aurocs: {
      cascade: auroc(some.map(sureness), none.map(sureness)),
      better: auroc(
        some.map(({ better }) => better.confidence),
        none.map(({ better }) => better.confidence),
      ),
    },
    sparedOfNone: mean(none.map((e) => Number(isSpared(e)))),
  };
}

/** The first rule that loses no more than it may on these sets, else the last. */
function choose(sets: readonly string[], rules: readonly Rule[]): Rule {
  const isGood = (rule: Rule) => {
    const all = outcomes(sets, rule);
    const loses = (name: keyof typeof LOSS) => mean(all.map(({ lost }) => lost[name])) > LOSS[name];
    return !loses('recall@5') && !loses('ndcg@10');
  };
  return rules.find(isGood) ?? rules.at(-1) ?? SHIPPED;
}

function outcomes(sets: readonly string[], rule: Rule): Outcome[] {
  return sets.map((set) => outcome(cases.get(set) ?? [], rule));
}

function report(): void {
  const thresholds = THRESHOLDS.map((settled) => ({ settled }));
  const slopes = SLOPES.map((perFold) => ({ ...SHIPPED, perFold }));
  compare('threshold', thresholds, ({ settled }) => settled.toFixed(2));
  compare('more lead an e-fold of tools', slopes, ({ perFold = 0 }) => perFold.toFixed(2));
  const shipped = names.map((set) => [set, ...cells(outcomes([set], SHIPPED))]);
  console.log(`\n## As it ships, ${SHIPPED.settled} in small catalogs\n`);
  console.log(table(['set', ...HEADER], shipped));
}

function compare(what: string, rules: readonly Rule[], label: (rule: Rule) => string): void {
  console.log(`\n## All sets, by ${what}\n`);
  const rows = rules.map((rule) => [label(rule), ...cells(outcomes(names, rule))]);
  console.log(table([what, ...HEADER], rows));
  const left = names.map((set) => {
    const others = names.filter((other) => other !== set);
    const rule = choose(others, rules);
    return [set, label(rule), ...cells(outcomes([set], rule))];
  });
  console.log(`\n## Each set with what the others choose (all together: ${label(choose(names, rules))})\n`);
  console.log(table(['set', what, ...HEADER], left));
}

/** Means over the sets. */
function cells(all: readonly Outcome[]): string[] {
  const of = (pick: (outcome: Outcome) => number, digits: number) => mean(all.map(pick)).toFixed(digits);
  return [
    of(({ spared }) => spared, 2),
    ...(['recall@1', 'recall@5', 'ndcg@10'] as const).map((name) => of(({ lost }) => lost[name], 4)),
    `${of(({ aurocs }) => aurocs.cascade, 3)} / ${of(({ aurocs }) => aurocs.better, 3)}`,
    of(({ sparedOfNone }) => sparedOfNone, 3),
  ];
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
}

function read(set: string, file: string): string {
  return readFileSync(path.join(folder, set, `${file}.jsonl`), 'utf8');
}

function evenly<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step)).slice(0, count);
}
