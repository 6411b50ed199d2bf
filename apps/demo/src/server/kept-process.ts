import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ChildMessage } from '../child-message.ts';
import type { ProcessStatus } from '../control-status.ts';

export interface KeptProcessOptions {
  /** What the terminal calls it, such as `Backend`. */
  readonly name: string;
  /** The program's file. */
  readonly file: string;
  /** Asked at each start. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** One line for the terminal. */
  readonly tell: (line: string) => void;
  /** How long it stays away when nobody asked it to go. @default 1000 */
  readonly crashPauseMs?: number;
  /** After SIGTERM, how long it may take. @default 2000 */
  readonly endWaitMs?: number;
  /** Gets each message of the process. */
  readonly onMessage?: (message: ChildMessage) => void;
}

/** A process that ends sooner than this has not got over what ended the one before. */
const soonMs = 5_000;
const maxCrashPauseMs = 10_000;

/** The first process has ended before it listened. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';
  /** Why, as it said itself: a system's code such as `EADDRINUSE`. */
  readonly code: string | undefined;

  constructor(text: string, code: string | undefined) {
    super(text);
    this.code = code;
  }
}

/**
 * A process of its own, started again whenever it ends.
 *
 * It is ended with SIGKILL: no handler of its own runs, it says no goodbye, as when it crashes or a machine
 * goes down.
 */
export class KeptProcess {
  readonly #options: KeptProcessOptions;
  /** Runs after each change of {@link status}. */
  onChange: () => void = () => {};
  #child: ChildProcess | undefined;
  #isListening = false;
  /** This or one before. */
  #hasListened = false;
  #starts = 0;
  #startedAtMs = 0;
  #crashesInARow = 0;
  /** How long to stay away after the end that was asked for. */
  #askedPauseMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #returnsAtMs: number | undefined;
  #isClosed = false;

  constructor(options: KeptProcessOptions) {
    this.#options = options;
  }

  get status(): ProcessStatus {
    return {
      state: this.#child === undefined ? 'stopped' : this.#isListening ? 'up' : 'starting',
      pid: this.#child?.pid ?? null,
      restarts: Math.max(0, this.#starts - 1),
      returnsInMs: this.#returnsAtMs === undefined ? null : Math.max(0, this.#returnsAtMs - Date.now()),
    };
  }

  /** Resolves once it listens. Rejects with a {@link ProcessStartError} when the first process ends before that. */
  async start(): Promise<void> {
    const child = this.#spawn();
    let failure: Extract<ChildMessage, { type: 'failed' }> | undefined;
    const listening = new Promise<void>((resolve) => {
      child.on('message', (message: ChildMessage) => {
        if (message.type === 'listening') resolve();
        else if (message.type === 'failed') failure = message;
      });
    });
    const ended = once(child, 'exit').then(async ([code]: unknown[]) => {
      // What it said before may still be on its way.
      if (child.connected) await once(child, 'disconnect');
      const text = failure?.text ?? `The ${this.#noun} ended with code ${String(code)} before it listened.`;
      throw new ProcessStartError(text, failure?.code);
    });
    await Promise.race([listening, ended]);
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
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.endWaitMs ?? 2_000);
    await exited;
    clearTimeout(timer);
  }

  /** For the last moment of this process, in which nothing can be awaited. */
  killNow(): void {
    this.#isClosed = true;
    this.#child?.kill('SIGKILL');
  }

  get #noun(): string {
    return this.#options.name.toLowerCase();
  }

  #say(text: string): void {
    this.#options.tell(`${this.#options.name.padEnd(8)}  ${text}`);
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
      env: { ...process.env, ...this.#options.environment() },
      // Node 22 warns of type stripping and of SQLite at each start.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#isListening = false;
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'listening') {
        this.#isListening = true;
        this.#hasListened = true;
        if (this.#starts > 1) this.#say(`up again, pid ${child.pid}`);
      }
      // Of the first one whoever started it is told.
      if (message.type === 'failed' && this.#starts > 1) this.#say(message.text);
      this.#options.onMessage?.(message);
      this.onChange();
    });
    child.on('error', (error) => this.#say(error.message));
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
    if (this.#hasListened) this.#say(`gone, pid ${child.pid} (${how}): ${back}`);
    this.#spawnAfter(pauseMs);
  }

  /** Doubles for one that ends again and again right after its start. */
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
