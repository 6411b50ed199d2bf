import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each file starts browsers, interpreters and brokers: more of them at once only makes all of them slow.
    maxWorkers: 2,
  },
});
