/** Changes one place of a YAML or JSON text and leaves every other byte of it as somebody wrote it. */
import { Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, visit, type YAMLMap } from 'yaml';
import { GatewayError } from '../errors.ts';
import { blankComments } from './parse-text.ts';

export type TextKind = 'yaml' | 'json';

interface Source {
  readonly text: string;
  /** The same length; comments of JSON are blank. */
  readonly bare: string;
  readonly kind: TextKind;
  readonly root: unknown;
}

/** The text with `value` at this path of keys; maps on the way are made. Throws USAGE where something else is in the way. */
export function setIn(text: string, kind: TextKind, change: { path: readonly string[]; value: unknown }): string {
  const changed = withChange(text, kind, change);
  return text.includes('\r\n') ? changed.replace(/(?<!\r)\n/g, '\r\n') : changed;
}

function withChange(text: string, kind: TextKind, { path, value }: { path: readonly string[]; value: unknown }) {
  const source = read(text, kind);
  const map = isMap(source.root) ? source.root : undefined;
  const [key = '', ...below] = path;
  if (map === undefined) return withFirst(source, 0, { key, value: nest(below, value) });
  return withChangeBelow(source, map, { path, value });
}

function withChangeBelow(source: Source, map: YAMLMap, change: { path: readonly string[]; value: unknown }): string {
  const [key = '', next, ...rest] = change.path;
  const below = change.path.slice(1);
  const pair = pairOf(map, key);
  const value = nest(below, change.value);
  if (pair === undefined) return withPair(source, map, { key, value });
  if (next === undefined) return withValue(source, pair, value);
  if (isMap(pair.value) && isEmptyFlow(source, pair.value) && source.kind === 'yaml' && !map.flow) {
    const [from, to] = pair.value.range ?? [0, 0];
    const text = source.text.slice(0, from).trimEnd() + source.text.slice(to);
    return withFirst({ ...source, text }, startOf(pair.key), { key: next, value: nest(rest, change.value) });
  }
  if (isMap(pair.value)) return withChangeBelow(source, pair.value, { ...change, path: below });
  if (!isEmpty(pair.value)) throw inTheWay(key);
  if (source.kind === 'json' || map.flow) return withValue(source, pair, value);
  return withFirst(source, startOf(pair.key), { key: next, value: nest(rest, change.value) });
}

/** The text without the pair at this path, its comma, and the comment lines right above it; unchanged if there is none. */
export function removeIn(text: string, kind: TextKind, path: readonly string[]): string {
  const source = read(text, kind);
  let map = source.root;
  for (const key of path.slice(0, -1)) map = isMap(map) ? pairOf(map, key)?.value : undefined;
  const pair = isMap(map) ? pairOf(map, path.at(-1) ?? '') : undefined;
  if (!isMap(map) || pair === undefined) return text;
  return map.flow ? withoutInFlow(source, map, pair) : withoutInBlock(source, pair);
}

/** Replaces the texts in the list at this path that are `from`, in the quotes that they have; undefined if there is none. */
export function replaceInList(
  text: string,
  kind: TextKind,
  { path, from, to }: { readonly path: readonly string[]; readonly from: string; readonly to: string },
): string | undefined {
  let list = read(text, kind).root;
  for (const key of path) list = isMap(list) ? pairOf(list, key)?.value : undefined;
  const items = isSeq(list) ? list.items.filter(isScalar).filter(({ value }) => value === from) : [];
  if (items.length === 0) return undefined;
  return items.toReversed().reduce((done, { range }) => {
    const [start, end] = range ?? [0, 0];
    const written = done.slice(start, end);
    return (
      done.slice(0, start) +
      (written.includes(from) ? written.replace(from, () => to) : JSON.stringify(to)) +
      done.slice(end)
    );
  }, text);
}

function read(text: string, kind: TextKind): Source {
  const bare = kind === 'json' ? blankComments(text) : text;
  return { text, bare, kind, root: parseDocument(bare, { prettyErrors: false, logLevel: 'error' }).contents };
}

const nest = (keys: readonly string[], value: unknown): unknown =>
  keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);

const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);

const isEmpty = (node: unknown) => node === null || node === undefined || (isScalar(node) && node.value === null);

/** `{}`, which people write for nothing yet; what comes first is written as a block then. With a comment in it, it is not empty. */
const isEmptyFlow = (source: Source, map: YAMLMap) =>
  map.flow === true && map.items.length === 0 && insideOf(source, map).trim() === '';

const insideOf = ({ text }: Source, { range }: YAMLMap) => text.slice((range?.[0] ?? 0) + 1, (range?.[1] ?? 0) - 1);

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

function inTheWay(key: string): GatewayError {
  return new GatewayError('USAGE', `"${key}" is written in a way that cannot be edited here`, {
    hint: 'edit the file by hand, or write it as a plain block of keys',
  });
}

/** Where what was written for a node ends; that of a block is where its last part ends. */
function endOf(pair: Pair): number {
  const { value, key } = pair;
  if (isMap(value) && !value.flow && value.items.length > 0) return endOf(value.items.at(-1) as Pair);
  if (isSeq(value) && !value.flow && value.items.length > 0) return endOfItem(value.items.at(-1));
  return (value as Node | null)?.range?.[1] ?? (key as Node).range?.[1] ?? 0;
}

function endOfItem(item: unknown): number {
  if (isMap(item) && !item.flow && item.items.length > 0) return endOf(item.items.at(-1) as Pair);
  if (isSeq(item) && !item.flow && item.items.length > 0) return endOfItem(item.items.at(-1));
  return (item as Node | null)?.range?.[1] ?? 0;
}

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

function withPair(source: Source, map: YAMLMap, entry: Entry): string {
  if (map.flow) return withPairInFlow(source, map, entry);
  const { text } = source;
  const last = map.items.at(-1) as Pair;
  const at = nextLine(text, endOf(last));
  const indent = indentAt(text, startOf(last.key));
  const before = map.items.at(-2);
  const apart = before !== undefined && /\n[ \t]*\r?\n/.test(text.slice(endOf(before), startOf(last.key)));
  return spliced(text, at, `${apart ? '\n' : ''}${block(entry, indent)}`);
}

/** The first pair below a key that has nothing yet, or of a text that has nothing yet. */
function withFirst(source: Source, parent: number, entry: Entry): string {
  const { text, kind, root } = source;
  if (kind === 'json') return spliced(text, text.length, `${JSON.stringify({ [entry.key]: entry.value }, null, 2)}\n`);
  if (isEmpty(root)) return spliced(text, text.length, block(entry, ''));
  return spliced(text, nextLine(text, parent + 1), block(entry, `${indentAt(text, parent)}  `));
}

function withValue({ text, kind }: Source, pair: Pair, value: unknown): string {
  const node = pair.value as Node | null;
  if (kind === 'yaml' && isMap(node) && !node.flow) throw inTheWay(String(pair.key));
  const base = lineIndent(text, startOf(pair.key));
  const written =
    isScalar(value) || typeof value !== 'object' ? JSON.stringify(value) : json(value, base, unitOf(text));
  const [from, to] = node?.range ?? [endOf(pair), endOf(pair)];
  return text.slice(0, from) + (from === to ? ' ' : '') + written + text.slice(to);
}

function block({ key, value }: Entry, indent: string): string {
  const document = new Document({ [key]: value });
  visit(document, {
    Seq(_key, seq) {
      seq.flow = seq.items.every(isScalar);
    },
  });
  const lines = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd().split('\n');
  return `${lines.map((line) => (line === '' ? line : indent + line)).join('\n')}\n`;
}

function withPairInFlow(source: Source, map: YAMLMap, { key, value }: Entry): string {
  const { text, bare, kind } = source;
  const [start = 0, end = 0] = map.range ?? [];
  const last = map.items.at(-1);
  const outer = lineIndent(text, start);
  const unit = unitOf(text);
  if (last === undefined) {
    const inner = `${outer}${unit}`;
    const comments = insideOf(source, map).trimEnd();
    return `${text.slice(0, start)}{${comments}\n${inner}${JSON.stringify(key)}: ${json(value, inner, unit)}\n${outer}}${text.slice(end)}`;
  }
  const valueEnd = endOf(last);
  const comma = /^\s*,/.exec(bare.slice(valueEnd, end))?.[0];
  const isOneLine = !text.slice(start, end).includes('\n');
  if (isOneLine) {
    const added = `${comma ? '' : ','} ${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const at = valueEnd + (comma?.length ?? 0);
    return text.slice(0, at) + added + text.slice(at);
  }
  const inner = lineIndent(text, startOf(last.key));
  const afterComma = valueEnd + (comma?.length ?? 0);
  const remark = (kind === 'json' ? /^[ \t]*(?=\r?\n)/ : /^[ \t]*(#[^\n]*)?(?=\r?\n)/).exec(bare.slice(afterComma));
  const at = remark ? text.indexOf('\n', afterComma) : afterComma;
  const line = `\n${inner}${JSON.stringify(key)}: ${json(value, inner, unit)}`;
  const cut = text[at - 1] === '\r' ? at - 1 : at;
  return text.slice(0, valueEnd) + (comma ?? ',') + spliced(text.slice(afterComma), cut - afterComma, line);
}

const json = (value: unknown, indent: string, unit: string) =>
  JSON.stringify(value, null, unit).replaceAll('\n', `\n${indent}`);

function withoutInBlock({ text }: Source, pair: Pair): string {
  const from = aboveComments(text, lineStart(text, startOf(pair.key)), (line) => /^\s*#/.test(line));
  const to = nextLine(text, endOf(pair));
  const isLastOfParagraph = /(^|\n)[ \t]*\r?\n$/.test(text.slice(0, from)) && /^[ \t]*(\r?\n|$)/.test(text.slice(to));
  const blank = isLastOfParagraph ? (/^[ \t]*\r?\n/.exec(text.slice(to))?.[0].length ?? 0) : 0;
  return text.slice(0, from) + text.slice(to + blank);
}

function withoutInFlow({ text, bare, kind }: Source, map: YAMLMap, pair: Pair): string {
  const valueEnd = endOf(pair);
  const comma = /^\s*,/.exec(bare.slice(valueEnd))?.[0].length ?? 0;
  const at = map.items.indexOf(pair);
  const before = map.items[at - 1];
  const isLast = at === map.items.length - 1;
  const head = lineStart(text, startOf(pair.key));
  const isAlone = bare.slice(head, startOf(pair.key)).trim() === '';
  const rest = (kind === 'json' ? /^[ \t]*\r?\n/ : /^[ \t]*(#[^\n]*)?\r?\n/).exec(bare.slice(valueEnd + comma))?.[0];
  const isComment = (line: string, offset: number) =>
    line.trim() !== '' &&
    (kind === 'json' ? bare.slice(offset, offset + line.length).trim() === '' : /^\s*#/.test(line));
  const wholeLines = isAlone && rest !== undefined;
  const from = wholeLines ? aboveComments(text, head, isComment) : startOf(pair.key);
  const to =
    valueEnd + comma + (wholeLines ? rest.length : (/^[ \t]*/.exec(text.slice(valueEnd + comma))?.[0].length ?? 0));
  if (!isLast || before === undefined || comma > 0) return text.slice(0, from) + text.slice(to);
  const loose = bare.indexOf(',', endOf(before));
  return text.slice(0, loose) + text.slice(loose + 1, from).replace(/[ \t]+$/, wholeLines ? '' : ' ') + text.slice(to);
}

/** Where the comment lines right above this line begin. */
function aboveComments(text: string, from: number, isComment: (line: string, offset: number) => boolean): number {
  let start = from;
  while (start > 0) {
    const above = lineStart(text, start - 1);
    if (!isComment(text.slice(above, start), above)) return start;
    start = above;
  }
  return start;
}

const lineStart = (text: string, at: number) => text.lastIndexOf('\n', at - 1) + 1;

/** The start of the line after this place; a place at the start of a line is one already. */
function nextLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

const indentAt = (text: string, at: number) => ' '.repeat(at - lineStart(text, at));
const lineIndent = (text: string, at: number) => /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? '';
/** What one level is indented by: whatever the first indented line has. */
const unitOf = (text: string) => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';

function spliced(text: string, at: number, added: string): string {
  const before = text.slice(0, at);
  const joint = before !== '' && !before.endsWith('\n') && !added.startsWith('\n') ? '\n' : '';
  return before + joint + added + text.slice(at);
}
