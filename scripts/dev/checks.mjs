/** Everything that `npm test` checks. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { missingPrograms } from './programs.mjs';
import { runSuites } from './suites.mjs';
import { root } from './tools.mjs';

const tarballs = join(root, '.reports/packed');

/** The folders of the packages that go to npm. */
const publishedPackages = () =>
  readdirSync(join(root, 'packages')).filter((name) => {
    const manifest = join(root, 'packages', name, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).private !== true;
  });

/** What is asked of attw, where a package is not for everyone. @type {Record<string, string[]>} */
const typeOptions = {
  // ESM alone: Node from 22 on can require() it.
  broker: ['--profile', 'esm-only'],
  // A script for a page, which nobody imports.
  'client-browser': ['--profile', 'node16', '--exclude-entrypoints', './global'],
};

/** @type {[title: string, work: (run: import('./steps.mjs').Run) => Promise<string | void>][]} */
const checks = [
  [
    'types',
    async (run) => {
      await run('turbo', ['run', 'types', '--output-logs=errors-only', '--ui=stream']);
      await run('tsc', ['-p', 'scripts']);
    },
  ],
  ['lint', async (run) => void (await run('oxlint', ['--deny-warnings']))],
  ['format', async (run) => void (await run('prettier', ['--check', '.']))],
  ['unused', async (run) => void (await run('knip', []))],
  [
    'pack',
    async (run) => {
      rmSync(tarballs, { recursive: true, force: true });
      mkdirSync(tarballs, { recursive: true });
      for (const name of publishedPackages()) {
        await run('pnpm', ['--dir', `packages/${name}`, 'pack', '--out', join(tarballs, `${name}.tgz`)]);
      }
    },
  ],
  [
    'publint',
    async (run) => {
      for (const name of publishedPackages())
        await run('publint', ['run', join(tarballs, `${name}.tgz`), '--strict']);
    },
  ],
  [
    'attw',
    async (run) => {
      for (const name of publishedPackages()) {
        const options = typeOptions[name] ?? ['--profile', 'node16'];
        await run('attw', [join(tarballs, `${name}.tgz`), ...options]);
      }
    },
  ],
  [
    'size',
    async (run) => (await run('node', ['--disable-warning=ExperimentalWarning', 'scripts/size.ts'])).trim(),
  ],
];

/**
 * @param {import('./steps.mjs').Steps} steps
 * @param {import('./tools.mjs').Tools} tools
 * @param {string[]} only titles of checks; none means all
 * @returns {Promise<number>} the exit code
 */
export const runChecks = async (steps, tools, only) => {
  const titles = [...checks.map(([title]) => title), 'suites'];
  const unknown = only.find((title) => !titles.includes(title));
  if (unknown) throw new Error(`there is no check '${unknown}': there are ${titles.join(', ')}`);
  const isWanted = (/** @type {string} */ title) => only.length === 0 || only.includes(title);

  for (const [title, work] of checks) {
    if (!isWanted(title)) continue;
    await steps.try(title, { cwd: root, env: tools.env }, async (run) => (await work(run)) ?? '');
  }
  if (isWanted('suites')) {
    await runSuites(steps, tools);
    const missing = await missingPrograms(tools.env);
    if (missing.length > 0) console.log(`\n${missing.join('\n')}`);
    // In CI a test that is left out would go unnoticed.
    if (process.env.CI) steps.failed += missing.length;
  }
  steps.printTotal();
  return steps.failed === 0 ? 0 : 1;
};
