/** The rules of docs/ARCHITECTURE.md, read from its tables: the page is the source, tests only enforce it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-tree.ts';

export const PAGE = 'docs/ARCHITECTURE.md';

/** Module to what it may import besides itself. */
export function arrows(): Map<string, Set<string>> {
  return new Map(
    rows('module').map(([module = '', targets = '']) => [names(module)[0] ?? module, new Set(names(targets))]),
  );
}

/** Outside package, or `node:` module with an owner, to the folders and files that may import it. */
export function packageOwners(): Map<string, readonly string[]> {
  return new Map(
    rows('package').flatMap(([packages = '', owners = '']) => names(packages).map((name) => [name, names(owners)])),
  );
}

/** Files that may be longer than the limit. */
export function longFiles(): Set<string> {
  return new Set(rows('long file').flatMap(([file = '']) => names(file)));
}

/** Files that may construct what belongs to another module, with the names of what they do. */
export function constructing(): Map<string, readonly string[]> {
  return new Map(rows('constructing file').map(([file = '', made = '']) => [names(file)[0] ?? file, names(made)]));
}

/** Files that may keep state at module level. */
export function statefulFiles(): Set<string> {
  return new Set(rows('file with module state').flatMap(([file = '']) => names(file)));
}

/** Body rows of the table whose first heading is `heading`; throws when the page has no such table. */
function rows(heading: string): string[][] {
  const lines = readFileSync(join(ROOT, PAGE), 'utf8').split('\n');
  const head = lines.findIndex((line) => cells(line)[0] === heading);
  if (head === -1) throw new Error(`${PAGE} has no table that begins with "${heading}"`);
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end === -1 ? undefined : end).map(cells);
}

const cells = (line: string) =>
  line.startsWith('|')
    ? line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    : [];
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
