/** Sessions that are abandoned, and too many of them, with a clock that a test moves. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KeptRoom } from '../../../src/http/kept-room.ts';
import { RelaySessions } from '../../../src/http/relay-sessions.ts';
import { LOCAL } from '../../../src/policy/principal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(sessionsMax?: number) {
  const ended: string[] = [];
  const sessions = new RelaySessions({
    onOpen: () => {},
    onEnd: ({ id }) => ended.push(id),
    abandonedAfterMs: 60_000,
    room: new KeptRoom(),
    sweepEveryMs: 1_000,
    ...(sessionsMax === undefined ? {} : { sessionsMax }),
  });
  return { sessions, ended, open: () => sessions.open(LOCAL, {}) };
}

it('ends what nobody used for a while, and no timer stays behind', () => {
  const { sessions, ended, open } = setUp();
  const [used, abandoned] = [open(), open()];
  vi.advanceTimersByTime(50_000);
  expect(sessions.find(used.id, LOCAL)).toBe(used);
  vi.advanceTimersByTime(20_000);
  expect(ended).toEqual([abandoned.id]);
  vi.advanceTimersByTime(60_000);
  expect(ended).toEqual([abandoned.id, used.id]);
  expect(vi.getTimerCount()).toBe(0);
});

it('never ends a session that waits for an answer', () => {
  const { ended, open } = setUp();
  const leave = open().enter({ send: () => {}, abort: () => {} });
  vi.advanceTimersByTime(600_000);
  expect(ended).toEqual([]);
  leave();
  vi.advanceTimersByTime(62_000);
  expect(ended).toHaveLength(1);
});

it('makes room by ending the one unused for the longest', () => {
  const { sessions, ended, open } = setUp(2);
  const [first, second] = [open(), open()];
  vi.advanceTimersByTime(1);
  sessions.find(first.id, LOCAL);
  open();
  expect(ended).toEqual([second.id]);
});

it('holds nothing for a subscription that began too late', () => {
  const { sessions, open } = setUp();
  const session = open();
  const released: string[] = [];
  session.subscribed('file:///a', () => released.push('first'));
  session.subscribed('file:///a', () => released.push('second'));
  expect(released).toEqual(['first']);
  sessions.end(session);
  expect(released).toEqual(['first', 'second']);
  session.subscribed('file:///b', () => released.push('late'));
  expect(released).toEqual(['first', 'second', 'late']);
});

it('lets nobody push out the sessions of others by opening ever more', () => {
  const { sessions, open } = setUp(10);
  const other = { ...LOCAL, id: 'key:other' };
  const theirs = [sessions.open(other, {}), sessions.open(other, {})];
  vi.advanceTimersByTime(10);
  for (let count = 0; count < 100; count++) open();
  expect(theirs.map(({ id }) => sessions.find(id, other))).toEqual(theirs);
  expect(sessions.size).toBe(10);
});
