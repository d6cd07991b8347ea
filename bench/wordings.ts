/**
 * Prints what the same request finds in another wording: a tool's name with its server's, a task with it, words with typos.
 * Only the static model is asked, which is the default among so many tools.
 * usage: node scripts/run.mjs bench/wordings.ts [--data ../shared/data/retrieval] [--sample 400]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seeded } from '../index/evaluation/bootstrap.ts';
import { evaluate } from '../index/evaluation/evaluate.ts';
import { type JudgedQuery, parseCorpus, parseQueries } from '../index/evaluation/judged-query.ts';
import { table } from '../index/evaluation/render-eval.ts';
import { nameKey } from '../index/lexical/exact-names.ts';
import { openToolIndex } from '../index/open-tool-index.ts';
import type { ToolDocument } from '../index/tool-document.ts';
import { CROWD, SELECTION } from './selection-sets.ts';
import { partsOf, SLIPS } from './spellings.ts';

const TASKS = ['mcp-zero:task', 'mcp-zero:request'];
const SHARE_MISSPELT = 0.3;

const { data, sample } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/retrieval' },
    sample: { type: 'string', default: '400' },
  },
}).values;
const read = (set: string, file: string) => readFileSync(path.join(data, set, `${file}.jsonl`), 'utf8');

function requests(spec: string): JudgedQuery[] {
  const [set = '', split] = spec.split(':');
  const all = parseQueries(read(set, 'queries')).filter((query) => split === undefined || query.split === split);
  return evenly(all);
}

function evenly<Item>(items: readonly Item[]): Item[] {
  const step = Math.max(1, items.length / Number(sample));
  return items.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

async function openIndex(documents: readonly ToolDocument[]) {
  const index = await openToolIndex({ modelFolder: 'index/model' });
  await index.upsert(documents);
  await index.settled();
  return index;
}

type Index = Awaited<ReturnType<typeof openIndex>>;

const spaced = (name: string) => partsOf(name).join(' ').toLowerCase();
const slip = (name: string, at: number) => Object.values(SLIPS)[at % 3]?.(name, at) ?? name;
const NAMINGS: Readonly<Record<string, (tool: ToolDocument, at: number) => string>> = {
  'tool alone': ({ name }) => name,
  'server:tool': ({ server, name }) => `${server}:${name}`,
  mcp__server__tool: ({ server, name }) => `mcp__${server}__${name}`,
  'server tool': ({ server, name }) => `${spaced(server)} ${spaced(name)}`,
  'tool server': ({ server, name }) => `${spaced(name)} ${spaced(server)}`,
  'server:tool with a slip': ({ server, name }, at) => `${server}:${slip(name, at)}`,
};

/** The very tool of the very server must be first; what several servers of one name call alike counts as one. */
async function namesWithServers(index: Index, documents: readonly ToolDocument[]): Promise<void> {
  const keyOf = ({ server, name }: ToolDocument) => `${nameKey(server)}/${nameKey(name)}`;
  const keys = new Map(documents.map((document) => [document.id, keyOf(document)]));
  const perName = new Map<string, number>();
  for (const { name } of documents) perName.set(nameKey(name), (perName.get(nameKey(name)) ?? 0) + 1);
  const tools = evenly(documents);
  const shared = tools.filter(({ name }) => (perName.get(nameKey(name)) ?? 0) > 1);
  const rows: string[][] = [];
  for (const [naming, say] of Object.entries(NAMINGS)) {
    const first = new Set<ToolDocument>();
    for (const [at, tool] of tools.entries()) {
      const { hits } = await index.search({ task: say(tool, at), limit: 1, deadlineMs: 30_000 });
      if (keys.get(hits[0]?.id ?? '') === keyOf(tool)) first.add(tool);
    }
    const share = (of: readonly ToolDocument[]) => (of.filter((tool) => first.has(tool)).length / of.length).toFixed(3);
    rows.push([naming, share(tools), share(shared)]);
  }
  console.log(`\n## First hits among ${documents.length} tools\n`);
  console.log(table(['request', `${tools.length} tools`, `${shared.length} of them, whose names others have`], rows));
}

async function tasksWithServers(index: Index, documents: readonly ToolDocument[]): Promise<void> {
  const serverOf = new Map(documents.map(({ id, server }) => [id, server]));
  const wordings: Readonly<Record<string, (query: string, server: string) => string>> = {
    'as it is': (query) => query,
    '…, with SERVER': (query, server) => `${query.replace(/\.$/, '')}, with ${server}`,
  };
  const rows: string[][] = [];
  for (const spec of TASKS)
    for (const [wording, say] of Object.entries(wordings)) {
      const queries = requests(spec).map((judged) => ({
        ...judged,
        query: say(judged.query, serverOf.get(judged.groups[0]?.[0] ?? '') ?? ''),
      }));
      const { measures } = await evaluate({ index, queries, serverOf: () => undefined });
      const figures = [measures['recall@1'], measures['recall@5'], measures['ndcg@10']];
      rows.push([spec, String(queries.length), wording, ...figures.map((figure) => figure.toFixed(3))]);
    }
  console.log(`\n## Tasks that name their server, among ${documents.length} tools\n`);
  console.log(table(['set', 'requests', 'wording', 'R@1', 'R@5', 'nDCG@10'], rows));
}

/** Three in ten of the words of five letters or more, one slip in each. */
function misspelt(query: string, seed: number): string {
  const random = seeded(seed + 1);
  return query.replace(/\p{L}{5,}/gu, (word) =>
    random() < SHARE_MISSPELT ? slip(word, Math.floor(random() * 1_000)) : word,
  );
}

async function typos(): Promise<void> {
  const rows: string[][] = [];
  for (const spec of SELECTION) {
    const index = await openIndex(parseCorpus(read(spec.split(':')[0] ?? '', 'corpus')));
    const queries = requests(spec);
    const wrong = queries.map((judged, at) => ({ ...judged, query: misspelt(judged.query, at) }));
    const figures: number[] = [];
    for (const asked of [queries, wrong]) {
      const { measures } = await evaluate({ index, queries: asked, serverOf: () => undefined });
      figures.push(measures['recall@5'], measures['ndcg@10']);
    }
    rows.push([spec, String(queries.length), ...figures.map((figure) => figure.toFixed(3))]);
    await index.close();
  }
  const mean = [2, 3, 4, 5].map((at) => rows.reduce((sum, row) => sum + Number(row[at]), 0) / rows.length);
  rows.push(['macro', '', ...mean.map((figure) => figure.toFixed(3))]);
  console.log('\n## Three in ten of the words of five letters or more misspelt\n');
  console.log(table(['set', 'requests', 'R@5', 'nDCG@10', 'misspelt R@5', 'nDCG@10'], rows));
}

const crowd = [...new Map(CROWD.flatMap((set) => parseCorpus(read(set, 'corpus'))).map((d) => [d.id, d])).values()];
const index = await openIndex(crowd);
await namesWithServers(index, crowd);
await tasksWithServers(index, crowd);
await index.close();
await typos();
