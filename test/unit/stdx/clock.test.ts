/** Time as the system has it. */
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/stdx/clock.ts';

it.each([2 ** 31, Number.POSITIVE_INFINITY])('a wait of %d ms is a long one, and not none', async (delayMs) => {
  let isOver = false;
  const cancel = systemClock.after(delayMs, () => {
    isOver = true;
  });
  // A timer of the platform would have fired after 1 ms.
  await new Promise((resolve) => setTimeout(resolve, 5));
  cancel();
  expect(isOver).toBe(false);
});
