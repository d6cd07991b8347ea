/** Streams behind their answers, on a clock that a test moves. */
import { expect, it } from 'vitest';
import { Lingering } from '../../../src/bridge/lingering.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

function setUp() {
  const clock = fakeClock();
  const left: number[] = [];
  const stream = (name: number) => ({ leave: () => void left.push(name) });
  return { clock, left, stream, lingering: new Lingering(clock) };
}

it('lets a stream go on for a second behind its answer, each by its own', async () => {
  const { clock, left, stream, lingering } = setUp();
  lingering.add(stream(1));
  await clock.advance(600);
  lingering.add(stream(2));
  await clock.advance(399);
  expect(left).toEqual([]);
  await clock.advance(1);
  expect(left).toEqual([1]);
  await clock.advance(599);
  expect(left).toEqual([1]);
  await clock.advance(1);
  expect(left).toEqual([1, 2]);
  expect(clock.waiting).toBe(0);
});

it('gives no second more to a stream that says its answer again, and again', async () => {
  const { clock, left, stream, lingering } = setUp();
  const repeating = stream(1);
  lingering.add(repeating);
  lingering.add(stream(2));
  await clock.advance(600);
  lingering.add(repeating);
  await clock.advance(400);
  expect(left).toEqual([1, 2]);
});

it('leaves alone what ended by itself', async () => {
  const { clock, left, stream, lingering } = setUp();
  const ended = stream(1);
  lingering.add(ended);
  lingering.delete(ended);
  await clock.advance(5_000);
  expect(left).toEqual([]);
});

it('ends the oldest when there are more than 256 at a time', () => {
  const { left, stream, lingering } = setUp();
  for (let name = 0; name < 300; name++) lingering.add(stream(name));
  expect(left).toEqual(Array.from({ length: 44 }, (_, name) => name));
});

it('wakes nobody once it is cleared', async () => {
  const { clock, left, stream, lingering } = setUp();
  lingering.add(stream(1));
  lingering.clear();
  expect(clock.waiting).toBe(0);
  expect(left).toEqual([]);
});
