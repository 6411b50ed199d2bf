import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    setupFiles: ['vitest.setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests wait for a time limit of the broker to pass, and let others work meanwhile.
    maxWorkers: 3,
  },
});
