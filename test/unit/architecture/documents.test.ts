/** Documents that name files which are gone mislead; every path that the project's pages name exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CLASSES } from '../../../src/errors.ts';
import { ROOT } from './source-tree.ts';

/** Written by the build or at run time. */
const MADE = /^(dist|node_modules|coverage|\.tooldex)(\/|$)/;
/** Other bare names, such as those of clients' configuration files, may mean files elsewhere. */
const BARE_FILE = /^(?:[a-z0-9-]+\.(?:mjs|cjs|ts)|[A-Z]+\.md)$/;

const entries = readdirSync(ROOT);
const pages = [
  ...entries.filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Names of all files of ours: a page may call a file by its name alone. */
const fileNames = new Set(
  ['src', 'index', 'test', 'scripts', 'bench', 'config', 'docs']
    .filter((folder) => entries.includes(folder))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
    ),
);

/** Backticked words that mean a file or a folder of this repository: they begin with one of its entries. */
function namedPaths(text: string): string[] {
  const ticked = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\s]+)`/g)].map(([, word = '']) => word);
  const linked = [...text.matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => `link:${target}`);
  const isPath = (word: string) =>
    /^[\w./-]+$/.test(word) && (BARE_FILE.test(word) || entries.includes(word.split('/')[0] ?? ''));
  return [
    ...ticked.filter((word) => isPath(word) && (word.includes('/') || word.includes('.')) && !MADE.test(word)),
    ...linked,
  ];
}

it.each(pages)('%s names only what exists', (page) => {
  const paths = namedPaths(readFileSync(join(ROOT, page), 'utf8'));
  const isThere = (path: string) =>
    path.startsWith('link:')
      ? existsSync(join(ROOT, dirname(page), path.slice(5)))
      : fileNames.has(path) || existsSync(join(ROOT, path));
  expect(paths.filter((path) => !isThere(path))).toEqual([]);
});

it('docs/OPERATIONS.md has every code with its exit code', () => {
  const rows = readFileSync(join(ROOT, 'docs/OPERATIONS.md'), 'utf8').matchAll(/^\| (\d+) \| [^|]* \| (.*) \|$/gm);
  const listed = [...rows].flatMap(([, exitCode = '', codes = '']) =>
    [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => [code, Number(exitCode)]),
  );
  const classes = Object.entries(ERROR_CLASSES).map(([code, { exitCode }]) => [code, exitCode]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(classes));
});
