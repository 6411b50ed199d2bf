import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import type { SocketFigures } from '../child-message.ts';
import { Control } from './control.ts';
import { freePort } from './free-port.ts';
import { greeting, urlHost } from './greeting.ts';
import { KeptProcess, ProcessStartError } from './kept-process.ts';
import { isWildcard, type Settings, StartError } from './settings.ts';
import { Site } from './site.ts';
import { WebServer } from './web-server.ts';

export type Tell = (line: string) => void;

const demoFolder = join(import.meta.dirname, '../..');
/** Of the broker: it first tells its clients, and delivers what waits. */
const endBrokerWaitMs = 5_000;

/** The broker and the backend in processes of their own, and the page over HTTP in this one. */
export class Demo {
  readonly #settings: Settings;
  readonly #tell: Tell;
  #broker: KeptProcess | undefined;
  /** After the first start: every other broker has to come back there. */
  #brokerPort: number;
  #figures: SocketFigures = { sockets: 0, disconnects: 0 };
  #backend: KeptProcess | undefined;
  #control: Control | undefined;
  #web: WebServer | undefined;

  constructor(settings: Settings, tell: Tell) {
    this.#settings = settings;
    this.#tell = tell;
    this.#brokerPort = settings.brokerPort;
  }

  /**
   * Starts it all, and resolves with what to print.
   * @throws StartError for what whoever started it can mend.
   */
  async start(): Promise<string> {
    const { host, port } = this.#settings;
    makeFolderOf(this.#settings.dataFile);
    const site = new Site(join(demoFolder, 'dist'));
    const backendPort = await freePort();
    const broker = (this.#broker = this.#brokerProcess(backendPort));
    await broker.start().catch((error: unknown) => {
      throw startError(error, 'BROKER_PORT', this.#settings.brokerPort, host);
    });
    const backend = (this.#backend = this.#backendProcess(backendPort));
    const control = (this.#control = new Control({
      backend,
      broker,
      status: () => ({ backend: backend.status, broker: { ...broker.status, ...this.#figures } }),
    }));
    backend.onChange = () => control.tell();
    broker.onChange = () => control.tell();
    await backend.start();
    const web = (this.#web = new WebServer({ site, control, config: { brokerPort: this.#brokerPort } }));
    await web.listen(port, host).catch((error: unknown) => {
      throw startError(error, 'PORT', port, host);
    });
    return greeting({
      settings: this.#settings,
      port: web.port,
      brokerPort: this.#brokerPort,
      brokerPid: broker.status.pid,
      backendPort,
      backendPid: backend.status.pid,
    });
  }

  /** Ends it all: pages, the broker, which delivers what it can and keeps the rest, and the backend. */
  async close(): Promise<void> {
    this.#control?.[Symbol.dispose]();
    await this.#web?.close();
    await this.#broker?.close();
    await this.#backend?.close();
  }

  /** For the last moment of this process, in which nothing can be awaited. */
  killNow(): void {
    this.#broker?.killNow();
    this.#backend?.killNow();
  }

  #brokerProcess(backendPort: number): KeptProcess {
    const { host, journalFile, isVerbose } = this.#settings;
    const loopback = ['127.0.0.1', '::1'];
    return new KeptProcess({
      name: 'Broker',
      file: join(demoFolder, 'src/broker/main.ts'),
      environment: () => ({
        BROKER_HOST: host,
        BROKER_PORT: String(this.#brokerPort),
        BROKER_ALLOW: (isIP(host) && !isWildcard(host) ? [...loopback, host] : loopback).join(),
        BROKER_JOURNAL: journalFile,
        BROKER_LOG: isVerbose ? '1' : '',
        BACKEND_URL: `http://127.0.0.1:${backendPort}/`,
      }),
      tell: this.#tell,
      endWaitMs: endBrokerWaitMs,
      onMessage: (message) => {
        if (message.type === 'listening') {
          this.#brokerPort = message.port ?? this.#brokerPort;
          this.#figures = { sockets: 0, disconnects: 0 };
        } else if (message.type === 'sockets') {
          this.#figures = { sockets: message.sockets, disconnects: message.disconnects };
        }
      },
    });
  }

  #backendProcess(backendPort: number): KeptProcess {
    const { host, dataFile } = this.#settings;
    const brokerHost = isWildcard(host) ? '127.0.0.1' : urlHost(host);
    return new KeptProcess({
      name: 'Backend',
      file: join(demoFolder, 'src/backend/main.ts'),
      environment: () => ({
        BACKEND_PORT: String(backendPort),
        BROKER_URL: `http://${brokerHost}:${this.#brokerPort}/`,
        DEMO_DATA: dataFile,
      }),
      tell: this.#tell,
    });
  }
}

/** One line that says what is wrong and what to set; anything unforeseen stays as it is. */
/** In a fresh clone there is none yet, and both the history and the journal go there. */
const makeFolderOf = (file: string): void => {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw new StartError(
      `The folder of ${file} cannot be made: ${String(error)}. DEMO_DATA names another file.`,
    );
  }
};

const startError = (error: unknown, variable: string, port: number, host: string): Error => {
  switch ((error as { readonly code?: unknown }).code) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${port} is taken: another program listens there, perhaps this demo in another window. Stop it, or choose another port: ${variable}=${port + 1} npm start`,
      );
    case 'EACCES':
      return new StartError(
        `Port ${port} needs privileges. Choose one above 1023: ${variable}=8080 npm start`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`This machine has no address ${host}: HOST is an address of this machine.`);
    default:
      if (error instanceof ProcessStartError) return new StartError(error.message);
      return error instanceof Error ? error : new Error(String(error));
  }
};
