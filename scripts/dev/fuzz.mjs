/** The properties of fuzz/ with all their cases, in the foreground: they show how far they are. */
import { inherit } from './process.mjs';
import { root } from './tools.mjs';

/**
 * @param {import('./tools.mjs').Tools} tools
 * @param {string[]} rest names of properties, none means all; and options: `--runs N`, `--seed N`, `--path P`
 * @returns {Promise<number>} the exit code
 */
export const runFuzz = (tools, rest) =>
  inherit(
    'node',
    ['--disable-warning=ExperimentalWarning', 'fuzz/src/main.ts', ...rest.filter((word) => word !== '--')],
    { cwd: root, env: tools.env },
  );
