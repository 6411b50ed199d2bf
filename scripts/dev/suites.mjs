/** The suites of vitest, and what they add to the count. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './tools.mjs';

const reportFile = join(root, '.reports/vitest.json');

/**
 * @typedef {object} Report what vitest's JSON reporter writes, as far as it is read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: unknown[] }[]} testResults one for each file
 */

/**
 * A file that could not be loaded has no tests: it counts as one that failed.
 *
 * @param {Report} report
 */
export const countTests = (report) => ({
  passed: report.numPassedTests,
  failed:
    report.numFailedTests +
    report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
      .length,
  skipped: report.numPendingTests + report.numTodoTests,
});

/** @returns {ReturnType<typeof countTests>} */
const readReport = () =>
  existsSync(reportFile)
    ? countTests(JSON.parse(readFileSync(reportFile, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 };

/**
 * @param {import('./steps.mjs').Steps} steps
 * @param {import('./tools.mjs').Tools} tools
 */
export const runSuites = async (steps, { env }) => {
  rmSync(reportFile, { force: true });
  const isFine = await steps.try('suites', { cwd: root, env }, async (run) => {
    await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]);
    const { passed, skipped } = readReport();
    return `${passed} tests passed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  });
  const { passed, failed } = readReport();
  // The tests count in place of the step, unless it failed and none of them says so.
  if (isFine) steps.passed -= 1;
  else if (failed > 0) steps.failed -= 1;
  steps.passed += passed;
  steps.failed += failed;
};
