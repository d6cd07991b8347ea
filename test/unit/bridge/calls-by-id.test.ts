import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CallsById, type Numbered } from '../../../src/bridge/calls-by-id.ts';

const open = (calls: CallsById<Numbered>) => {
  const call = { id: calls.nextId() };
  calls.put(call);
  return call;
};

it('counts from one', () => {
  const calls = new CallsById<Numbered>();
  expect([open(calls).id, open(calls).id, open(calls).id]).toEqual([1, 2, 3]);
});

it('finds what a map would find, whatever order answers come in', () => {
  // Each step opens a call, or answers the one that is so far from the oldest.
  const steps = fc.array(fc.option(fc.nat(200), { freq: 2 }), { maxLength: 600 });
  fc.assert(
    fc.property(steps, (taken) => {
      const [calls, map] = [new CallsById<Numbered>(), new Map<number, Numbered>()];
      let lastId = 0;
      for (const at of taken) {
        const id = at === null ? undefined : [...map.keys()][at];
        if (id === undefined) {
          const call = open(calls);
          expect(call.id).toBeGreaterThan(lastId);
          lastId = call.id;
          map.set(call.id, call);
        } else {
          expect(calls.take(id)).toBe(map.get(id));
          map.delete(id);
          expect(calls.get(id)).toBeUndefined();
        }
      }
      expect(calls.all()).toEqual([...map.values()]);
    }),
  );
});

it.each([0, -1, 1.5, 65, 2 ** 32 + 1, Number.NaN])('takes %s for nobody, beside a call that has its place', (id) => {
  const calls = new CallsById<Numbered>();
  const call = open(calls);
  expect(calls.take(id)).toBeUndefined();
  expect(calls.take(call.id)).toBe(call);
  expect(calls.take(call.id)).toBeUndefined();
});
