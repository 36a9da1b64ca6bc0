import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    environment: 'node',
    // Every file starts its own aggregator, agents and browser; two cores carry one set at a time.
    fileParallelism: false,
    // Where a change waits for the outcome, as in .ci/run: tried once more, and named.
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
