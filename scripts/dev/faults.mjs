/** The scenarios of faults/ at full scale, in the foreground: they show how far they are. */
import { inherit } from './process.mjs';
import { root } from './tools.mjs';

/**
 * @param {import('./tools.mjs').Tools} tools
 * @param {string[]} names of scenarios; none means all
 * @returns {Promise<number>} the exit code
 */
export const runFaults = (tools, names) =>
  inherit('node', ['--disable-warning=ExperimentalWarning', 'faults/src/main.ts', ...names], {
    cwd: root,
    env: tools.env,
  });
