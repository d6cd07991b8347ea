/**
 * Makes `word-statistics.json`: how common words are in public tools, and in requests for tools.
 * usage: node scripts/run.mjs index/model/count-words.ts DATA_FOLDER > index/model/word-statistics.json
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseCorpus, parseQueries } from '../evaluation/judged-query.ts';
import { terms } from '../lexical/document-terms.ts';
import type { ToolDocument } from '../tool-document.ts';

/** Licensed for redistribution of what is derived from them: all MIT. */
const TOOL_SOURCES = [
  'toucan-smithery',
  'toucan-smithery-crawled',
  'toolsdk-registry',
  'arcade-toolkits',
  'docker-registry',
  'mcp-zero',
];
/** Requests under MIT (metatool) or Apache-2.0; none of the sets that quality is selected on is among them. */
const REQUEST_SOURCES = ['metatool', 'seal-tools', 'bfcl'];
/** Rarer terms weigh like unknown ones, so they need no line. */
const FEWEST_TOOLS = 3;
const SHARE_DIGITS = 3;

const folder = process.argv[2] ?? '../shared/data/retrieval';
const tools = shares(distinct(TOOL_SOURCES.flatMap((source) => parseCorpus(read(source, 'corpus')))).map(wholeText));
const requests = medianShares(
  REQUEST_SOURCES.map((source) => parseQueries(read(source, 'queries')).map((q) => q.query)),
);
const statistics = {
  about:
    'Share of public tools, and of requests for tools, that hold a word stem. Made by count-words.ts; licence of the counts: Apache-2.0.',
  sources: { tools: TOOL_SOURCES, requests: REQUEST_SOURCES },
  toolShares: rounded(tools.shares, FEWEST_TOOLS / tools.count),
  requestShares: rounded(requests, 2e-3),
};
process.stdout.write(`${JSON.stringify(statistics)}\n`);

function read(source: string, file: string): string {
  const at = path.join(folder, source, `${file}.jsonl`);
  if (!existsSync(at)) throw new Error(`no ${at}: give the folder of the data sets as the argument`);
  return readFileSync(at, 'utf8');
}

/** The same tool is often published by several people. */
function distinct(documents: readonly ToolDocument[]): ToolDocument[] {
  return [
    ...new Map(
      documents.map((document) => [`${document.name}\n${document.description.slice(0, 80)}`, document]),
    ).values(),
  ];
}

function wholeText({ name, server, description, serverDescription, parameters }: ToolDocument): string {
  const parts = parameters.flatMap((parameter) => [parameter.name, parameter.description]);
  return [name, server, description, serverDescription, ...parts].join(' . ');
}

function shares(texts: readonly string[]): { shares: Map<string, number>; count: number } {
  const counts = new Map<string, number>();
  for (const text of texts) for (const term of new Set(terms(text))) counts.set(term, (counts.get(term) ?? 0) + 1);
  return { shares: new Map([...counts].map(([term, count]) => [term, count / texts.length])), count: texts.length };
}

/** The middle of the three sets' shares: what is common in one set only is its topic, not its manner of asking. */
function medianShares(sets: readonly (readonly string[])[]): Map<string, number> {
  const each = sets.map((set) => shares(set).shares);
  const all = new Set(each.flatMap((set) => [...set.keys()]));
  const median = (term: string) => each.map((set) => set.get(term) ?? 0).sort((a, b) => a - b)[each.length >> 1] ?? 0;
  return new Map([...all].map((term) => [term, median(term)]));
}

function rounded(all: ReadonlyMap<string, number>, least: number): Record<string, number> {
  const kept = [...all].filter(([, share]) => share >= least * 0.999).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(kept.map(([term, share]) => [term, Number(share.toPrecision(SHARE_DIGITS))]));
}
