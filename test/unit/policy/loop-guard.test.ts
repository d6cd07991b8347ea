import { expect, it } from 'vitest';
import { createLoopGuard } from '../../../src/policy/loop-guard.ts';

it('#60 knows a request that its own server sent, and tells nobody its name', () => {
  const guard = createLoopGuard('a');
  const via = guard.via('files');
  expect(via).not.toContain('files');
  expect(guard.admits('files', via)).toBe(false);
  expect(guard.admits(undefined, via)).toBe(false);
  expect(guard.admits('others', via)).toBe(true);
  expect(createLoopGuard('b').admits('files', via)).toBe(true);
});

it('#60 closes a ring of any length at the first who is asked by itself', () => {
  const ring = ['a', 'b', 'c', 'd'].map((id) => createLoopGuard(id));
  const admitted = ring.map((guard, at) => {
    const before = ring[(at + ring.length - 1) % ring.length];
    return guard.admits('files', before?.via('files') ?? '');
  });
  expect(admitted).toEqual([true, true, true, false]);
});

it('#60 lets gateways use each other where nothing goes round', () => {
  const [a, b] = [createLoopGuard('a'), createLoopGuard('b')];
  for (let round = 0; round < 3; round += 1) {
    expect(b.admits('mail', a.via('mail-of-b'))).toBe(true);
    expect(a.admits('files', b.via('files-of-a'))).toBe(true);
  }
});

it('#60 closes a ring that goes through a door to several servers', () => {
  const [a, b] = [createLoopGuard('a'), createLoopGuard('b')];
  expect(a.admitsToAny(['x', 'y'], a.via('b'))).toBe(false);
  expect(b.admitsToAny(['a', 'files'], a.via('b'))).toBe(true);
  expect(a.admits('b', b.via('a'))).toBe(false);
  expect(a.admits('mail', b.via('a'))).toBe(true);
});

it('#60 keeps a bounded number of names, and none that it could not have been told', () => {
  const guard = createLoopGuard('a');
  for (let i = 0; i < 1_000; i += 1) guard.admits('files', createLoopGuard(String(i)).via('x'));
  guard.admits('files', `${'x'.repeat(10_000)},\r\nevil: 1`);
  expect(guard.via('files').split(',').length).toBeLessThanOrEqual(33);
  expect(guard.via('files')).not.toContain('x');
});
