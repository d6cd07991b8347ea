/** Evaluations as Markdown tables, for a terminal and for docs/SEARCH.md. */
import type { Difference } from './bootstrap.ts';
import { MEASURES } from './measures.ts';
import type { EngineSummary, EvalOutput } from './run-eval.ts';

/** One table of engines, one of splits of the first engine, one of verdicts. */
export function renderEval({ engines, summary }: EvalOutput): string {
  const quality = table(
    ['engine', ...MEASURES, 'AUROC'],
    engines.map((engine) => [engine.engine, ...MEASURES.map((name) => share(engine.measures[name])), area(engine)]),
  );
  const cost = table(
    [
      'engine',
      'tools',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'index ms',
      'of own CPU',
      'MiB',
      'of it apart',
      'tokens',
      'degraded',
    ],
    engines.map(costRow),
  );
  const splits = table(
    ['split', 'requests', ...MEASURES],
    Object.entries(summary.splits).map(([split, measures]) => {
      return [split, String(measures.queries), ...MEASURES.map((name) => share(measures[name]))];
    }),
  );
  const compared = engines.flatMap((engine) => comparisonLines(engine, summary.engine));
  const spared = engines.flatMap((each) => (each.spared ? [`${each.engine}: ${each.spared}`] : []));
  const models = [modelsTable(engines), ...spared].join('\n');
  const parts = [quality, cost, verdictTable(engines), models, `Splits with ${summary.engine}:`, splits];
  return [...parts, ...(compared.length > 0 ? [compared.join('\n')] : [])].join('\n\n');
}

/** A Markdown table with padded columns, so that it reads as well in a terminal. */
export function table(header: readonly string[], unsafe: readonly (readonly string[])[]): string {
  const rows = unsafe.map((row) => row.map(cellOf));
  const widths = header.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** What a file calls a split may hold anything; a terminal would obey some of it. */
const cellOf = (text: string) => text.replace(/\p{C}+/gu, ' ').replaceAll('|', '\\|');

function costRow(engine: EngineSummary): string[] {
  const { latencyMs, indexMs, answerTokens } = engine;
  const times = [latencyMs.p50, latencyMs.p95, latencyMs.p99].map((ms) => ms.toFixed(2));
  const index = [indexMs.wall, indexMs.cpu, engine.memoryMiB].map((number) => number.toFixed(0));
  const apart = engine.apartMiB === undefined ? '-' : engine.apartMiB.toFixed(0);
  const tokens = answerTokens ? `${answerTokens.mean.toFixed(0)} (p95 ${answerTokens.p95.toFixed(0)})` : '-';
  return [engine.engine, String(engine.tools), ...times, ...index, apart, tokens, String(engine.degraded)];
}

function verdictTable(engines: readonly EngineSummary[]): string {
  const rows = engines.flatMap(({ engine, verdicts }) =>
    (['answerable', 'unanswerable'] as const).flatMap((kind) => {
      const { match, weak, none } = verdicts[kind];
      const total = match + weak + none;
      if (total === 0) return [];
      const shares = [match, weak, none].map((count) => `${((100 * count) / total).toFixed(1)} %`);
      return [[engine, `${total} ${kind}`, ...shares]];
    }),
  );
  return table(['engine', 'requests', 'match', 'weak', 'none'], rows);
}

/** Whose vectors answered: a costly model is asked only where a quick one leaves doubts. */
function modelsTable(engines: readonly EngineSummary[]): string {
  const rows = engines.flatMap(({ engine, answeredBy }) => {
    const total = Object.values(answeredBy).reduce((sum, count) => sum + count, 0);
    return Object.entries(answeredBy).map(([model, count]) => [
      engine,
      model,
      `${((100 * count) / total).toFixed(1)} %`,
    ]);
  });
  return table(['engine', 'answered by', 'requests'], rows);
}

function comparisonLines({ engine, comparison }: EngineSummary, base: string): string[] {
  if (!comparison) return [];
  return [
    `${engine} minus ${base}: recall@5 ${interval(comparison['recall@5'])}, nDCG@10 ${interval(comparison['ndcg@10'])}`,
  ];
}

const interval = ({ mean, low, high }: Difference) => `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
const signed = (number: number) => `${number < 0 ? '-' : '+'}${share(Math.abs(number))}`;
const share = (number: number) => number.toFixed(3).replace(/^0(?=\.)/, '');
const area = ({ noAnswerAuroc }: EngineSummary) => (noAnswerAuroc === undefined ? '-' : share(noAnswerAuroc));
