import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a broker tells of itself. */
export interface BrokerFacts {
  /** What is still needed after garbage was collected. */
  readonly heldBytes: number;
  readonly unhandledRejections: number;
  readonly firstRejection: string;
  /** Something was put on `Object.prototype`. */
  readonly isPolluted: boolean;
}

/** Raised as far as they go: what is tried here is what inputs do, not how many come. */
const withoutRates = {
  handshakesPerSecond: 1_000_000,
  handshakeBurst: 1_000_000,
  handshakesPerSecondPerAddress: 1_000_000,
  handshakeBurstPerAddress: 1_000_000,
  maxConnectionsPerAddress: 1_000_000,
  messagesPerSecond: 1_000_000,
  messageBurst: 1_000_000,
};

/** A broker in a process of its own: whether that lives on is what is asked. */
export class BrokerProcess implements AsyncDisposable {
  readonly #options: Readonly<Record<string, unknown>>;
  #child: ChildProcess | undefined;
  #port = 0;
  #output = '';
  #isStopping = false;
  /** How often it ended by itself. */
  exits = 0;

  constructor(options: Readonly<Record<string, unknown>>) {
    this.#options = { port: 0, host: '127.0.0.1', log: false, ...withoutRates, ...options };
  }

  get port(): number {
    return this.#port;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output.slice(-4_000);
  }

  async start(): Promise<void> {
    const child = fork(new URL('broker-program.ts', import.meta.url), [JSON.stringify(this.#options)], {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const collect = (chunk: Buffer): void =>
      void (this.#output = (this.#output + chunk.toString()).slice(-40_000));
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (this.#isStopping) return;
      this.exits += 1;
      this.#output += `\n(exit: code ${code}, signal ${signal})\n`;
    });
    const started = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
    const [first] = started;
    if (typeof first !== 'object' || first === null)
      throw new Error(`the broker did not start:\n${this.output}`);
    this.#port = (first as { port: number }).port;
    this.#child = child;
  }

  async facts(): Promise<BrokerFacts> {
    const child = this.#child;
    if (!child) throw new Error(`the broker is gone:\n${this.output}`);
    const answered = once(child, 'message');
    child.send('facts');
    const [facts] = (await answered) as [BrokerFacts];
    return facts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#isStopping = true;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
