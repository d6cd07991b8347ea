/** So much at a time, in order, and nobody's place is lost. */
import { expect, it } from 'vitest';
import { Turns } from '../../../src/stdx/turns.ts';
import { settled } from '../../helpers/fake-clock.ts';

function setUp(atOnce: number) {
  const turns = new Turns(atOnce);
  const begun: string[] = [];
  const waited: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, signal = new AbortController().signal) =>
    turns.run(
      () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
      { signal, onWait: () => waited.push(name) },
    );
  const end = async (name: string) => {
    ends.get(name)?.();
    await settled();
  };
  return { run, end, begun, waited };
}

it('lets so many run, and the others as places come free, in their order', async () => {
  const { run, end, begun, waited } = setUp(2);
  const results = Promise.all(['a', 'b', 'c', 'd'].map((name) => run(name)));
  await settled();
  expect([begun, waited]).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('a');
  await end('c');
  await end('d');
  expect(await results).toEqual(['a', 'b', 'c', 'd']);
});

it('lets in first who is in a hurry when a place comes free, however that was before', async () => {
  const turns = new Turns(1);
  const hurried = new Set(['c']);
  const begun: string[] = [];
  const run = (name: string) =>
    turns.run(
      async () => {
        begun.push(name);
        if (name === 'a') hurried.add('e').delete('c');
      },
      { isUrgent: () => hurried.has(name) },
    );
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(run));
  expect(begun).toEqual(['a', 'e', 'b', 'c', 'd']);
});

it('gives the place of work that failed to the next', async () => {
  const turns = new Turns(1);
  const options = { signal: new AbortController().signal, onWait: () => {} };
  const broken = turns.run(() => Promise.reject(new Error('broken')), options).catch((error: Error) => error.message);
  expect(await Promise.all([broken, turns.run(async () => 'next', options)])).toEqual(['broken', 'next']);
});

it('forgets who gave up while waiting, and whoever gave up in the moment of being let in', async () => {
  const { run, end, begun } = setUp(1);
  const [early, late] = [new AbortController(), new AbortController()];
  void run('a');
  const given = [run('b', early.signal), run('c', late.signal)].map((each) =>
    each.catch((error: Error) => error.message),
  );
  const last = run('d');
  early.abort(new Error('enough'));
  await settled();
  const ended = end('a');
  late.abort(new Error('too late'));
  await ended;
  expect(await Promise.all(given)).toEqual(['enough', 'too late']);
  expect(begun).toEqual(['a', 'd']);
  await end('d');
  expect(await last).toBe('d');
});
