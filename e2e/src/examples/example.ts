import { freePort, type SpawnedProcess, spawnProcess } from '@wsbroker/testkit';
import { type BrokerProcess, startBrokerProcess } from '../broker-process.ts';
import { inRepository } from '../repository.ts';

/** One of the folders in examples/: how its programs are started. */
export interface ExampleKind {
  /** Starts the backend with its interpreter, on this port. */
  startBackend(port: number, brokerPort: number): Promise<SpawnedProcess>;
  /** The path of the backend's URL. */
  readonly path: string;
  /** The program that lists who is here. */
  startList(brokerPort: number): Promise<SpawnedProcess>;
}

export const phpExample: ExampleKind = {
  path: '/backend.php',
  startBackend: (port, brokerPort) =>
    spawnProcess(
      'php',
      [
        '-S',
        `127.0.0.1:${port}`,
        '-t',
        inRepository('examples/php'),
        inRepository('examples/php/router.php'),
      ],
      { env: { WSBROKER_PORT: String(brokerPort) }, readyWhen: /Development Server .* started/ },
    ),
  startList: (brokerPort) =>
    spawnProcess('php', [inRepository('examples/php/list.php')], {
      env: { WSBROKER_PORT: String(brokerPort) },
    }),
};

export const pythonExample: ExampleKind = {
  path: '/',
  startBackend: (port) =>
    // -B: leaves no compiled files in the repository.
    spawnProcess('python3', ['-B', inRepository('examples/python/backend.py'), String(port)], {
      readyWhen: /backend listening on/,
    }),
  startList: (brokerPort) =>
    spawnProcess('python3', ['-B', inRepository('examples/python/list.py'), String(brokerPort)]),
};

/** An example in operation: its backend, and the broker in front of it. */
export class RunningExample implements AsyncDisposable {
  readonly broker: BrokerProcess;
  readonly #kind: ExampleKind;
  readonly #port: number;
  #backend: SpawnedProcess;

  constructor(kind: ExampleKind, port: number, broker: BrokerProcess, backend: SpawnedProcess) {
    this.#kind = kind;
    this.#port = port;
    this.broker = broker;
    this.#backend = backend;
  }

  /** Where the backend's folder is served. */
  get backendUrl(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get backendEventsUrl(): string {
    return new URL(this.#kind.path, this.backendUrl).href;
  }

  async killBackend(): Promise<void> {
    await this.#backend.stop('SIGKILL');
  }

  async restartBackend(): Promise<void> {
    this.#backend = await this.#kind.startBackend(this.#port, this.broker.port);
  }

  /** Runs the list program to its end. */
  async list(): Promise<{ code: number | null; output: string }> {
    const program = await this.#kind.startList(this.broker.port);
    const { code } = await program.exited;
    return { code, output: program.output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The broker first: it still tells the backend who is gone.
    await this.broker[Symbol.asyncDispose]();
    await this.#backend.stop();
  }
}

export const startExample = async (kind: ExampleKind): Promise<RunningExample> => {
  const port = await freePort();
  const broker = await startBrokerProcess(`http://127.0.0.1:${port}${kind.path}`);
  try {
    return new RunningExample(kind, port, broker, await kind.startBackend(port, broker.port));
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
};
