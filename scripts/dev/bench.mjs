/** The scenarios of bench/, in the foreground: they show how far they are. */
import { inherit } from './process.mjs';
import { root } from './tools.mjs';

/**
 * @param {import('./tools.mjs').Tools} tools
 * @param {string[]} rest names of scenarios, none means all; `--quick`, `--check`
 * @returns {Promise<number>} the exit code
 */
export const runBench = (tools, rest) =>
  inherit(
    'node',
    ['--disable-warning=ExperimentalWarning', 'bench/src/main.ts', ...rest.filter((word) => word !== '--')],
    { cwd: root, env: tools.env },
  );
