/** What every command needs first: tools, libraries, and the build. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fetchTools, root } from './tools.mjs';

/** Written into `node_modules` after an installation, so that it goes when they go. */
const stamp = join(root, 'node_modules/.installed');

/** What an installation depends on, as one hash. */
const installationKey = () => {
  const hash = createHash('sha256');
  const folders = [
    '.',
    'bench',
    'e2e',
    'faults',
    'fuzz',
    ...['packages', 'apps'].flatMap((parent) => foldersOf(parent)),
  ];
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...folders.map((name) => join(name, 'package.json')),
  ];
  for (const file of files) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(file).update(readFileSync(path));
  }
  return hash.digest('hex');
};

/** @param {string} parent */
const foldersOf = (parent) => readdirSync(join(root, parent)).map((name) => join(parent, name));

const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === installationKey();

/**
 * @param {import('./steps.mjs').Steps} steps
 * @returns {Promise<import('./tools.mjs').Tools>}
 */
export const prepare = async (steps) => {
  /** @type {import('./tools.mjs').Tools | undefined} */
  let tools;
  await steps.must('tools', { cwd: root, env: process.env }, async () => {
    tools = await fetchTools();
    return `node ${tools.nodeVersion}, pnpm ${tools.pnpmVersion}`;
  });
  if (!tools) throw new Error('unreachable: a failed step throws');
  await steps.must('install', { cwd: root, env: tools.env }, async (run) => {
    if (isInstalled()) return 'unchanged';
    // Libraries that another pnpm has put there, from another store, are replaced without a question.
    const flags = ['--frozen-lockfile', '--reporter=append-only', '--config.confirm-modules-purge=false'];
    await run('pnpm', ['install', ...flags]);
    writeFileSync(stamp, installationKey());
    return '';
  });
  return tools;
};

/**
 * @param {import('./steps.mjs').Steps} steps
 * @param {import('./tools.mjs').Tools} tools
 */
export const build = (steps, { env }) =>
  steps.must('build', { cwd: root, env }, async (run) => {
    const output = await run('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream']);
    return /Cached:\s+(\d+ cached, \d+ total)/.exec(output)?.[1] ?? '';
  });
