import { expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/stdx/nearest.ts';

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['serach', 'search', 1],
  ['ca', 'abc', 3],
])('from %j to %j it is %i edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
  expect(editDistance(b, a)).toBe(edits);
});

it('of words that hold the wanted one, the shortest way comes first', () => {
  expect(nearest('server', ['add_servers', 'mcpServers', 'servers'], 1)).toEqual(['servers']);
});

it('a word inside a long one is found, whatever is around it', () => {
  expect(nearest('list_directory_with_sizes_please', ['list_directory', 'move_file'])).toEqual(['list_directory']);
});

it('case and punctuation cost nothing, and an exact word beats all that hold it', () => {
  expect(nearest('READ-FILE', ['read_file_2', 'read_file'], 1)).toEqual(['read_file']);
});

it('says nothing when nothing is near', () => {
  expect(nearest('zebra', ['server', 'listen'])).toEqual([]);
});

it('nothing is near to a word just because that is very long', () => {
  expect(nearest('x'.repeat(10_000), ['context7', 'everything', 'a'])).toEqual([]);
});

it('equally near words come in alphabetical order', () => {
  expect(nearest('cat', ['hat', 'bat', 'rat'])).toEqual(['bat', 'hat', 'rat']);
});
