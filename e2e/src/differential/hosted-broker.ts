import { type ChildProcess, fork } from 'node:child_process';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ApplicationName } from './applications.ts';

/** The package of the seed, and this repository's broker. */
export type BrokerName = 'seed' | 'ours';

export interface HostOptions {
  readonly broker: BrokerName;
  readonly application: ApplicationName;
  readonly backendUrl: string;
}

const endedWithinMs = 2_000;

/** What a host process tells the test. */
export type HostReport = { readonly port: number } | { readonly channel: string; readonly entry: unknown };

/** Where a host's reports end up. */
export type RecordEntry = (channel: string, entry: unknown) => void;

/**
 * A broker with an application, in a process of its own: the seed's can be ended by what a client sends,
 * and needs an old `ws` and a Node that warns.
 */
export class HostedBroker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #isLogCompared: boolean;
  #port = 0;
  #isRunning = true;
  #isStopping = false;
  /** Set by each step: where its reports go. */
  record: RecordEntry = () => {};

  private constructor(options: HostOptions) {
    this.#isLogCompared = options.application === 'logged' || options.application === 'unlogged';
    const path = fileURLToPath(new URL('./host.ts', import.meta.url));
    this.#child = fork(path, [JSON.stringify(options)], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#readLog(text));
    this.#child.stderr?.resume();
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#isRunning = false;
        if (!this.#isStopping) this.record('broker', 'ended');
        resolve();
      });
    });
  }

  static async start(options: HostOptions): Promise<HostedBroker> {
    const host = new HostedBroker(options);
    await new Promise<void>((resolve, reject) => {
      host.#child.on('message', (report: HostReport) => {
        if ('port' in report) {
          host.#port = report.port;
          resolve();
        } else {
          host.record(report.channel, report.entry);
        }
      });
      void host.#ended.then(() =>
        reject(new Error(`the host of ${options.broker} ended before it listened`)),
      );
    });
    return host;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** One request that goes through the broker's event loop: what came before it has been read by then. */
  async passThrough(): Promise<void> {
    await new Promise<void>((resolve) => {
      get(`http://${this.host}/`, { agent: false }, (response) => response.resume().on('close', resolve)).on(
        'error',
        // It has just ended: the report of that is on its way.
        () => void Promise.race([this.#ended, delay(endedWithinMs)]).then(() => resolve()),
      );
    });
  }

  /** Asks the application to do something by itself, such as to broadcast. */
  ask(task: string): void {
    this.#child.send({ task });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    if (this.#isRunning) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Of most applications only what the backend asked for. Both print `➥` before the first step begins. */
  #readLog(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('➥')) continue;
      if (line.startsWith('! log ')) this.record('log', line);
      // What a warning says to people is checked where it is made.
      else if (this.#isLogCompared) this.record('log', line.startsWith('!') ? '! …' : line);
    }
  }
}
