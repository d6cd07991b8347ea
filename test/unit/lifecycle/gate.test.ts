import { expect, it } from 'vitest';
import { Gate } from '../../../src/lifecycle/gate.ts';
import { settled } from '../../helpers/fake-clock.ts';

const what = 'Server "x"';
const now = () => 0;

it('lets the limit in and the others in their order, one for each that leaves', async () => {
  const gate = new Gate({ limit: 2, waitingMax: 10, what, now });
  const entered: string[] = [];
  const leave = new Map<string, () => void>();
  for (const name of ['a', 'b', 'c', 'd']) {
    void gate.enter().then((out) => {
      entered.push(name);
      leave.set(name, out);
    });
  }
  await settled();
  expect(entered).toEqual(['a', 'b']);
  leave.get('b')?.();
  leave.get('b')?.();
  await settled();
  expect(entered, 'leaving twice frees one place').toEqual(['a', 'b', 'c']);
  leave.get('a')?.();
  await settled();
  expect(entered).toEqual(['a', 'b', 'c', 'd']);
});

it('refuses who would have to wait behind too many', async () => {
  const gate = new Gate({ limit: 1, waitingMax: 1, what, now });
  await gate.enter();
  void gate.enter();
  await expect(gate.enter()).rejects.toMatchObject({
    code: 'SERVER_BUSY',
    hint: expect.stringContaining('limits.concurrency'),
  });
});

it('forgets who gave up while waiting', async () => {
  const gate = new Gate({ limit: 1, waitingMax: 5, what, now });
  const leave = await gate.enter();
  const abort = new AbortController();
  const given = gate.enter(abort.signal);
  const next = gate.enter();
  abort.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  leave();
  await expect(next).resolves.toBeTypeOf('function');
});

it('is as open as before when everybody has left', async () => {
  const gate = new Gate({ limit: 1, waitingMax: 0, what, now });
  for (let i = 0; i < 3; i++) (await gate.enter())();
  await expect(gate.enter()).resolves.toBeTypeOf('function');
});

it('says when the line will have moved on, by how long calls have stayed so far', async () => {
  let nowMs = 0;
  const gate = new Gate({ limit: 2, waitingMax: 0, what, now: () => nowMs });
  const leave = [await gate.enter(), await gate.enter()];
  await expect(gate.enter()).rejects.toMatchObject({ data: { retryAfterMs: 500 } });
  nowMs = 8000;
  for (const out of leave) out();
  await gate.enter();
  await gate.enter();
  await expect(gate.enter()).rejects.toMatchObject({
    data: { retryAfterMs: 4000 },
    hint: expect.stringContaining('4 s'),
  });
});
