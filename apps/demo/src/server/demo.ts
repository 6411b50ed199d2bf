import { Broker, BrokerError, createTextLogger } from '@wsbroker/broker';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { BackendProcess } from './backend-process.ts';
import { Control } from './control.ts';
import { freePort } from './free-port.ts';
import { greeting, urlHost } from './greeting.ts';
import { isWildcard, type Settings, StartError } from './settings.ts';
import { Site } from './site.ts';
import { SocketCount } from './socket-count.ts';
import { WebServer } from './web-server.ts';

export type Tell = (line: string) => void;

const demoFolder = join(import.meta.dirname, '../..');
const loopback = ['127.0.0.1', '::1'];
/** When the demo ends, how long what still waits for the backend may take to get there. */
const drainMs = 3_000;

/** The broker in this process, the backend in one of its own, and the page over HTTP. */
export class Demo {
  readonly #settings: Settings;
  readonly #tell: Tell;
  readonly #sockets = new SocketCount();
  #broker: Broker | undefined;
  #backend: BackendProcess | undefined;
  #control: Control | undefined;
  #web: WebServer | undefined;
  #isStarted = false;

  constructor(settings: Settings, tell: Tell) {
    this.#settings = settings;
    this.#tell = tell;
  }

  /**
   * Starts it all, and resolves with what to print.
   * @throws StartError for what whoever started it can mend.
   */
  async start(): Promise<string> {
    const { host, port, dataFile } = this.#settings;
    const site = new Site(join(demoFolder, 'dist'));
    const backendPort = await freePort();
    const broker = (this.#broker = this.#startBroker(backendPort));
    await broker.ready.catch((error: unknown) => {
      throw brokerStartError(error, this.#settings);
    });
    const backend = (this.#backend = new BackendProcess({
      file: join(demoFolder, 'src/backend/main.ts'),
      environment: {
        BACKEND_PORT: String(backendPort),
        BROKER_URL: `http://${isWildcard(host) ? '127.0.0.1' : urlHost(host)}:${broker.port}/`,
        DEMO_DATA: dataFile,
      },
      tell: this.#tell,
    }));
    const control = (this.#control = new Control({
      backend,
      status: () => ({ backend: backend.status, broker: this.#sockets.status }),
    }));
    backend.onChange = () => control.tell();
    this.#sockets.onChange = () => control.tell();
    await backend.start();
    const web = (this.#web = new WebServer({ site, control, config: { brokerPort: broker.port } }));
    await web.listen(port, host).catch((error: unknown) => {
      throw listenError(error, 'PORT', port, host);
    });
    this.#isStarted = true;
    return greeting({
      settings: this.#settings,
      port: web.port,
      brokerPort: broker.port,
      backendPort,
      backendPid: backend.status.pid,
    });
  }

  /** Ends it all, in the order in which nothing is lost: pages, sockets, what waits for the backend, the backend. */
  async close(): Promise<void> {
    this.#control?.[Symbol.dispose]();
    await this.#web?.close();
    // What waits is for the backend, so it has to be there once more.
    if (this.#backend?.status.state === 'stopped') this.#backend.restart();
    await this.#broker?.close({ drainMs });
    await this.#backend?.close();
  }

  /** For the last moment of this process, in which nothing can be awaited. */
  killBackend(): void {
    this.#backend?.killNow();
  }

  #startBroker(backendPort: number): Broker {
    const { host, brokerPort, isVerbose } = this.#settings;
    return Broker({
      host,
      port: brokerPort,
      // Why a start failed is told in one line of ours.
      log: createTextLogger(isVerbose ? 'debug' : 'warn', (line) => {
        if (this.#isStarted) this.#tell(`Broker    ${line}`);
      }),
      backend: {
        type: 'http',
        url: `http://127.0.0.1:${backendPort}/`,
        allow: isIP(host) && !isWildcard(host) ? [...loopback, host] : loopback,
      },
      // The chat has no use for them, and others on this host may have set some.
      cookies: false,
      // Half a second after the backend is back, so is the chat.
      retryMaxMs: 500,
      // A day: nothing said while the backend is away is given up before.
      maxEventAgeMs: 86_400_000,
      ...this.#sockets.handlers,
    });
  }
}

const brokerStartError = (error: unknown, { brokerPort, host }: Settings): Error =>
  listenError(
    error instanceof BrokerError && error.cause instanceof Error ? error.cause : error,
    'BROKER_PORT',
    brokerPort,
    host,
  );

/** One line that says what is wrong and what to set; anything unforeseen stays as it is. */
const listenError = (error: unknown, variable: string, port: number, host: string): Error => {
  switch ((error as NodeJS.ErrnoException).code) {
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
      return error instanceof Error ? error : new Error(String(error));
  }
};
