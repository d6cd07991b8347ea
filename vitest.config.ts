import { defineConfig } from 'vitest/config';
import { onChroma } from './test/helpers/on-chroma/substitute.ts';

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

/** TOOLDEX_TEST_STORE=chroma: gateways keep their vectors in one real Chroma, unless a test configures a store itself. */
const isOnChroma = process.env.TOOLDEX_TEST_STORE === 'chroma';
const plugins = isOnChroma ? [onChroma] : [];
const withGateways = { ...processes, setupFiles: isOnChroma ? ['test/helpers/on-chroma/test-file.ts'] : setupFiles };

export default defineConfig({
  test: {
    globalSetup: isOnChroma ? ['test/helpers/on-chroma/start.ts'] : [],
    poolOptions: { forks: { maxForks: 2 }, threads: { maxThreads: 2 } },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...unit, setupFiles } },
      { plugins, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...withGateways } },
      {
        plugins,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...withGateways,
          testTimeout: 180_000,
          globalSetup,
        },
      },
      { plugins, test: { name: 'quality', include: ['test/quality/**/*.test.ts'], ...withGateways } },
    ],
  },
});
