import { expect, it } from 'vitest';
import { closeEach } from '../../../src/stdx/close-each.ts';

it('closes what comes after a failure, in order, and tells of it', async () => {
  const done: string[] = [];
  const failures: unknown[] = [];
  const [late, early] = [new Error('late'), new Error('early')];
  const steps = [
    async () => void done.push('first'),
    () => Promise.reject(late),
    () => {
      throw early;
    },
    () => void done.push('last'),
  ];
  await closeEach(steps, (error) => failures.push(error));
  expect(done).toEqual(['first', 'last']);
  expect(failures).toEqual([late, early]);
});
