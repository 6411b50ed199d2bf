import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnProcess, type SpawnOptions } from '@wsbroker/testkit';
import { pinned } from '../harness/pinning.ts';
import type { Server } from '../harness/server.ts';

/** What a program prints of itself; undefined when it is not installed. */
export const outputOf = (command: string, ...args: readonly string[]): string | undefined => {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return error || status !== 0 ? undefined : `${stdout}${stderr}`.trim();
};

/** Debian's version of a package, where there is one. */
export const packageVersion = (name: string): string | undefined =>
  outputOf('dpkg-query', '--show', '--showformat=${Version}', name);

export interface ProgramOptions {
  readonly port: number;
  /** The command line, given a folder of its own for files. */
  readonly line: (folder: string) => readonly string[];
  readonly readyWhen: NonNullable<SpawnOptions['readyWhen']>;
}

/** Starts a server that is no Node program, on the server's core. */
export const startProgram = async ({ port, line, readyWhen }: ProgramOptions): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-bench-'));
  const [command = '', ...args] = pinned('server', line(folder));
  try {
    const process = await spawnProcess(command, args, { readyWhen });
    return {
      port,
      pid: process.pid ?? 0,
      async [Symbol.asyncDispose]() {
        await process.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
};
