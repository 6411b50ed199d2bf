import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { treeOf } from '../harness/cpu-time.ts';
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
}

const readyWithinMs = 20_000;
const endedWithinMs = 5_000;

const isAnswering = async (port: number): Promise<boolean> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
};

const killAll = (pids: readonly number[]): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
};

/** With all that it has started: one of them that is killed could not end its own. */
const stop = async (child: ChildProcess): Promise<void> => {
  const pids = treeOf(child.pid ?? 0);
  if (child.exitCode === null && child.signalCode === null) {
    const timer = setTimeout(() => child.kill('SIGKILL'), endedWithinMs);
    child.kill('SIGTERM');
    await once(child, 'exit');
    clearTimeout(timer);
  }
  killAll(pids);
};

/**
 * Starts a server that is no Node program, on the server's core, and waits until it answers.
 * It stays in the session of this process: where Linux shares its processors out by session, it gets what others get.
 */
export const startProgram = async ({ port, line }: ProgramOptions): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-bench-'));
  const [command = '', ...args] = pinned('server', line(folder));
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const killOnExit = (): void => killAll(treeOf(child.pid ?? 0));
  process.once('exit', killOnExit);
  const server: Server = {
    port,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      await stop(child);
      process.off('exit', killOnExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const deadlineMs = performance.now() + readyWithinMs;
  while (!(await isAnswering(port))) {
    if (performance.now() > deadlineMs || child.exitCode !== null) {
      await server[Symbol.asyncDispose]();
      throw new Error(`${command} ${args.join(' ')} did not answer on port ${port}`);
    }
    await delay(50);
  }
  return server;
};
