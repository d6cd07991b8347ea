/**
 * Prints how often a search that finds no tool is told of a server of the catalog that could be added, and how often rightly.
 * usage: node scripts/run.mjs bench/addable-servers.ts [--data ../shared/data/retrieval] [--sample 600]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type JudgedQuery, parseCorpus, parseQueries } from '../index/evaluation/judged-query.ts';
import { openToolIndex } from '../index/open-tool-index.ts';
import type { CatalogServer } from '../src/catalog/server-catalog.ts';
import { createAddableServers } from '../src/discovery/addable-servers.ts';

const { data, sample } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/retrieval' },
    sample: { type: 'string', default: '600' },
  },
}).values;
const read = (...parts: string[]) => readFileSync(path.join(data, ...parts), 'utf8');
const first = (queries: readonly JudgedQuery[]) => queries.slice(0, Number(sample));

const tools = parseCorpus(read('mcp-zero', 'corpus.jsonl'));
const serverOf = new Map(tools.map(({ id, server }) => [id, server]));
const described = new Map(tools.map(({ server, serverDescription }) => [server, serverDescription]));
const catalog = [...described].map(([name, description]): CatalogServer => {
  // As long as the registry lets a description be.
  const about = description.slice(0, 100);
  return { name, shortName: name, version: '1', description: about, source: '', isLocal: true, serverJson: {} };
});
const addable = createAddableServers({
  servers: async () => catalog,
  openIndex: () => openToolIndex({ modelFolder: 'index/model' }),
});
const suggest = (query: string) => addable.suggest(query, () => true);
// The first brings the index up, for which no search waits.
while ((await suggest('run SQL queries on a PostgreSQL database')) === undefined) await setTimeout(50);

const tasks = first(parseQueries(read('mcp-zero', 'queries.jsonl')));
let given = 0;
let right = 0;
for (const { query, groups } of tasks) {
  const found = await suggest(query);
  if (found) given += 1;
  if (found && groups.flat().some((id) => serverOf.get(id) === found.name)) right += 1;
}
const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(0)} %`;
console.log(`${catalog.length} servers; ${tasks.length} tasks that one of them is for:`);
console.log(`  named one: ${percent(given, tasks.length)}, the very server: ${percent(right, given)} of those`);
for (const set of ['metatool', 'bfcl']) {
  const others = first(parseQueries(read(set, 'noanswer.jsonl')));
  const wrong = [];
  for (const { query } of others) if (await suggest(query)) wrong.push(query);
  console.log(
    `  of ${others.length} requests of ${set} that no tool is for, named one: ${percent(wrong.length, others.length)}`,
  );
}
await addable.close();
