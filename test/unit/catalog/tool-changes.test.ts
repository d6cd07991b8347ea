import { expect, test } from 'vitest';
import { toolChanges } from '../../../src/catalog/tool-changes.ts';

const tool = (name: string, description = 'does it') => ({ name, description, inputSchema: { type: 'object' } });

test('what came, what went and what is defined otherwise', () => {
  const before = [tool('stays'), tool('goes'), tool('differs', 'one')];
  const after = [tool('comes'), tool('differs', 'two'), tool('stays')];
  expect(toolChanges(before, after)).toEqual({
    added: ['comes'],
    removed: ['goes'],
    changed: [{ tool: 'differs', diff: ['- description: "one"', '+ description: "two"'] }],
  });
});

test('a change behind the part of a long text that is shown counts too', () => {
  const long = 'x'.repeat(5_000);
  const { changed } = toolChanges([tool('a', `${long}1`)], [tool('a', `${long}2`)]);
  expect(changed).toEqual([{ tool: 'a', diff: ['! differs where a long value is cut off here'] }]);
});
