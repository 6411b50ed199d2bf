import { spawnSync } from 'node:child_process';

/** Whether a program that only some scenarios need is on this machine. */
export const hasProgram = (name: string): boolean => spawnSync(name, ['--version']).status === 0;

/** Some containers have strace and forbid what it does. */
export const mayTrace = (): boolean => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
