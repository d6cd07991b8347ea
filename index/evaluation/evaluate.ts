/** Asks an index every judged request and says how good, how sure and how fast its answers were. */
import type { ToolIndex, Verdict } from '../tool-index.ts';
import type { JudgedQuery } from './judged-query.ts';
import { auroc, type Measures, meanMeasures, measure } from './measures.ts';

export interface EvaluatedQuery {
  readonly id: string;
  readonly split: string;
  readonly ranked: readonly string[];
  readonly scores: readonly number[];
  readonly verdict: Verdict;
  /** What the verdict was decided on; higher means surer that the best tool fits. */
  readonly confidence: number;
  readonly mode: 'hybrid' | 'lexical';
  /** Whose vectors took part. */
  readonly model?: string;
  readonly milliseconds: number;
  /** Undefined for requests that no tool answers. */
  readonly measures?: Measures;
}

export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface VerdictCounts {
  readonly match: number;
  readonly weak: number;
  readonly none: number;
}

export interface Evaluation {
  readonly queries: number;
  readonly measures: Measures;
  readonly splits: Readonly<Record<string, Measures & { readonly queries: number }>>;
  /** Chance that an answerable request is surer than an unanswerable one; undefined without unanswerable ones. */
  readonly noAnswerAuroc?: number;
  /** Verdicts given to answerable and to unanswerable requests. */
  readonly verdicts: { readonly answerable: VerdictCounts; readonly unanswerable: VerdictCounts };
  readonly latencyMs: Latency;
  /** Requests by the model whose vectors took part in the answer. */
  readonly answeredBy: Readonly<Record<string, number>>;
  readonly results: readonly EvaluatedQuery[];
}

export interface EvaluateOptions {
  readonly index: Pick<ToolIndex, 'search'>;
  /** Those without groups are requests that no tool answers. */
  readonly queries: readonly JudgedQuery[];
  /** More of that kind. */
  readonly noAnswer?: readonly JudgedQuery[];
  readonly serverOf: (id: string) => string | undefined;
  /** Hits asked for; never fewer than the measures look at. */
  readonly top?: number;
  /** Long, so that quality is measured and not the machine's mood. */
  readonly deadlineMs?: number;
}

/** Hits that the measures look at. */
const MEASURED = 10;

export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const results: EvaluatedQuery[] = [];
  const { queries, noAnswer = [] } = options;
  for (const query of [...queries, ...noAnswer]) results.push(await ask(query, options));
  const answerable = results.filter(({ measures }) => measures);
  const unanswerable = results.filter(({ measures }) => !measures);
  const sureness = (some: readonly EvaluatedQuery[]) => some.map(({ confidence }) => confidence);
  const area = unanswerable.length > 0 ? auroc(sureness(answerable), sureness(unanswerable)) : undefined;
  return {
    queries: answerable.length,
    measures: meanMeasures(answerable.flatMap(({ measures }) => measures ?? [])),
    splits: bySplit(answerable),
    ...(area === undefined ? {} : { noAnswerAuroc: area }),
    verdicts: { answerable: countVerdicts(answerable), unanswerable: countVerdicts(unanswerable) },
    answeredBy: byModel(results),
    latencyMs: latency(results.map(({ milliseconds }) => milliseconds)),
    results,
  };
}

/** The value below which the given share of the numbers lies (nearest rank). */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

async function ask(query: JudgedQuery, options: EvaluateOptions): Promise<EvaluatedQuery> {
  const { index, serverOf, top = MEASURED, deadlineMs = 30_000 } = options;
  const started = performance.now();
  const answer = await index.search({ task: query.query, limit: Math.max(top, MEASURED), deadlineMs });
  const milliseconds = performance.now() - started;
  return {
    id: query.id,
    split: query.split,
    ranked: answer.hits.map(({ id }) => id),
    scores: answer.hits.map(({ score }) => score),
    verdict: answer.verdict,
    confidence: answer.confidence,
    mode: answer.mode,
    ...(answer.model === undefined ? {} : { model: answer.model }),
    milliseconds,
    ...(query.groups.length > 0 ? { measures: measure(answer.hits, query.groups, serverOf) } : {}),
  };
}

function bySplit(results: readonly EvaluatedQuery[]): Evaluation['splits'] {
  const splits = [...new Set(results.map(({ split }) => split))].sort();
  return Object.fromEntries(
    splits.map((split) => {
      const measured = results.filter((result) => result.split === split).flatMap(({ measures }) => measures ?? []);
      return [split, { ...meanMeasures(measured), queries: measured.length }];
    }),
  );
}

function byModel(results: readonly EvaluatedQuery[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { model = 'words' } of results) counts[model] = (counts[model] ?? 0) + 1;
  return counts;
}

function countVerdicts(results: readonly EvaluatedQuery[]): VerdictCounts {
  const count = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
  return { match: count('match'), weak: count('weak'), none: count('none') };
}

function latency(milliseconds: readonly number[]): Latency {
  return {
    p50: percentile(milliseconds, 0.5),
    p95: percentile(milliseconds, 0.95),
    p99: percentile(milliseconds, 0.99),
  };
}
