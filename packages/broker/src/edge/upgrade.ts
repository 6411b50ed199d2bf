import { subprotocol } from '@wsbroker/protocol';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Log } from '../ops/logger.ts';
import type { Settings } from '../options.ts';
import type { Clients } from './clients.ts';
import { isOriginAllowed } from './origin.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { pathOf } from './request-path.ts';
import { Sockets } from './sockets.ts';
import { maxPieces } from './unfinished-frame.ts';

/** Subprotocols of ours begin so; of those that this broker does not speak it must not say that it does. */
const ownProtocolPrefix = 'wsbroker.';

/**
 * Ours where the client offers it, else the first that it offers: messages are the application's then, and a
 * browser gives up a connection on which none of those that it asked for was agreed to.
 */
const spokenProtocol = (asked: ReadonlySet<string>): string | false =>
  asked.has(subprotocol)
    ? subprotocol
    : ([...asked].find((protocol) => !protocol.startsWith(ownProtocolPrefix)) ?? false);

export interface UpgradesOptions {
  readonly clients: Clients;
  readonly settings: Settings;
  readonly log: Log;
  /** Why no handshake is taken at this moment; undefined when they are. */
  readonly refusal: () => string | undefined;
}

/** Once a close frame was sent or received, how long the peer may take to end the closing handshake. */
const closeWaitMs = 2_000;

/** Takes WebSocket handshakes, and keeps the sockets of those that it accepts. */
export class Upgrades {
  readonly server: WebSocketServer;
  readonly #options: UpgradesOptions;
  readonly #sockets: Sockets;

  constructor(options: UpgradesOptions) {
    this.#options = options;
    const { settings } = options;
    const serverOptions = {
      noServer: true,
      maxPayload: settings.maxMessageBytes,
      maxFragments: settings.maxFragments,
      maxBufferedChunks: maxPieces(settings.maxMessageBytes),
      perMessageDeflate: false,
      handleProtocols: spokenProtocol,
      // Not in the types of `ws` yet, nor are `maxFragments` and `maxBufferedChunks`.
      closeTimeout: closeWaitMs,
    };
    this.server = new WebSocketServer(serverOptions);
    this.#sockets = new Sockets(settings, options.log);
  }

  /** How many sockets there are. */
  get size(): number {
    return this.#sockets.size;
  }

  /** There may be room again for what was held back. */
  resumeLow(): void {
    this.#sockets.resumeLow();
  }

  /** Whether this upgrade is the broker's; with a `path`, others are left to the server's other listeners. */
  wants(request: IncomingMessage): boolean {
    const { path } = this.#options.settings;
    return path === undefined || pathOf(request) === path;
  }

  /** Listener for the HTTP server's `upgrade`. */
  take(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', (error) => this.#options.log.debug({ error }, '! handshake error'));
    const refusal = this.#options.refusal();
    if (refusal !== undefined) return refuseUpgrade(stream, '503 Service Unavailable', refusal);
    if (!isOriginAllowed(request, this.#options.settings.origins)) {
      const { origin, host } = request.headers;
      this.#options.log.warn(
        { origin, host },
        '! refused a page of another host; allow it with the option `origins`:',
      );
      return refuseUpgrade(stream, '403 Forbidden', 'Pages of this origin may not connect here.');
    }
    this.server.handleUpgrade(request, stream, head, (ws) => {
      const socket = this.#sockets.add(ws, stream);
      const { clients } = this.#options;
      if (ws.protocol === subprotocol) clients.connectV1(socket, request);
      else clients.connectPlain(socket, request);
      this.server.emit('connection', ws, request);
    });
  }

  /** Waits until every socket is gone; those that do not answer in time are cut. */
  async close(waitMs: number): Promise<void> {
    await this.#sockets.close(waitMs);
    this.server.close();
  }
}
