/**
 * Makes `word-statistics.txt`: how common words are in public tools, and in requests for tools.
 * usage: node scripts/run.mjs index/model/count-words.ts DATA_FOLDER > index/model/word-statistics.txt
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
process.stdout.write(
  `# Share of public tools (${TOOL_SOURCES}) and of requests for tools (${REQUEST_SOURCES}) that hold a word stem.\n`,
);
process.stdout.write('# Made by count-words.ts; licence of the counts: Apache-2.0.\n');
process.stdout.write(lines(rounded(tools.shares, FEWEST_TOOLS / tools.count), rounded(requests, 2e-3)));

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

function rounded(all: ReadonlyMap<string, number>, least: number): Map<string, number> {
  const kept = [...all].filter(([, share]) => share >= least * 0.999);
  return new Map(kept.map(([term, share]) => [term, Number(share.toPrecision(SHARE_DIGITS))]));
}

/** As `SortedLines` reads them; the title sorts first, since no stem has a `#`. */
function lines(inTools: ReadonlyMap<string, number>, inRequests: ReadonlyMap<string, number>): string {
  const terms = [...new Set([...inTools.keys(), ...inRequests.keys()])];
  const sorted = terms.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sorted.map((term) => `${term} ${inTools.get(term) ?? 0} ${inRequests.get(term) ?? 0}\n`).join('');
}
