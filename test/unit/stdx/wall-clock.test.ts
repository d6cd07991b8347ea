/** The wall clock is set, by people, time servers and suspended machines; what measures how long something took must not notice. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Catalog, ServerListing } from '../../../src/catalog/catalog.ts';
import { createEraStore } from '../../../src/lifecycle/era-store.ts';
import { createRateLimiter } from '../../../src/policy/rate-limiter.ts';
import { isYoungerThan } from '../../../src/stdx/age.ts';
import { systemClock } from '../../../src/stdx/clock.ts';
import { sourceFiles } from '../architecture/source-tree.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

it.each([DAY_MS, -DAY_MS])(
  '#69 idle times, back-off and limits do not notice a clock that jumps by %d ms',
  async (jump) => {
    const limiter = createRateLimiter(systemClock.now);
    const rate = { count: 1, perMs: 60_000 };
    limiter.take('somebody', rate);
    const before = systemClock.now();
    const woken = new Promise<void>((resolve) => void systemClock.after(1, resolve));
    vi.setSystemTime(Date.now() + jump);
    await woken;
    expect(systemClock.now() - before).toBeLessThan(60_000);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(limiter.waitMs('somebody', rate)).toBeGreaterThan(0);
  },
);

it('#69 believes nothing that seems to come from the future', () => {
  const at = Date.now();
  expect(isYoungerThan(1_000, at)).toBe(true);
  vi.setSystemTime(at + 1_000);
  expect(isYoungerThan(1_000, at)).toBe(false);
  vi.setSystemTime(at - 1);
  expect(isYoungerThan(1_000, at)).toBe(false);
});

it('#69 asks a server for its era again when the clock was set back since it was listed', () => {
  const listing = { protocolVersion: '2025-06-18', listedAt: Date.now() } as ServerListing;
  const eras = createEraStore({ listing: () => listing } as unknown as Catalog);
  expect(eras.get('files')).toBe('legacy');
  vi.setSystemTime(Date.now() - DAY_MS);
  expect(eras.get('files')).toBeUndefined();
});

it('#69 no part that waits or counts reckons with the wall clock itself', () => {
  const measuring = /^src\/(bridge|discovery|http|lifecycle|meta-tools|policy|stdx)\//;
  const reckons = sourceFiles()
    .filter(({ path, text }) => measuring.test(path) && /Date\.now\(\)\s*[-+<>]|[-+<>]=?\s*Date\.now\(\)/.test(text))
    .map(({ path }) => path)
    .filter((path) => path !== 'src/stdx/age.ts');
  expect(reckons).toEqual([]);
});
