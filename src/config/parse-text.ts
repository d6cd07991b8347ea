/** YAML or JSON text to a plain value that remembers where each of its parts stood. */

import type { YAMLError } from 'yaml';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { KeyPath, LocatedProblem, Position } from './problems.ts';

/** Enough for every honest use of anchors, too few for a bomb. */
const ALIASES_MAX = 100;

export type ParsedText =
  | { readonly problems: readonly LocatedProblem[] }
  | { readonly value: unknown; readonly locate: Locate };

function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
  return lines;
}

/** Levels in each other; the deepest honest file has eight. */
const DEPTH_MAX = 100;

/** Where the key or the value of a path stands; of a path that is not there, its nearest ancestor. */
export type Locate = (path: KeyPath, at: 'key' | 'value') => Position;

/** Never throws: what is wrong with the text is in the answer. */
export function parseText(text: string, kind: 'yaml' | 'json'): ParsedText {
  const lines = countLines(text);
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fail = (offset: number, message: string) => ({ problems: [{ ...position(offset), message }] });
  try {
    const source = kind === 'json' ? blankComments(text) : text;
    const tooDeep = findDeepNesting(source);
    if (tooDeep !== undefined) return fail(tooDeep, 'this is nested too deeply');
    const document = parseDocument(source, {
      prettyErrors: false,
      version: '1.2',
      logLevel: 'error',
    });
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) {
      return {
        problems: errors.map((error) => ({ ...position(error.pos[0]), message: syntaxMessage(error, source) })),
      };
    }
    const wrong = findWrongNode(document);
    if (wrong) return fail(wrong.offset, wrong.message);
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    return { value, locate: (path, at) => position(offsetOf(document, path, at)) };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return fail(0, `aliases expand to too much — at most ${ALIASES_MAX} are followed`);
  }
}

/**
 * Where nesting passes every measure. The parser recurses, and an exhausted stack can end the process instead of
 * throwing, so this looks before: at brackets outside of quotes and comments, at indentation, at `- - -` in one line.
 */
function findDeepNesting(source: string): number | undefined {
  const indented = new RegExp(`^(?: {${DEPTH_MAX * 4}}|[ \\t]*(?:[-?:][ \\t]+){${DEPTH_MAX}})`, 'm').exec(source);
  if (indented) return indented.index;
  let depth = 0;
  for (const { 0: token, index } of source.matchAll(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?<!\S)#[^\n]*|[[\]{}]/g)) {
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    if (depth > DEPTH_MAX) return index;
  }
  return undefined;
}

function syntaxMessage(error: YAMLError, source: string): string {
  const token =
    /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s:,{}[\]]+)/.exec(source.slice(error.pos[0], error.pos[0] + 200))?.[0] ?? '';
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return `duplicate key "${token.replace(/^["']|["']$/g, '')}" — it stands above already`;
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent — use spaces';
    case 'MULTIPLE_DOCS':
      return 'a second document begins — everything belongs in one';
    case 'TAG_RESOLVE_FAILED':
      return `unknown tag ${token} — write the value without it`;
    default:
      return `the syntax is wrong: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
  }
}

/** An alias of nothing or of itself, or a key that plain objects cannot hold. */
function findWrongNode(document: Document): { offset: number; message: string } | undefined {
  let found: { offset: number; message: string } | undefined;
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      if (target !== undefined && !ancestors.includes(target)) return undefined;
      const reason = target === undefined ? 'names no anchor above it' : 'stands inside of what it names';
      found = { offset: startOf(alias) ?? 0, message: `alias *${alias.source} ${reason}` };
      return visit.BREAK;
    },
    Pair(_key, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return undefined;
      found = { offset: startOf(key) ?? 0, message: 'no key can be called __proto__' };
      return visit.BREAK;
    },
  });
  return found;
}

function offsetOf(document: Document, path: KeyPath, at: 'key' | 'value'): number {
  let place: Place = { node: document.contents };
  for (const segment of path) {
    const inner = stepInto(document, place.node, segment);
    if (inner === undefined) return startOf(place.key) ?? startOf(place.node) ?? 0;
    place = inner;
  }
  const [first, second] = at === 'key' ? [place.key, place.node] : [place.node, place.key];
  return startOf(first) ?? startOf(second) ?? 0;
}

interface Place {
  readonly node: unknown;
  /** Of the node in its map. */
  readonly key?: unknown;
}

function stepInto(document: Document, node: unknown, segment: string | number): Place | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(target)) return { node: target.items[Number(segment)] };
  if (!isMap(target)) return undefined;
  const pair = target.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
  return pair && { node: pair.value, key: pair.key };
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}

/** JSON with comments to JSON of the same length, comments and tabs between tokens becoming blanks. */
export function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\t/g, (token) =>
    token.startsWith('"') ? token : token.replace(/[^\n]/g, ' '),
  );
}
