/** Whom a cancellation finds. */
import { expect, it } from 'vitest';
import { CallsInFlight } from '../../../src/http/calls-in-flight.ts';

function setUp() {
  const calls = new CallsInFlight();
  const cancelled: string[] = [];
  const enter = (session: string | undefined, id: string | number, name: string) =>
    calls.enter(session, id, { abort: () => cancelled.push(name) });
  return { calls, cancelled, enter };
}

it('tells apart sessions, and a number from its digits', () => {
  const { calls, cancelled, enter } = setUp();
  enter('a', 1, 'number');
  enter('a', '1', 'digits');
  enter('b', 1, 'of another session');
  calls.cancel('a', '1');
  calls.cancel('a', 2);
  calls.cancel('c', 1);
  expect(cancelled).toEqual(['digits']);
});

it('means the later one of two by the same id, and the earlier one again once that is answered', () => {
  const { calls, cancelled, enter } = setUp();
  enter('a', 1, 'earlier');
  const answered = enter('a', 1, 'later');
  calls.cancel('a', 1);
  answered();
  answered();
  calls.cancel('a', 1);
  expect(cancelled).toEqual(['later', 'earlier']);
});

it('cancels nothing for who has no session, whatever else has none', () => {
  const { calls, cancelled, enter } = setUp();
  enter(undefined, 1, 'of somebody');
  calls.cancel(undefined, 1);
  calls.cancel('a', null);
  expect(cancelled).toEqual([]);
});
