/** How good one ranking is for one judged request. Every measure is between 0 and 1, higher is better. */

export const MEASURES = [
  'recall@1',
  'recall@5',
  'recall@10',
  'ndcg@10',
  'mrr',
  'hit@5',
  'serverRecall@3',
  'completeness@10',
] as const;
export type Measure = (typeof MEASURES)[number];
export type Measures = Readonly<Record<Measure, number>>;

/** What one request was answered with, best first. */
export interface RankedTool {
  readonly id: string;
  readonly server: string;
}

/**
 * `groups` lists for each needed tool the accepted alternatives; any of them fills its group, once. nDCG (Järvelin and
 * Kekäläinen 2002) gives gain 1 to the first tool of each group.
 */
export function measure(
  ranked: readonly RankedTool[],
  groups: readonly (readonly string[])[],
  serverOf: (id: string) => string | undefined,
): Measures {
  const ids = ranked.map(({ id }) => id);
  const firstRelevant = ids.findIndex((id) => groups.some((group) => group.includes(id)));
  return {
    'recall@1': groupRecall(ids.slice(0, 1), groups),
    'recall@5': groupRecall(ids.slice(0, 5), groups),
    'recall@10': groupRecall(ids.slice(0, 10), groups),
    'ndcg@10': ndcg(ids.slice(0, 10), groups),
    mrr: firstRelevant < 0 ? 0 : 1 / (firstRelevant + 1),
    'hit@5': Number(firstRelevant >= 0 && firstRelevant < 5),
    'serverRecall@3': serverRecall(ranked, groups, serverOf),
    'completeness@10': Number(groupRecall(ids.slice(0, 10), groups) === 1),
  };
}

export function meanMeasures(all: readonly Measures[]): Measures {
  const mean = (name: Measure) => all.reduce((sum, measures) => sum + measures[name], 0) / Math.max(1, all.length);
  return Object.fromEntries(MEASURES.map((name) => [name, mean(name)])) as Record<Measure, number>;
}

/**
 * Area under the receiver operating characteristic: how often a random member of `positives` scores above a random
 * member of `negatives`, ties counting half (Mann and Whitney 1947). 0.5 when either is empty.
 */
export function auroc(positives: readonly number[], negatives: readonly number[]): number {
  if (positives.length === 0 || negatives.length === 0) return 0.5;
  let wins = 0;
  for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
  return wins / (positives.length * negatives.length);
}

function groupRecall(ids: readonly string[], groups: readonly (readonly string[])[]): number {
  const found = groups.filter((group) => group.some((id) => ids.includes(id))).length;
  return groups.length === 0 ? 0 : found / groups.length;
}

function ndcg(ids: readonly string[], groups: readonly (readonly string[])[]): number {
  const open = new Set(groups);
  let gain = 0;
  for (const [position, id] of ids.entries()) {
    const filled = [...open].find((group) => group.includes(id));
    if (!filled) continue;
    open.delete(filled);
    gain += discount(position);
  }
  let ideal = 0;
  for (let position = 0; position < Math.min(10, groups.length); position++) ideal += discount(position);
  return ideal === 0 ? 0 : gain / ideal;
}

const discount = (position: number) => 1 / Math.log2(position + 2);

function serverRecall(
  ranked: readonly RankedTool[],
  groups: readonly (readonly string[])[],
  serverOf: (id: string) => string | undefined,
): number {
  const shown = new Set([...new Set(ranked.map(({ server }) => server))].slice(0, 3));
  const found = groups.filter((group) => group.some((id) => shown.has(serverOf(id) ?? ''))).length;
  return groups.length === 0 ? 0 : found / groups.length;
}
