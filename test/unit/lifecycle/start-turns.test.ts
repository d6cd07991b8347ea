/** #25 Who starts next, when more want to than may. */
import { describe, expect, it } from 'vitest';
import { StartTurns } from '../../../src/lifecycle/start-turns.ts';
import { settled } from '../../helpers/fake-clock.ts';

/** Asks for turns in this order, and gives them up one by one; the order in which they were had. */
async function orderOf(asked: readonly (readonly [principal: string, server: string])[], limit = 1) {
  const turns = new StartTurns(limit);
  const had: string[] = [];
  const leaving: (() => void)[] = [];
  for (const [principal, server] of asked) {
    void turns.enter({ principal, server }).then((leave) => {
      had.push(`${principal}/${server}`);
      leaving.push(leave);
    });
  }
  for (let n = 0; n < asked.length; n++) {
    await settled();
    expect(leaving.length).toBeLessThanOrEqual(limit);
    const leave = leaving.shift();
    leave?.();
    leave?.();
  }
  return had;
}

describe('#25 turns', () => {
  it('go round among principals: one with fifty servers does not stand before another with one', async () => {
    const many = Array.from({ length: 50 }, (_, i) => ['ada', `s${i}`] as const);
    const had = await orderOf([...many, ['bob', 'x'], ['cy', 'x']]);
    expect(had.slice(0, 4)).toEqual(['ada/s0', 'bob/x', 'cy/x', 'ada/s1']);
    expect(had).toHaveLength(52);
  });

  it('go round among the servers of a principal, and in order among equals', async () => {
    const had = await orderOf([
      ['ada', 'a'],
      ['ada', 'a'],
      ['ada', 'a'],
      ['ada', 'b'],
      ['ada', 'c'],
    ]);
    expect(had).toEqual(['ada/a', 'ada/b', 'ada/c', 'ada/a', 'ada/a']);
  });

  it('are so many at a time, and no more', async () => {
    const asked = Array.from({ length: 20 }, (_, i) => [`p${i % 3}`, `s${i}`] as const);
    expect(await orderOf(asked, 4)).toHaveLength(20);
  });

  it('forget who gave up while waiting', async () => {
    const turns = new StartTurns(1);
    const leave = await turns.enter({ principal: 'ada', server: 'a' });
    const abort = new AbortController();
    const given = turns.enter({ principal: 'bob', server: 'b' }, abort.signal);
    const next = turns.enter({ principal: 'cy', server: 'c' });
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    leave();
    (await next)();
    (await turns.enter({ principal: 'ada', server: 'a' }))();
  });
});
