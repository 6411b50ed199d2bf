/** The scenarios of faults/ (or its loads, with `--loads`) at full scale, in the foreground: they show how far they are. */
import { inherit } from './process.mjs';
import { root } from './tools.mjs';

/**
 * @param {import('./tools.mjs').Tools} tools
 * @param {string[]} args names of scenarios, none means all; `--short`, `--loads`
 * @returns {Promise<number>} the exit code
 */
export const runFaults = (tools, args) =>
  inherit('node', ['--disable-warning=ExperimentalWarning', 'faults/src/main.ts', ...args], {
    cwd: root,
    env: tools.env,
  });
