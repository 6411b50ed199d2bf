import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ControlStatus } from '../control-status.ts';

export type BackendStatus = ControlStatus['backend'];

export interface BackendProcessOptions {
  /** The program's file. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** One line for the terminal. */
  readonly tell: (line: string) => void;
  /** How long it stays away when nobody asked it to go. @default 1000 */
  readonly crashPauseMs?: number;
}

/** A process that ends sooner than this has not got over what ended the one before. */
const soonMs = 5_000;
const maxCrashPauseMs = 10_000;
/** After SIGTERM, how long it may take. */
const endWaitMs = 2_000;

/**
 * The backend as a process of its own, started again whenever it ends.
 *
 * It is ended with SIGKILL: no handler of its own runs, it says no goodbye, as when it crashes or a machine
 * goes down.
 */
export class BackendProcess {
  readonly #options: BackendProcessOptions;
  /** Runs after each change of {@link status}. */
  onChange: () => void = () => {};
  #child: ChildProcess | undefined;
  #isListening = false;
  #starts = 0;
  #startedAtMs = 0;
  #crashesInARow = 0;
  /** How long to stay away after the end that was asked for. */
  #askedPauseMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #returnsAtMs: number | undefined;
  #isClosed = false;

  constructor(options: BackendProcessOptions) {
    this.#options = options;
  }

  get status(): BackendStatus {
    return {
      state: this.#child === undefined ? 'stopped' : this.#isListening ? 'up' : 'starting',
      pid: this.#child?.pid ?? null,
      restarts: Math.max(0, this.#starts - 1),
      returnsInMs: this.#returnsAtMs === undefined ? null : Math.max(0, this.#returnsAtMs - Date.now()),
    };
  }

  /** Resolves once it listens. Rejects when the first process ends before that. */
  async start(): Promise<void> {
    const child = this.#spawn();
    const ended = once(child, 'exit').then(([code]: unknown[]) => {
      throw new Error(`The backend ended with code ${String(code)} before it listened.`);
    });
    await Promise.race([once(child, 'message'), ended]);
    // From here on an end is no failure of the start.
    ended.catch(() => {});
  }

  /** Kills it, and starts it again at once. While it is stopped: ends the pause. */
  restart(): void {
    this.#kill(0);
  }

  /** Kills it, and starts it again after a while. While it is stopped: the pause begins anew. */
  stopFor(pauseMs: number): void {
    this.#kill(pauseMs);
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clearTimer();
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), endWaitMs);
    await exited;
    clearTimeout(timer);
  }

  /** For the last moment of this process, in which nothing can be awaited. */
  killNow(): void {
    this.#isClosed = true;
    this.#child?.kill('SIGKILL');
  }

  #kill(pauseMs: number): void {
    if (this.#isClosed) return;
    if (this.#child === undefined) {
      this.#spawnAfter(pauseMs);
    } else {
      this.#askedPauseMs = pauseMs;
      this.#child.kill('SIGKILL');
    }
  }

  #spawn(): ChildProcess {
    this.#clearTimer();
    this.#starts += 1;
    this.#startedAtMs = Date.now();
    const child = fork(this.#options.file, [], {
      env: { ...process.env, ...this.#options.environment },
      // Node 22 warns of type stripping and of SQLite at each start.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#isListening = false;
    child.on('message', () => {
      this.#isListening = true;
      if (this.#starts > 1) this.#options.tell(`Backend   up again, pid ${child.pid}`);
      this.onChange();
    });
    child.on('error', (error) => this.#options.tell(`backend: ${error.message}`));
    child.on('exit', (code, signal) => this.#ended(child, signal ?? `code ${code}`));
    this.onChange();
    return child;
  }

  #ended(child: ChildProcess, how: string): void {
    this.#child = undefined;
    this.#isListening = false;
    if (this.#isClosed) return;
    const pauseMs = this.#askedPauseMs ?? this.#crashPauseMs();
    this.#askedPauseMs = undefined;
    const back = pauseMs === 0 ? 'starting it again' : `back in ${pauseMs / 1_000} s`;
    this.#options.tell(`Backend   gone, pid ${child.pid} (${how}): ${back}`);
    this.#spawnAfter(pauseMs);
  }

  /** Doubles for a backend that ends again and again right after its start. */
  #crashPauseMs(): number {
    const isSoon = Date.now() - this.#startedAtMs < soonMs;
    this.#crashesInARow = isSoon ? this.#crashesInARow + 1 : 1;
    const { crashPauseMs = 1_000 } = this.#options;
    return Math.min(maxCrashPauseMs, crashPauseMs * 2 ** (this.#crashesInARow - 1));
  }

  #spawnAfter(pauseMs: number): void {
    this.#clearTimer();
    if (pauseMs === 0) {
      this.#spawn();
      return;
    }
    this.#returnsAtMs = Date.now() + pauseMs;
    this.#timer = setTimeout(() => this.#spawn(), pauseMs);
    this.onChange();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#returnsAtMs = undefined;
  }
}
