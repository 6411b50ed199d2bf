import { join } from 'node:path';

import { inherit } from './process.mjs';
import { root } from './tools.mjs';

/**
 * Runs the demo until it ends or is told to. No shell and no task runner stands between, so that signals arrive.
 *
 * @param {import('./tools.mjs').Tools} tools
 * @returns {Promise<number>} its exit code
 */
export const startDemo = ({ env }) => {
  const folder = join(root, 'apps/demo');
  // Type stripping and node:sqlite announce themselves as experimental on some Node versions.
  const args = ['--disable-warning=ExperimentalWarning', join(folder, 'src/server/main.ts')];
  return inherit('node', args, { cwd: folder, env });
};
