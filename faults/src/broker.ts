import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExitFacts, freePort, spawnProcess, type SpawnedProcess } from '@wsbroker/testkit';
import { until } from './until.ts';

const cli =
  process.env['BK_CLI'] ?? join(dirname(fileURLToPath(import.meta.resolve('@wsbroker/broker'))), 'cli.js');

/** Node's options for a broker that tells what it holds. */
export const reportsMemory = [
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
  '--import',
  new URL('report-memory.ts', import.meta.url).href,
];

/** Node's options for a broker that tells how long the turns of its event loop are. */
export const reportsTurns = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  new URL('report-turns.ts', import.meta.url).href,
];

export interface BrokerSettings {
  readonly backendUrl: string;
  /** Any options of the broker. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** With a journal in a folder of its own. */
  readonly hasJournal?: boolean;
  /** The command that starts it, before `node`, given its folder: such as `['strace', '-f']`. */
  readonly under?: (folder: string) => readonly string[];
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** Another program than the command `wsbroker`; it is given the file of options as `--config FILE`. */
  readonly program?: string;
}

/** A broker as a process of its own: the command `wsbroker`, started again on the same port and journal. */
export class BrokerProcess implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly httpUrl: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'wsbroker-faults-'));
  readonly journal = join(this.folder, 'journal.db');
  readonly #settings: BrokerSettings;
  #process: SpawnedProcess | undefined;
  #output = '';
  #starts = 0;

  constructor(port: number, settings: BrokerSettings) {
    this.port = port;
    this.url = `ws://127.0.0.1:${port}/`;
    this.httpUrl = `http://127.0.0.1:${port}/`;
    this.#settings = settings;
    const options = {
      port,
      host: '127.0.0.1',
      log: false,
      ...settings.options,
      backend: {
        type: 'http',
        url: settings.backendUrl,
        allow: ['127.0.0.1'],
        ...(settings.options?.['backend'] as object | undefined),
      },
      ...(settings.hasJournal ? { journal: this.journal } : {}),
    };
    writeFileSync(this.#configFile, JSON.stringify(options));
  }

  async start(): Promise<void> {
    const { under, nodeOptions = [], program = cli } = this.#settings;
    const line = [process.execPath, ...nodeOptions, program, '--config', this.#configFile];
    const [command = '', ...args] = [...(under?.(this.folder) ?? []), ...line];
    this.#starts += 1;
    this.#process = await spawnProcess(command, args, { readyWhen: this.httpUrl });
  }

  async kill(): Promise<void> {
    this.#output += this.#process?.output ?? '';
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
    this.#process = undefined;
  }

  /** SIGTERM, and how it ended. */
  async terminate(): Promise<ExitFacts> {
    this.#process?.kill('SIGTERM');
    return (await this.#process?.exited) ?? { code: null, signal: null };
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** How often it has ended by itself: of one that is never killed. */
  get crashes(): number {
    return this.isRunning ? this.#starts - 1 : this.#starts;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** What it printed, over all its lives. */
  get output(): string {
    return this.#output + (this.#process?.output ?? '');
  }

  /** The memory that the system has given it. What V8 has collected is not given back at once. */
  residentBytes(): number {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  }

  /** How long it has been on a processor, in milliseconds: what it costs, however busy the machine is. */
  cpuMs(): number {
    // After the name, which may hold spaces: the 12th and 13th field, in hundredths of a second.
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** What is still needed of it, with {@link reportsMemory}. */
  async heldBytes(): Promise<number> {
    const reports = (): string[] => this.output.match(/held \d+/g) ?? [];
    const before = reports().length;
    this.#process?.kill('SIGUSR2');
    await until(() => reports().length > before, 20_000);
    return Number(reports().at(-1)?.slice('held '.length));
  }

  /**
   * The longest turn of its event loop, with {@link reportsTurns}: 0 when none was long.
   * @param from How much it had printed before.
   */
  longestTurnMs(from: number): number {
    const turns = this.output.slice(from).matchAll(/^turn ([\d.]+) ms$/gm);
    return Math.max(0, ...Array.from(turns, ([, ms]) => Number(ms)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #configFile(): string {
    return join(this.folder, 'options.json');
  }
}

export const startBroker = async (settings: BrokerSettings): Promise<BrokerProcess> => {
  const broker = new BrokerProcess(await freePort(), settings);
  await broker.start();
  return broker;
};
