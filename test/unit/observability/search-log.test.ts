import { expect, it } from 'vitest';
import { createSearchLog } from '../../../src/observability/search-log.ts';

it('#68 says once why search is degraded, again for another reason, and when that is over', () => {
  const lines: string[] = [];
  const note = createSearchLog((level, message) => lines.push(`${level}: ${message}`));
  note(undefined);
  expect(lines).toEqual([]);
  for (let i = 0; i < 100; i++) note('The built-in encoder is broken: its header is cut off');
  for (let i = 0; i < 100; i++) note(`the encoder did not answer within ${i} ms`);
  for (let i = 0; i < 100; i++) note(undefined);
  expect(lines).toEqual([
    'warn: search does less than it should: The built-in encoder is broken: its header is cut off',
    'warn: search does less than it should: the encoder did not answer within 0 ms',
    'info: search is well again',
  ]);
});
