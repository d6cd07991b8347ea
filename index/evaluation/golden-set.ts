/** A test set from the user's own catalog: requests of known answer, made by rule from the tools' texts. */
import { words } from '../lexical/words.ts';
import type { ToolDocument } from '../tool-document.ts';
import { seeded } from './bootstrap.ts';
import type { JudgedQuery } from './judged-query.ts';

export interface GoldenSet {
  readonly queries: readonly JudgedQuery[];
  /** Requests for tools that were left out of `documents`. */
  readonly noAnswer: readonly JudgedQuery[];
  /** The catalog without the tools that were left out. */
  readonly documents: readonly ToolDocument[];
}

/** Tools asked for; a larger catalog is sampled. */
const TOOLS_ASKED = 300;
/** One tool in so many is left out, and with it every tool of the same name. */
const LEFT_OUT = 10;
const OPENINGS = ['I need to', 'Please', 'Can you', 'Find me a tool to', 'How do I'];

/**
 * For each tool its name spelt in three ways, its name with a typo, and its first sentence reworded: shortened to every
 * other word behind an opening, which is hard enough to tell engines apart and says nothing about real wording.
 * Deterministic.
 */
export function goldenSet(documents: readonly ToolDocument[]): GoldenSet {
  const random = seeded(documents.length);
  const shuffled = documents.map((document) => ({ document, key: random() })).sort((a, b) => a.key - b.key);
  const sample = shuffled.slice(0, TOOLS_ASKED).map(({ document }) => document);
  const gone = new Set(sample.filter((_, i) => i % LEFT_OUT === 0).map(({ name }) => name));
  const kept = documents.filter(({ name }) => !gone.has(name));
  const asked = sample.filter(({ name }) => !gone.has(name));
  const left = sample.filter(({ name }) => gone.has(name));
  return {
    documents: kept,
    queries: asked.flatMap((document, i) => requestsFor(document, kept, i)),
    noAnswer: left.map((document, i) => ({ ...missed(document, i), groups: [] })),
  };
}

/** One for each tool, also where descriptions are too short to be reworded: the figures for "nothing fits" need them all. */
function missed(document: ToolDocument, at: number): JudgedQuery {
  const [sentence] = reworded(document, at);
  const spelt = { id: `${document.id}#name`, query: words(document.name).join(' '), split: 'name', groups: [] };
  return sentence ?? spelt;
}

function requestsFor(document: ToolDocument, all: readonly ToolDocument[], at: number): JudgedQuery[] {
  const namesakes = all.filter(({ name }) => name === document.name).map(({ id }) => id);
  const named = spellings(document.name, at).map(([split, query]) => ({
    id: `${document.id}#${split}`,
    query,
    split,
    groups: [namesakes],
  }));
  return [...named, ...reworded(document, at)];
}

function spellings(name: string, at: number): [split: string, query: string][] {
  const parts = words(name);
  const camel = parts.map((part, i) => (i === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1))).join('');
  return [
    ['name', name],
    ['name spelt otherwise', at % 2 === 0 ? parts.join(' ') : camel],
    ['name with a typo', withTypo(name, at)],
  ];
}

/** Two neighbouring letters swapped, somewhere in the middle. */
function withTypo(name: string, at: number): string {
  if (name.length < 5) return name;
  const from = 1 + (at % (name.length - 3));
  return name.slice(0, from) + name.charAt(from + 1) + name.charAt(from) + name.slice(from + 2);
}

function reworded(document: ToolDocument, at: number): JudgedQuery[] {
  const [sentence = ''] = document.description.split(/(?<=[.!?。])\s|\n/);
  const kept = sentence.split(/\s+/).filter((_, i) => i % 2 === at % 2);
  if (kept.length < 3) return [];
  const query = `${OPENINGS[at % OPENINGS.length]} ${kept.join(' ').toLowerCase()}`;
  return [{ id: `${document.id}#reworded`, query, split: 'reworded', groups: [[document.id]] }];
}
