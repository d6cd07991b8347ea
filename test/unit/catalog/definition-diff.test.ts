/** What servers write is shown as what it is, and does nothing. */
import { expect, test } from 'vitest';
import { definitionDiff } from '../../../src/catalog/definition-diff.ts';

const tool = (description: string, properties = {}) => ({
  name: 'a',
  description,
  inputSchema: { type: 'object', properties },
});

test('each changed value is one line before and one after, by its path', () => {
  const before = tool('Reads', { path: { type: 'string' }, old: {} });
  const after = {
    ...tool('Writes', { path: { type: 'number' }, list: { enum: ['x'] } }),
    annotations: { readOnlyHint: false },
  };
  expect(definitionDiff(before, after)).toEqual([
    '- description: "Reads"',
    '+ description: "Writes"',
    '- inputSchema.properties.path.type: "string"',
    '+ inputSchema.properties.path.type: "number"',
    '- inputSchema.properties.old: {}',
    '+ inputSchema.properties.list.enum.0: "x"',
    '+ annotations.readOnlyHint: false',
  ]);
  expect(definitionDiff(undefined, tool('x'))[0]).toBe('+ name: "a"');
});

test('#61 ANSI, zero-width, bidi, tags, line breaks and HTML are neutralised, in values and in keys', () => {
  const hostile = '\u001B[31mred\u001B[0m\u200Bzero\u202Ebidi\u{E0041}tag\n<script>alert(1)</script>\\u{200B}';
  const lines = definitionDiff(tool('safe'), tool(hostile, { 'k\u001B[2J\n': {} }));
  const text = lines.join('');
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}<>]/u);
  expect(text).toContain(
    '\\u{1B}[31mred\\u{1B}[0m\\u{200B}zero\\u{202E}bidi\\u{E0041}tag\\n‹script›alert(1)‹/script›\\\\u{200B}',
  );
  expect(lines[0]).toMatch(/^! \d+ invisible characters/);
});

test('#61 a long value is cut, and says so', () => {
  const [line = ''] = definitionDiff(undefined, tool('x'.repeat(5_000))).filter((each) => each.includes('description'));
  expect(line.length).toBeLessThan(2_100);
  expect(line).toContain('characters more');
});
