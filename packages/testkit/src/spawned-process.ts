import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface SpawnOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Ready when its output matches, or when this URL answers, whatever it says. */
  readyWhen?: RegExp | URL | string;
  /** How long getting ready may take. @default 60000 */
  timeoutMs?: number;
}

export interface ExitFacts {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const pollIntervalMs = 50;
/** Longer than the broker's drain when its backend is gone. */
const killAfterMs = 8_000;

/** A program that a test started, with all that it started itself. */
export class SpawnedProcess implements AsyncDisposable {
  readonly exited: Promise<ExitFacts>;
  readonly #child: ChildProcess;
  readonly #command: string;
  #output = '';
  #exit: ExitFacts | undefined;
  #startError: Error | undefined;

  constructor(command: string, args: readonly string[], options: SpawnOptions) {
    this.#command = [command, ...args].join(' ');
    // A process group of its own, so that a signal reaches its children too.
    this.#child = spawn(command, args, {
      detached: true,
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    // Detached children outlive a test run that is cut short otherwise.
    const killOnExit = (): void => this.kill('SIGKILL');
    process.once('exit', killOnExit);
    this.exited = new Promise((resolve) => {
      const ended = (facts: ExitFacts): void => {
        this.#exit ??= facts;
        process.off('exit', killOnExit);
        resolve(this.#exit);
      };
      this.#child.once('error', (error) => {
        this.#startError = error;
        ended({ code: null, signal: null });
      });
      this.#child.once('exit', (code, signal) => {
        // What is left in its pipes still belongs to its output, unless a child of its own keeps them open.
        const timer = setTimeout(() => ended({ code, signal }), 500);
        this.#child.once('close', () => {
          clearTimeout(timer);
          ended({ code, signal });
        });
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it wrote so far, standard output and error together. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Resolves with the match once the output matches. */
  async outputMatching(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpMatchArray> {
    let match: RegExpMatchArray | null = null;
    await this.#poll(`output like ${String(pattern)}`, timeoutMs, () => {
      match = this.#output.match(pattern);
      return match !== null;
    });
    return match as unknown as RegExpMatchArray;
  }

  /** Resolves once the URL answers. */
  answering(url: URL | string, timeoutMs = 60_000): Promise<void> {
    return this.#poll(`an answer of ${String(url)}`, timeoutMs, () => answers(url));
  }

  /** Sends a signal to the process and all that it started, and does not wait. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // All gone already.
    }
  }

  /** Ends it: SIGTERM, and SIGKILL if that does not help. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ExitFacts> {
    this.kill(signal);
    const timer = setTimeout(() => this.kill('SIGKILL'), killAfterMs);
    const facts = await this.exited;
    clearTimeout(timer);
    // Its children may have stayed behind.
    this.kill('SIGKILL');
    return facts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #poll(what: string, timeoutMs: number, done: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await done())) {
      if (this.#startError) {
        throw new Error(`\`${this.#command}\` could not be started`, { cause: this.#startError });
      }
      const late = performance.now() > deadline;
      if (late || !this.isRunning) {
        const why = late ? `none within ${timeoutMs} ms` : `it ended with ${JSON.stringify(this.#exit)}`;
        throw new Error(`\`${this.#command}\`: waited for ${what}: ${why}. Its output:\n${this.#output}`);
      }
      await delay(pollIntervalMs);
    }
  }
}

/** Starts a program and waits until it is ready; when it does not get ready, ends it and throws. */
export const spawnProcess = async (
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<SpawnedProcess> => {
  const spawned = new SpawnedProcess(command, args, options);
  const { readyWhen, timeoutMs } = options;
  try {
    if (readyWhen instanceof RegExp) await spawned.outputMatching(readyWhen, timeoutMs);
    else if (readyWhen !== undefined) await spawned.answering(readyWhen, timeoutMs);
  } catch (error) {
    await spawned.stop('SIGKILL');
    throw error;
  }
  return spawned;
};

const answers = (url: URL | string): Promise<boolean> =>
  new Promise((resolve) => {
    const outgoing = request(url, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      response.on('close', () => resolve(true));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(false));
    outgoing.end();
  });
