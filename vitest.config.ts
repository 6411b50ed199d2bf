import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const inRepository = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const browserTests = '**/*.browser.test.{ts,tsx}';

/** Tests that bring a browser, an installation or a compiler along run after the others, one file at a time. */
const heavy = { maxWorkers: 1, sequence: { groupOrder: 1 } };
const light = { maxWorkers: Math.max(2, availableParallelism() - 1), sequence: { groupOrder: 0 } };

/** The tests of one folder, with what its own `vitest.config.ts` adds where it has one. */
const project = (
  name: string,
  folder: string,
  load: typeof heavy | typeof light,
): TestProjectInlineConfiguration => {
  const config = inRepository(`${folder}/vitest.config.ts`);
  return {
    extends: existsSync(config) ? config : true,
    root: folder,
    test: {
      name,
      include: ['**/*.test.{ts,tsx}'],
      exclude: ['**/node_modules/**', '**/dist/**', browserTests],
      ...load,
    },
  };
};

export default defineConfig({
  test: {
    pool: 'forks',
    // Generous, since a loaded machine is no bug. Nothing asserts on absolute times.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      ...readdirSync(inRepository('packages')).map((name) => project(name, `packages/${name}`, light)),
      project('demo', 'apps/demo', light),
      project('bench', 'bench', heavy),
      project('e2e', 'e2e', heavy),
      project('faults', 'faults', heavy),
      project('fuzz', 'fuzz', heavy),
      project('scripts', 'scripts', heavy),
      {
        extends: true,
        test: {
          name: 'browser',
          include: [`{packages,apps,e2e}/${browserTests}`],
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          ...heavy,
        },
      },
    ],
  },
});
