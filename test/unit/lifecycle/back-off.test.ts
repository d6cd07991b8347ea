import { expect, it } from 'vitest';
import { BackOff } from '../../../src/lifecycle/back-off.ts';

const times = (count: number, fail: () => number) => Array.from({ length: count }, fail);

it('#29 forgives one failed start, then waits 1, 2, 4 ... seconds, a minute at most', () => {
  const backOff = new BackOff();
  const delays = times(10, () => backOff.failed('start'));
  expect(delays).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(backOff.failures).toBe(10);
});

it('#29 has more patience with processes that open and die', () => {
  const backOff = new BackOff();
  expect(times(6, () => backOff.failed('early-death'))).toEqual([0, 0, 0, 0, 1000, 2000]);
});

it('#29 begins anew once the server did well', () => {
  const backOff = new BackOff();
  times(5, () => backOff.failed('start'));
  backOff.forget();
  expect(times(2, () => backOff.failed('start'))).toEqual([0, 1000]);
});

it('a start that went well clears failed starts, but not early deaths', () => {
  const backOff = new BackOff();
  times(4, () => backOff.failed('early-death'));
  times(3, () => backOff.failed('start'));
  backOff.started();
  expect(backOff.failures).toBe(4);
  expect(backOff.failed('early-death')).toBe(1000);
});
