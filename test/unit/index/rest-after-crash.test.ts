import { describe, expect, it } from 'vitest';
import { RestAfterCrash } from '../../../index/rest-after-crash.ts';

describe('rest after a crash', () => {
  it('lasts longer each time, up to a minute, and ends by itself', () => {
    let now = 5;
    const rest = new RestAfterCrash({ name: 'it', firstMs: 1_000, clock: { now: () => now, after: () => () => {} } });
    rest.check();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      rest.crashed('broken');
      now += seconds * 1_000 - 1;
      expect(() => rest.check()).toThrow('broken; it is started again in 1 s at the earliest');
      now += 1;
      rest.check();
    }
  });

  it('is not needed after a long life', () => {
    const rest = new RestAfterCrash({ name: 'it', firstMs: 1_000, clock: { now: () => 0, after: () => () => {} } });
    rest.crashed('once', 61_000);
    rest.check();
    rest.crashed('again', 10);
    expect(() => rest.check()).toThrow('again');
  });
});
