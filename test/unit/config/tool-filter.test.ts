/** Which tools of a server exist. */
import { expect, test } from 'vitest';
import { isToolThere } from '../../../src/config/tool-filter.ts';

test.each([
  ['all, without a filter', undefined, [], 'x', true],
  ['none, with an empty one', [], [], 'x', false],
  ['an exact name', ['read_file'], [], 'read_file', true],
  ['not a part of it', ['read'], [], 'read_file', false],
  ['a glob', ['read_*'], [], 'read_file', true],
  ['a star for nothing', ['read*'], [], 'read', true],
  ['a star in the middle', ['git_*_tag'], [], 'git_delete_tag', true],
  ['stars that must try again', ['*ab*ac'], [], 'xababac', true],
  ['one character', ['tool_?'], [], 'tool_1', true],
  ['not two', ['tool_?'], [], 'tool_12', false],
  ['dots are dots', ['a.b'], [], 'axb', false],
  ['case counts', ['Read'], [], 'read', false],
  ['deny wins', ['*'], ['write_*'], 'write_file', false],
  ['deny alone', undefined, ['write_*'], 'read_file', true],
  ['a pattern made to be slow', [`${'*a'.repeat(40)}b`], [], 'a'.repeat(5000), false],
] as const)('%s', (...row) => {
  const [, allow, deny, tool, there] = row;
  expect(isToolThere({ allow, deny }, tool)).toBe(there);
});
