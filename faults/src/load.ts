import { fileURLToPath } from 'node:url';
import { SpawnedProcess } from '@wsbroker/testkit';
import type { Facts } from './facts.ts';
import type { LoadKind, LoadParams } from './generators.ts';
import { until } from './until.ts';

const program = fileURLToPath(new URL('load-process.ts', import.meta.url));

/** A load that goes on in a process of its own until it is stopped. */
export class Load implements AsyncDisposable {
  readonly #process: SpawnedProcess;

  constructor(kind: LoadKind, params: object) {
    const args = ['--disable-warning=ExperimentalWarning', program, kind, JSON.stringify(params)];
    this.#process = new SpawnedProcess(process.execPath, args, {});
  }

  /** What it has counted so far, a moment ago. */
  get facts(): Facts {
    const [, line] = /(?:^|\n)(\{[^\n]*\})\n[^\n]*$/.exec(this.#process.output.slice(-20_000)) ?? [];
    return line === undefined ? {} : (JSON.parse(line) as Facts);
  }

  /** One of its counts. */
  count(name: string): number {
    return this.facts[name] ?? 0;
  }

  /** Waits until its counts are so; false when that takes too long. @throws Error when the process has ended. */
  until(isSo: (count: (name: string) => number) => boolean, timeoutMs: number): Promise<boolean> {
    return until(() => {
      if (!this.#process.isRunning) throw new Error(`A load ended by itself:\n${this.#process.output}`);
      const { facts } = this;
      return isSo((name) => facts[name] ?? 0);
    }, timeoutMs);
  }

  /** Ends it with all its sockets. */
  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Resolves when its process is there: what it takes to start one is no part of the load. */
export const startLoad = async <K extends LoadKind>(kind: K, params: LoadParams<K>): Promise<Load> => {
  const load = new Load(kind, params);
  await load.until((count) => count('started') === 1, 60_000);
  return load;
};
