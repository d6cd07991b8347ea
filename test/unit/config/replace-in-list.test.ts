import { expect, test } from 'vitest';
import { replaceInList } from '../../../src/config/splice.ts';

const change = { path: ['servers', 'a', 'args'], from: '@s/x@1.0.0', to: '@s/x@2.0.0' };

test.each([
  ['a block list', 'yaml', 'servers:\n  a:\n    args:\n      - -y # yes\n      - "@s/x@1.0.0" # pinned\n      # end\n'],
  ['a flow list', 'yaml', "servers:\n  a: {command: npx, args: [-y, '@s/x@1.0.0', -v]} # @s/x@1.0.0\n"],
  ['JSON with comments', 'json', '{"servers": {"a": {"args": ["-y", /* here */ "@s/x@1.0.0"]}}} // end\n'],
] as const)('a word of %s changes, and nothing else', (_, kind, text) => {
  const at = text.search(/["']@s\/x@1/);
  const expected = text.slice(0, at) + text.slice(at).replace('@s/x@1.0.0', '@s/x@2.0.0');
  expect(replaceInList(text, kind, change)).toBe(expected);
});

test('a word that is written with escapes changes too', () => {
  const text = '{"servers": {"a": {"args": ["\\u0040s/x@1.0.0"]}}}';
  expect(JSON.parse(replaceInList(text, 'json', change) ?? '')).toEqual({ servers: { a: { args: ['@s/x@2.0.0'] } } });
});

test('where there is no such word there is nothing to change', () => {
  expect(replaceInList('servers:\n  a:\n    args: [x]\n', 'yaml', change)).toBeUndefined();
  expect(replaceInList('servers:\n  a: {}\n', 'yaml', change)).toBeUndefined();
});
