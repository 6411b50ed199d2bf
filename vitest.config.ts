import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const browserTests = '**/*.browser.test.{ts,tsx}';

/** Tests that bring a browser, an installation or a compiler along run after the others, one file at a time. */
const heavy = { maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 1 } };
const light = { maxWorkers: Math.max(2, availableParallelism() - 1), sequence: { groupOrder: 0 } };

const project = (
  name: string,
  root: string,
  load: typeof heavy | typeof light,
): TestProjectInlineConfiguration => ({
  extends: true,
  root,
  test: {
    name,
    include: ['**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/dist/**', browserTests],
    ...load,
  },
});

const packages = readdirSync(new URL('packages', import.meta.url));

export default defineConfig({
  test: {
    pool: 'forks',
    // Generous, since a loaded machine is no bug. Nothing asserts on absolute times.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      ...packages.map((name) => project(name, `packages/${name}`, light)),
      project('demo', 'apps/demo', light),
      project('e2e', 'e2e', heavy),
      project('scripts', 'scripts', heavy),
      {
        extends: true,
        test: {
          name: 'browser',
          include: [`{packages,apps,e2e}/${browserTests}`],
          exclude: ['**/node_modules/**'],
          ...heavy,
        },
      },
    ],
  },
});
