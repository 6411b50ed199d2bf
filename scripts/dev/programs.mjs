/** Programs of the system that tests use where they are there: a browser, and the languages of backends. */
import { capture } from './process.mjs';
import { root } from './tools.mjs';

/** @type {{ name: string, command: string, args: string[], without: string, packages: string }[]} */
const programs = [
  {
    name: 'Chromium',
    command: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--version'],
    without: 'the tests in a browser',
    packages: 'chromium',
  },
  {
    name: 'PHP with curl and SQLite',
    command: 'php',
    args: ['-r', 'exit(extension_loaded("curl") && extension_loaded("pdo_sqlite") ? 0 : 1);'],
    without: 'the tests with a PHP backend',
    packages: 'php-cli php-curl php-sqlite3',
  },
  {
    name: 'Python 3',
    command: 'python3',
    args: ['--version'],
    without: 'the tests with a Python backend',
    packages: 'python3',
  },
  {
    name: 'nginx',
    command: 'nginx',
    args: ['-v'],
    without: 'the tests behind a real reverse proxy',
    packages: 'nginx-light',
  },
  {
    name: 'prlimit',
    command: 'prlimit',
    args: ['--version'],
    without: 'the tests of a journal on a disk that refuses',
    packages: 'util-linux',
  },
  {
    name: 'strace',
    command: 'strace',
    args: ['--version'],
    without: 'the order of system calls of a broker with a journal',
    packages: 'strace',
  },
];

/**
 * One line for each program that is missing: what was left out, and how to get it.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string[]>}
 */
export const missingPrograms = async (env) => {
  const lines = await Promise.all(
    programs.map(async ({ name, command, args, without, packages }) => {
      try {
        await capture(command, args, { cwd: root, env });
        return undefined;
      } catch {
        return `${name} is missing, so ${without} were left out: sudo apt-get install ${packages}`;
      }
    }),
  );
  return lines.filter((line) => line !== undefined);
};
