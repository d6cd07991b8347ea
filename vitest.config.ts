import { defineConfig } from 'vitest/config';

/** Limits are for what hangs, not for what is slow on a busy machine. Unit tests start nothing; the others start processes. */
const unit = { testTimeout: 30_000, pool: 'threads' as const, expect: { poll: { timeout: 20_000 } } };
const processes = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  pool: 'forks' as const,
  expect: { poll: { timeout: 60_000 } },
};
/** Fails a file that leaves a process or a temporary file behind. */
const setupFiles = ['test/helpers/test-run.ts'];

/** Only these run what the build makes; `npm test` builds before all. */
const globalSetup = ['test/helpers/built.ts'];

export default defineConfig({
  test: {
    poolOptions: { forks: { maxForks: 2 }, threads: { maxThreads: 2 } },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...unit, setupFiles } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...processes, setupFiles } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...processes,
          testTimeout: 180_000,
          setupFiles,
          globalSetup,
        },
      },
      { test: { name: 'quality', include: ['test/quality/**/*.test.ts'], ...processes, setupFiles } },
    ],
  },
});
