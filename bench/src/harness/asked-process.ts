import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer } from './answer-asks.ts';
import { pinned, type Role } from './pinning.ts';

export interface AskedProcessOptions {
  readonly role: Role;
  /** A TypeScript file that calls `answerAsks`. */
  readonly script: URL;
  readonly args?: readonly string[];
  /** Options of Node itself, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const endedWithinMs = 10_000;

/** A Node process on a core of its own, which does what it is asked to. */
export class AskedProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<unknown>;
  #asks = 0;

  constructor({ role, script, args = [], nodeOptions = [] }: AskedProcessOptions) {
    const path = fileURLToPath(script);
    this.#name = [path, ...args].join(' ');
    const line = [process.execPath, '--disable-warning=ExperimentalWarning', ...nodeOptions, path, ...args];
    const [command = '', ...rest] = pinned(role, line);
    this.#child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: Answer) => this.#settle(answer));
    this.#ended = once(this.#child, 'exit').finally(() => this.#failAll());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The answer is what the process gives: the caller knows its form. */
  async ask<T = void>(name: string, params: unknown = {}): Promise<T> {
    this.#asks += 1;
    const id = this.#asks;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      if (this.#child.connected) this.#child.send({ id, name, params });
      else this.#failAll();
    });
  }

  /** It is let end by itself, so that a profile is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endedWithinMs);
    await this.#ended;
    clearTimeout(timer);
  }

  #settle({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${this.#name}: ${error}`));
  }

  #failAll(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(`${this.#name} ended with ${this.#child.signalCode ?? this.#child.exitCode}`));
    }
    this.#waiting.clear();
  }
}
