/** pnpm and Node in `.tools/`, and the environment that keeps every tool inside the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { capture } from './process.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, '.tools');

/** The Node that is fetched where the installed one is too old. */
const nodeVersion = '24.21.0';

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

const pnpmVersion = () => readJson(join(root, 'package.json')).packageManager.replace('pnpm@', '');

/** Broker, tests and tools need this much; odd majors get no fixes for long. */
const isCurrent = (/** @type {string} */ version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 22 && minor >= 19) || (major === 24 && minor >= 11) || (major >= 26 && major % 2 === 0);
};

/**
 * The environment of every tool: caches, stores and settings that would go into HOME go into `.tools/`.
 * HOME itself stays, so that the user's `.npmrc` (registry, proxy) counts.
 *
 * @param {string[]} binFolders
 * @returns {NodeJS.ProcessEnv}
 */
const environment = (binFolders) => {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    // What npm tells its script about itself is not true of the commands that this script runs.
    if (
      /^npm_(?:lifecycle|package|command|execpath|node_execpath|config_(?:local|global)_prefix)/.test(name)
    ) {
      delete env[name];
    }
  }
  const inherited = env.PATH ?? '';
  // Debian keeps nginx out of the PATH of ordinary users.
  const system = process.platform === 'win32' ? [] : ['/usr/sbin'];
  return {
    ...env,
    PATH: [join(root, 'node_modules/.bin'), ...binFolders, inherited, ...system].join(delimiter),
    npm_config_cache: join(folder, 'cache/npm'),
    npm_config_update_notifier: 'false',
    pnpm_config_store_dir: join(folder, 'store'),
    pnpm_config_update_notifier: 'false',
    PNPM_HOME: join(folder, 'pnpm-home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_STATE_HOME: join(folder, 'state'),
    NODE_COMPILE_CACHE: join(folder, 'cache/node'),
    TURBO_CACHE_DIR: join(folder, 'cache/turbo'),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
};

/**
 * Installs one package into a folder of its own below `.tools/`; the folder's name tells the version.
 *
 * @param {string} name
 * @param {string} version a version or a range
 * @param {string} into
 * @returns {Promise<string>} the folder of its commands
 */
const fetchPackage = async (name, version, into) => {
  const prefix = join(folder, `${into}-${version}`);
  if (!existsSync(join(prefix, 'node_modules', name, 'package.json'))) {
    const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
    await capture('npm', ['install', '--prefix', prefix, ...flags, `${name}@${version}`], {
      cwd: root,
      env: environment([dirname(process.execPath)]),
    });
  }
  return join(prefix, 'node_modules/.bin');
};

/**
 * Fetches a Node from the npm registry, as the package of this platform: that needs no install script.
 *
 * @param {string} version a version or a range
 * @returns {Promise<{ binFolder: string, version: string }>}
 */
export const fetchNode = async (version) => {
  const isAppleSilicon = process.platform === 'darwin' && process.arch === 'arm64';
  const name = `${isAppleSilicon ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`;
  const binFolder = await fetchPackage(name, version, 'node');
  const { output } = await capture(join(binFolder, 'node'), ['--version'], { cwd: root, env: process.env });
  return { binFolder, version: output.trim().slice(1) };
};

/**
 * @typedef {object} Tools
 * @property {NodeJS.ProcessEnv} env the environment to run the tools in
 * @property {string} nodeVersion
 * @property {string} pnpmVersion
 */

/** @returns {Promise<Tools>} */
export const fetchTools = async () => {
  const node = isCurrent(process.versions.node)
    ? { binFolder: dirname(process.execPath), version: process.versions.node }
    : await fetchNode(nodeVersion);
  const pnpm = pnpmVersion();
  const pnpmFolder = await fetchPackage('pnpm', pnpm, 'pnpm');
  return { env: environment([node.binFolder, pnpmFolder]), nodeVersion: node.version, pnpmVersion: pnpm };
};

/**
 * The same tools on another Node.
 *
 * @param {Tools} tools
 * @param {string} binFolder
 * @returns {NodeJS.ProcessEnv}
 */
export const onNode = (tools, binFolder) => ({
  ...tools.env,
  PATH: [binFolder, tools.env.PATH].join(delimiter),
});
