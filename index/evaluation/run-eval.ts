/** `tooldex eval` without its command line: builds indexes, asks them, compares them and prints tables or JSON. */
import { createToolIndex, type ObservableToolIndex } from '../create-tool-index.ts';
import type { WordStatistics } from '../lexical/word-statistics.ts';
import type { ToolDocument } from '../tool-document.ts';
import type { BoundedSource, VectorSource } from '../vector-source.ts';
import { type Difference, pairedBootstrap } from './bootstrap.ts';
import { type EvaluatedQuery, type Evaluation, evaluate } from './evaluate.ts';
import type { JudgedQuery } from './judged-query.ts';
import type { Measure } from './measures.ts';
import { type MemoryUse, memoryMark, memorySince } from './memory.ts';

/** One way to search that is measured. */
export interface EvalEngine {
  readonly name: string;
  /** Opened for this run and closed after it, best first; none means words only. */
  readonly open?: () => Promise<readonly (VectorSource | BoundedSource)[]>;
}

export interface EvalOptions {
  readonly documents: readonly ToolDocument[];
  readonly queries: readonly JudgedQuery[];
  readonly noAnswer?: readonly JudgedQuery[];
  readonly statistics?: WordStatistics;
  /** The first is what the others are compared with; at least one. */
  readonly engines: readonly EvalEngine[];
  /** Hits of each answer that `results` keep, 10 without it; the figures look at ten in any case. */
  readonly top?: number;
  /** Tokens of the answer that a request would get; the renderer belongs to the caller. */
  readonly answerTokens?: (ranked: readonly string[]) => number;
  /** Called with one line a step, for a terminal. */
  readonly progress?: (line: string) => void;
}

/** Memory from before the engine was opened until all tools were indexed. */
export interface EngineSummary extends Omit<Evaluation, 'results'>, MemoryUse {
  readonly engine: string;
  readonly tools: number;
  readonly indexMs: { readonly wall: number; readonly cpu: number };
  readonly answerTokens?: { readonly mean: number; readonly p95: number };
  /** Answers that had to do without vectors although the engine has some. */
  readonly degraded: number;
  /** Why a model of the engine was not asked among so many tools, as a gateway would not. */
  readonly spared?: string;
  /** Against the first engine, with 95 % intervals. */
  readonly comparison?: Readonly<Record<'recall@5' | 'ndcg@10', Difference>>;
}

export interface EvalOutput {
  /** What the first engine answered, request by request. */
  readonly results: readonly Pick<EvaluatedQuery, 'id' | 'ranked' | 'scores' | 'verdict'>[];
  /** Of the first engine. */
  readonly summary: EngineSummary;
  /** Of every engine, in their order. */
  readonly engines: readonly EngineSummary[];
}

/** Rejects when an engine cannot be opened or its vectors cannot be completed. */
export async function runEval(options: EvalOptions): Promise<EvalOutput> {
  const { top = 10 } = options;
  const runs: { summary: EngineSummary; evaluation: Evaluation }[] = [];
  for (const engine of options.engines) runs.push(await measureEngine(engine, options, runs[0]?.evaluation));
  const [first] = runs;
  if (!first) throw new RangeError('An evaluation needs at least one engine');
  return {
    results: first.evaluation.results.map(({ id, ranked, scores, verdict }) => {
      return { id, ranked: ranked.slice(0, top), scores: scores.slice(0, top), verdict };
    }),
    summary: first.summary,
    engines: runs.map(({ summary }) => summary),
  };
}

async function measureEngine(engine: EvalEngine, options: EvalOptions, base?: Evaluation) {
  const { documents, queries, noAnswer, top, progress = () => {} } = options;
  const memoryBefore = memoryMark();
  const vectors = (await engine.open?.()) ?? [];
  const index = createToolIndex({ statistics: options.statistics, vectors });
  try {
    progress(`${engine.name}: indexing ${documents.length} tools`);
    const cost = { ...(await fill(index, documents)), ...memorySince(memoryBefore) };
    progress(`${engine.name}: asking ${queries.length + (noAnswer?.length ?? 0)} requests`);
    const servers = new Map(documents.map(({ id, server }) => [id, server]));
    const evaluation = await evaluate({ index, queries, noAnswer, top, serverOf: (id) => servers.get(id) });
    const { results, ...figures } = evaluation;
    const summary: EngineSummary = {
      engine: engine.name,
      tools: index.size,
      ...figures,
      ...cost,
      ...tokenFigures(results, options.answerTokens),
      degraded: vectors.length > 0 ? results.filter(({ mode }) => mode === 'lexical').length : 0,
      ...sparedBy(index),
      ...(base ? { comparison: compare(base, evaluation) } : {}),
    };
    return { summary, evaluation };
  } finally {
    await index.close();
  }
}

function sparedBy(index: ObservableToolIndex): { readonly spared?: string } {
  const spared = index.status().find((layer) => layer.spared)?.spared;
  return spared === undefined ? {} : { spared };
}

async function fill(index: ObservableToolIndex, documents: readonly ToolDocument[]) {
  const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
  await index.upsert(documents);
  await index.settled();
  const cpu = process.cpuUsage(cpuBefore);
  return { indexMs: { wall: performance.now() - startedAt, cpu: (cpu.user + cpu.system) / 1_000 } };
}

function tokenFigures(results: readonly EvaluatedQuery[], answerTokens: EvalOptions['answerTokens']) {
  if (!answerTokens || results.length === 0) return {};
  const tokens = results.map(({ ranked }) => answerTokens(ranked)).sort((a, b) => a - b);
  const mean = tokens.reduce((sum, count) => sum + count, 0) / tokens.length;
  return { answerTokens: { mean, p95: tokens[Math.ceil(0.95 * tokens.length) - 1] ?? 0 } };
}

function compare(base: Evaluation, other: Evaluation): NonNullable<EngineSummary['comparison']> {
  const of = (evaluation: Evaluation, name: Measure) =>
    evaluation.results.flatMap(({ measures }) => measures?.[name] ?? []);
  const difference = (name: Measure) => pairedBootstrap(of(base, name), of(other, name));
  return { 'recall@5': difference('recall@5'), 'ndcg@10': difference('ndcg@10') };
}
