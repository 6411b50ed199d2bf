/** The suites of the packages on every Node that they are for. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { CommandFailed } from './process.mjs';
import { withoutCodes } from './steps.mjs';
import { fetchNode, onNode, root } from './tools.mjs';

const supported = ['22', '24', '26'];

/** @param {string} output of vitest */
const summaryOf = (output) => /^\s*Tests\s+(.*)$/m.exec(withoutCodes(output))?.[1];

/**
 * @param {import('./steps.mjs').Steps} steps
 * @param {import('./tools.mjs').Tools} tools
 * @param {string[]} wanted major versions; none means all
 * @returns {Promise<number>} the exit code
 */
export const runNodes = async (steps, tools, wanted) => {
  const majors = wanted.length > 0 ? wanted : supported;
  const projects = readdirSync(join(root, 'packages')).flatMap((name) => ['--project', name]);
  /** @type {[node: string, result: string][]} */
  const table = [];
  for (const major of majors) {
    const node = await fetchNode(major);
    const env = onNode(tools, node.binFolder);
    let result = '';
    const isFine = await steps.try(`node ${node.version}`, { cwd: root, env }, async (run) => {
      try {
        const output = await run('node', ['node_modules/vitest/vitest.mjs', 'run', ...projects]);
        result = summaryOf(output) ?? 'no test ran';
      } catch (error) {
        if (error instanceof CommandFailed) result = summaryOf(error.output) ?? 'did not run';
        throw error;
      }
      return result;
    });
    table.push([node.version, `${isFine ? 'passed' : 'FAILED'}   ${result}`]);
  }
  console.log(
    `\n  Node       Result\n${table.map(([node, result]) => `  ${node.padEnd(10)} ${result}`).join('\n')}`,
  );
  return steps.failed === 0 ? 0 : 1;
};
