/** Durations and sizes, and the patterns that editors check them with. */
import { describe, expect, test } from 'vitest';
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from '../../../src/config/units.ts';

describe('durations', () => {
  test.each([
    ['1ms', 1],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['24d', 2_073_600_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
    expect(text).toMatch(new RegExp(DURATION_PATTERN));
  });
  test.each([
    '',
    '30',
    '-5s',
    '5 s',
    '5S',
    '1e3s',
    '5min',
    's',
    '.5s',
    '30s ',
    'Infinity',
    '0.1ms',
    '25d',
    '99999999999d',
  ])('not %j', (text) => {
    expect(parseDuration(text)).toMatchObject({ ok: false, problem: expect.stringContaining(`"${text}"`) });
  });
});

describe('sizes', () => {
  test.each([
    ['1B', 1],
    ['100KB', 100_000],
    ['100kB', 100_000],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['1GB', 1e9],
    ['1GiB', 2 ** 30],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
    expect(text).toMatch(new RegExp(SIZE_PATTERN));
  });
  test.each(['', '512', '0B', '-1MB', '1 MB', '1mb', '1TB', 'MB'])('not %j', (text) => {
    expect(parseSize(text)).toMatchObject({ ok: false });
  });
  test.each([
    ['512m', '"512m" is not a size — write "512MiB"'],
    ['1g', '"1g" is not a size — write "1GiB"'],
    ['64 kb', '"64 kb" is not a size — write "64KiB"'],
    ['512', '"512" is not a size — it needs a unit: "512MiB" or "512B"'],
    ['much', '"much" is not a size — write it like "64KiB", "512MiB" or "1GB"'],
  ])('%s has a remedy', (text, problem) => {
    expect(parseSize(text)).toEqual({ ok: false, problem });
  });
});
