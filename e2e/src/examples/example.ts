import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type SpawnedProcess, spawnProcess } from '@wsbroker/testkit';
import { type BrokerProcess, startBrokerProcess } from '../broker-process.ts';
import { inRepository } from '../repository.ts';

/** By the environment: a program with a secret signs and verifies, one without does neither. */
type Environment = Readonly<Record<string, string>>;

const secretIn = (secret: string | undefined): Environment =>
  secret === undefined ? {} : { WSBROKER_SECRET: secret };

interface BackendOptions {
  readonly port: number;
  readonly brokerPort: number;
  /** The file of its database. */
  readonly database: string;
  readonly env: Environment;
}

/** One of the folders in examples/: how its programs are started. */
export interface ExampleKind {
  /** Starts the backend with its interpreter. */
  startBackend(options: BackendOptions): Promise<SpawnedProcess>;
  /** The path of the backend's URL. */
  readonly path: string;
  /** The program that lists who is here. */
  startList(brokerPort: number, env: Environment): Promise<SpawnedProcess>;
}

export const phpExample: ExampleKind = {
  path: '/backend.php',
  startBackend: ({ port, brokerPort, database, env }) =>
    spawnProcess(
      'php',
      [
        '-S',
        `127.0.0.1:${port}`,
        '-t',
        inRepository('examples/php'),
        inRepository('examples/php/router.php'),
      ],
      {
        env: { ...env, WSBROKER_PORT: String(brokerPort), CHAT_DATABASE: database },
        readyWhen: /Development Server .* started/,
      },
    ),
  startList: (brokerPort, env) =>
    spawnProcess('php', [inRepository('examples/php/list.php')], {
      env: { ...env, WSBROKER_PORT: String(brokerPort) },
    }),
};

export const pythonExample: ExampleKind = {
  path: '/',
  startBackend: ({ port, database, env }) =>
    // -B: leaves no compiled files in the repository.
    spawnProcess('python3', ['-B', inRepository('examples/python/backend.py'), String(port)], {
      env: { ...env, CHAT_DATABASE: database },
      readyWhen: /backend listening on/,
    }),
  startList: (brokerPort, env) =>
    spawnProcess('python3', ['-B', inRepository('examples/python/list.py'), String(brokerPort)], { env }),
};

interface ExampleParts {
  readonly kind: ExampleKind;
  readonly port: number;
  /** Of its own, for its database; it ends with the example. */
  readonly folder: string;
  readonly broker: BrokerProcess;
  readonly secret: string | undefined;
}

/** An example in operation: its backend, and the broker in front of it. */
export class RunningExample implements AsyncDisposable {
  readonly broker: BrokerProcess;
  readonly #kind: ExampleKind;
  readonly #port: number;
  readonly #folder: string;
  readonly #secret: string | undefined;
  #backend: SpawnedProcess | undefined;

  constructor({ kind, port, folder, broker, secret }: ExampleParts) {
    this.#kind = kind;
    this.#port = port;
    this.#folder = folder;
    this.broker = broker;
    this.#secret = secret;
  }

  /** Where the backend's folder is served. */
  get backendUrl(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get backendEventsUrl(): string {
    return new URL(this.#kind.path, this.backendUrl).href;
  }

  async killBackend(): Promise<void> {
    await this.#backend?.stop('SIGKILL');
  }

  async startBackend(): Promise<void> {
    this.#backend = await this.#kind.startBackend({
      port: this.#port,
      brokerPort: this.broker.port,
      database: this.database,
      env: secretIn(this.#secret),
    });
  }

  /** The file of its database. */
  get database(): string {
    return join(this.#folder, 'chat.sqlite');
  }

  /** Puts something in the way of its database, so that it cannot be opened. */
  async breakDatabase(): Promise<void> {
    await mkdir(this.database);
  }

  async mendDatabase(): Promise<void> {
    await rmdir(this.database);
  }

  /** Runs the list program to its end, with the secret of the others or another one; '' means none. */
  async list(secret = this.#secret): Promise<{ code: number | null; output: string }> {
    const program = await this.#kind.startList(this.broker.port, secretIn(secret || undefined));
    const { code } = await program.exited;
    return { code, output: program.output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The broker first: it still tells the backend who is gone.
    await this.broker[Symbol.asyncDispose]();
    await this.#backend?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface ExampleOptions {
  /** Of the broker. @default none */
  readonly secret?: string;
  /** Of the example's programs, where it is another. */
  readonly exampleSecret?: string;
}

export const startExample = async (
  kind: ExampleKind,
  { secret, exampleSecret = secret }: ExampleOptions = {},
): Promise<RunningExample> => {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-example-'));
  const broker = await startBrokerProcess(`http://127.0.0.1:${port}${kind.path}`, 0, secretIn(secret));
  const example = new RunningExample({ kind, port, folder, broker, secret: exampleSecret });
  try {
    await example.startBackend();
    return example;
  } catch (error) {
    await example[Symbol.asyncDispose]();
    throw error;
  }
};
