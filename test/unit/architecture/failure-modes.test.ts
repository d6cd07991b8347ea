/** Every failure mode of the page has a test with its number in the title, or the page says why there is none. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './source-tree.ts';

const MODES = Array.from({ length: 72 }, (_, i) => i + 1);
const [explained = '', excused = ''] = readFileSync(join(ROOT, 'docs/FAILURE-MODES.md'), 'utf8').split(
  '## Without a test of their own',
);
const titled = numbersInTitles();

/** Numbers such as `#24` in what describe, it and test call themselves. */
function numbersInTitles(): Set<number> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(ROOT, 'test', file), 'utf8'));
  const titles = texts.flatMap((text) => [
    ...[...text.matchAll(/\b(?:it|test|describe)\b[^'"`\n]*\(\s*(['"`])((?:(?!\1).)*)\1/g)].map(
      ([, , title]) => title ?? '',
    ),
    // Rows of `it.each`, whose first cell is the title.
    ...[...text.matchAll(/^\s*\[?\s*(['"`])(#\d+(?:(?!\1).)*)\1/gm)].map(([, , title]) => title ?? ''),
  ]);
  return new Set(titles.flatMap((title) => [...title.matchAll(/#(\d+)\b/g)].map(([, number]) => Number(number))));
}

function numbersInTable(text: string): number[] {
  return [...text.matchAll(/^\| (\d+) \| \S/gm)].map(([, number]) => Number(number));
}

it('the page explains each of the seventy-two once, in order', () => {
  expect(numbersInTable(explained)).toEqual(MODES);
});

it('each has a test with its number in the title, or the page says why not', () => {
  const excuses = new Set(numbersInTable(excused));
  expect(MODES.filter((mode) => !titled.has(mode) && !excuses.has(mode))).toEqual([]);
});
