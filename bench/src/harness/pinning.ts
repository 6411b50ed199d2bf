import { spawnSync } from 'node:child_process';

export type Role = 'server' | 'load';

const cores: Readonly<Record<Role, string>> = { server: '0', load: '1' };

const runsOn = (core: string): boolean => spawnSync('taskset', ['-c', core, 'true']).status === 0;

/** Whether the server can have a core, and the load client another one. */
export const canPin: boolean = Object.values(cores).every(runsOn);

/** The command line that starts a program on the core of its role; as it is where there is no `taskset`. */
export const pinned = (role: Role, line: readonly string[]): readonly string[] =>
  canPin ? ['taskset', '-c', cores[role], ...line] : line;
