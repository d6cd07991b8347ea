import { expect, it } from 'vitest';
import { createSearchLog } from '../../../src/observability/search-log.ts';

it('#68 says once why search is degraded, again for another reason, and when that is over', () => {
  const lines: string[] = [];
  const note = createSearchLog((level, message) => lines.push(`${level}: ${message}`));
  note({});
  expect(lines).toEqual([]);
  for (let i = 0; i < 100; i++) note({ degraded: 'The built-in encoder is broken: its header is cut off' });
  for (let i = 0; i < 100; i++) note({ degraded: `the encoder did not answer within ${i} ms` });
  for (let i = 0; i < 100; i++) note({});
  expect(lines).toEqual([
    'warn: search does less than it should: The built-in encoder is broken: its header is cut off',
    'warn: search does less than it should: the encoder did not answer within 0 ms',
    'info: search is well again',
  ]);
});

it('says once that a model is spared, whatever the number of tools, and when that is over', () => {
  const lines: string[] = [];
  const note = createSearchLog((level, message) => lines.push(`${level}: ${message}`));
  for (let i = 0; i < 100; i++) note({ spared: `the encoder is spared, because ${9_000 + i} tools are too many` });
  for (let i = 0; i < 100; i++) note({});
  expect(lines).toEqual([
    'info: search: the encoder is spared, because 9000 tools are too many',
    'info: search spares no model any more',
  ]);
});
