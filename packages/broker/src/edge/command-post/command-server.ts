import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { closeServer, listen } from '../http/listen.ts';
import type { Log } from '../../ops/logger.ts';
import type { Settings } from '../../options.ts';
import type { CommandEndpoint } from './command-endpoint.ts';
import { listenOnFile } from './command-socket-file.ts';
import { createOwnServer } from '../http/own-server.ts';
import { refuseUpgrade } from '../http/refuse-upgrade.ts';
import { pathOf } from '../http/request-path.ts';
import type { TlsFiles } from '../http/tls-files.ts';

export interface CommandServerOptions {
  readonly settings: Settings;
  readonly commands: CommandEndpoint;
  readonly tls: TlsFiles | undefined;
  readonly log: Log;
}

/** Backends have a few each. Whoever may come here and takes more must not use up the descriptors of clients. */
const maxSockets = 256;

const onlyCommands = 'wsbroker: commands are POSTed here, and nothing else is taken.\n';

/** Whether commands have a door of their own, and the WebSocket port takes none. */
export const hasCommandServer = ({ commandPort, commandSocket }: Settings): boolean =>
  commandPort !== undefined || commandSocket !== undefined;

/** Takes commands apart from the WebSocket port: on a port of their own, or on a Unix socket. */
export class CommandServer {
  readonly #server: Server | SecureServer;
  readonly #options: CommandServerOptions;
  #closed: Promise<void> | undefined;

  constructor(options: CommandServerOptions) {
    this.#options = options;
    const { settings, tls, log, commands } = options;
    // A Unix socket does not leave the machine.
    this.#server = createOwnServer({
      settings,
      log,
      tls: settings.commandSocket === undefined ? tls : undefined,
    });
    this.#server.maxConnections = maxSockets;
    const onRequest = (isHeldBack: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      const { commandPath } = settings;
      const isHere = commandPath === undefined || pathOf(request) === commandPath;
      if (isHere && request.method === 'POST') return void commands.handle(request, response, isHeldBack);
      response
        .writeHead(isHere ? 405 : 404, {
          'content-type': 'text/plain; charset=utf-8',
          connection: 'close',
          ...(isHere ? { allow: 'POST' } : {}),
        })
        .end(onlyCommands);
    };
    this.#server.on('request', onRequest(false));
    this.#server.on('checkContinue', onRequest(true));
    this.#server.on('upgrade', (_request: IncomingMessage, stream: Duplex) =>
      refuseUpgrade(stream, '404 Not Found', 'No WebSockets here: only commands are taken.'),
    );
  }

  /** The port; with `commandPort: 0` the one that was free. Undefined for a Unix socket, 0 before it listens. */
  get port(): number | undefined {
    if (this.#options.settings.commandPort === undefined) return undefined;
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** @throws BrokerError `port-taken`, `listen-failed` */
  async listen(closing: AbortSignal): Promise<void> {
    const { settings, log } = this.#options;
    const { commandPort: port, commandHost: host, commandSocket } = settings;
    if (commandSocket !== undefined) await listenOnFile(this.#server, commandSocket);
    else
      await listen(
        this.#server,
        { port, host, options: { port: 'commandPort', host: 'commandHost' } },
        closing,
      );
    this.#server.on('error', (error) => log.debug({ error }, '! server error'));
    log.info(
      {},
      `➥ commands are taken ${commandSocket === undefined ? `on port ${this.port}` : `at ${commandSocket}`}`,
    );
  }

  /** No new connections; requests that are being answered may finish. */
  stop(): void {
    if (!this.#server.listening) return;
    this.#closed = closeServer(this.#server);
  }

  /** Ends what is left. */
  async close(): Promise<void> {
    this.stop();
    this.#server.closeAllConnections();
    await this.#closed;
  }
}
