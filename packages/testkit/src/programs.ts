import { spawnSync } from 'node:child_process';

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** What its output must contain; missing: that it runs is enough. */
  readonly expected?: readonly RegExp[];
  /** Debian's name for what brings it. */
  readonly packages: string;
}

export type ProgramName = 'chromium' | 'php' | 'python3' | 'nginx' | 'prlimit';

export const chromiumPath = (): string => process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const program = (name: ProgramName): Program => {
  switch (name) {
    case 'chromium':
      return { command: chromiumPath(), args: ['--version'], packages: 'chromium' };
    case 'php':
      return {
        command: 'php',
        args: ['-m'],
        expected: [/^json$/m, /^curl$/m, /^pdo_sqlite$/m],
        packages: 'php-cli php-curl php-sqlite3',
      };
    case 'python3':
      return { command: 'python3', args: ['--version'], expected: [/^Python 3/m], packages: 'python3' };
    case 'nginx':
      return { command: 'nginx', args: ['-v'], packages: 'nginx' };
    case 'prlimit':
      return { command: 'prlimit', args: ['--version'], packages: 'util-linux' };
  }
};

/**
 * Whether a program that a test needs is on this machine, for `test.skipIf(!has('php'))`.
 * @throws Error where `CI` is set and it is missing: a test skipped there would go unnoticed.
 */
export const has = (name: ProgramName): boolean => {
  const { command, args, expected = [], packages } = program(name);
  const run = spawnSync(command, args, { encoding: 'utf8' });
  const works = run.status === 0 && expected.every((pattern) => pattern.test(run.stdout));
  if (!works && process.env['CI']) {
    throw new Error(
      `${name} is missing (tried \`${command} ${args.join(' ')}\`): apt-get install ${packages}`,
    );
  }
  return works;
};
