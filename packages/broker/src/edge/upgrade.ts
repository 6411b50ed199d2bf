import type { SessionInfo } from '@wsbroker/protocol';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Broker } from '../api.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { HubConnection } from '../hub/connection.ts';
import type { Hub } from '../hub/hub.ts';
import type { Log } from '../ops/logger.ts';
import type { Settings } from '../options.ts';
import type { AddressList } from './address-list.ts';
import { clientAddress } from './client-address.ts';
import { ClientEvents } from './client-events.ts';
import { cookiesOf, sessionCookies } from './cookies.ts';
import { Heartbeat } from './heartbeat.ts';
import { isOriginAllowed } from './origin.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { pathOf } from './request-path.ts';
import { ClientSocket } from './socket.ts';

/** Subprotocols of ours begin so. This broker speaks none yet, and must not say that it does. */
const ownProtocolPrefix = 'wsbroker.';

/**
 * The first subprotocol that is not one of ours: messages are the application's, and a browser gives up a
 * connection on which none of those that it asked for was agreed to.
 */
const spokenProtocol = (asked: ReadonlySet<string>): string | false =>
  [...asked].find((protocol) => !protocol.startsWith(ownProtocolPrefix)) ?? false;

export interface UpgradesOptions {
  readonly broker: Broker;
  readonly hub: Hub;
  readonly delivery: Delivery | undefined;
  readonly settings: Settings;
  readonly trustedProxies: AddressList;
  readonly log: Log;
}

const keyBytes = 16;

/** Once a close frame was sent or received, how long the peer may take to end the closing handshake. */
const closeWaitMs = 2_000;

/** Takes WebSocket handshakes, and makes a connection of each that it accepts. */
export class Upgrades {
  readonly server: WebSocketServer;
  readonly #options: UpgradesOptions;
  readonly #sockets = new Set<ClientSocket>();
  readonly #heartbeat: Heartbeat;
  #whenEmpty: (() => void) | undefined;
  #isClosing = false;

  constructor(options: UpgradesOptions) {
    this.#options = options;
    const serverOptions = {
      noServer: true,
      maxPayload: options.settings.maxMessageBytes,
      perMessageDeflate: false,
      handleProtocols: spokenProtocol,
      // Not yet in the types of `ws`.
      closeTimeout: closeWaitMs,
    };
    this.server = new WebSocketServer(serverOptions);
    this.#heartbeat = new Heartbeat(this.#sockets, options.settings);
    if (options.delivery) {
      options.delivery.onRoom = () => {
        for (const socket of this.#sockets) socket.resumeIfLow();
      };
    }
  }

  /** Whether this upgrade is the broker's; with a `path`, others are left to the server's other listeners. */
  wants(request: IncomingMessage): boolean {
    const { path } = this.#options.settings;
    return path === undefined || pathOf(request) === path;
  }

  /** Listener for the HTTP server's `upgrade`. */
  take(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', (error) => this.#options.log.debug({ error }, '! handshake error'));
    if (this.#isClosing) return refuseUpgrade(stream, '503 Service Unavailable', 'The broker is closing.');
    if (!isOriginAllowed(request, this.#options.settings.origins)) {
      const { origin, host } = request.headers;
      this.#options.log.warn(
        { origin, host },
        '! refused a page of another host; allow it with the option `origins`:',
      );
      return refuseUpgrade(stream, '403 Forbidden', 'Pages of this origin may not connect here.');
    }
    this.server.handleUpgrade(request, stream, head, (ws) => {
      this.#connect(ws, request, stream);
      this.server.emit('connection', ws, request);
    });
  }

  /** Closes every socket and waits until they are gone. */
  async close(code: number, reason: string): Promise<void> {
    this.#isClosing = true;
    this.#heartbeat.stop();
    if (this.#sockets.size > 0) {
      const empty = new Promise<void>((resolve) => (this.#whenEmpty = resolve));
      for (const socket of this.#sockets) socket.close(code, reason);
      await empty;
    }
    this.server.close();
  }

  #connect(ws: WebSocket, request: IncomingMessage, stream: Duplex): void {
    const { broker, hub, delivery, settings, log } = this.#options;
    const socket = new ClientSocket({ ws, stream, maxUnreadBytes: settings.maxUnreadBytes, log });
    const cookieData = cookiesOf(request.headers.cookie);
    const connection = new HubConnection({
      sessionInfo: this.#sessionInfo(request, cookieData),
      cookieData,
      upgradeReq: request,
      broker,
      socket,
    });
    const context = { broker, log, delivery, handlerTimeoutMs: settings.handlerTimeoutMs };
    const events: ClientEvents = new ClientEvents(context, connection, () => {
      socket.resumeIfLow();
      if (isGone && events.waiting === 0) hub.forget(connection);
    });
    let isGone = false;
    this.#sockets.add(socket);
    hub.add(connection);
    log.debug({ wskey: connection.wskey, ip: connection.sessionInfo.ip }, '↪ new connection');
    socket.start(connection, events, () => {
      isGone = true;
      this.#sockets.delete(socket);
      hub.leave(connection);
      log.debug({ wskey: connection.wskey }, '← connection closed');
      events.disconnected();
      if (events.waiting === 0) hub.forget(connection);
      if (this.#sockets.size === 0) this.#whenEmpty?.();
    });
    events.connected();
  }

  /** Cookies first and under free names only; what is the broker's goes on top. */
  #sessionInfo(request: IncomingMessage, cookieData: Readonly<Record<string, string>>): SessionInfo {
    const { settings, trustedProxies } = this.#options;
    return {
      ...sessionCookies(cookieData, settings.cookies),
      ip: clientAddress(request, trustedProxies),
      wskey: randomBytes(keyBytes).toString('base64url'),
    };
  }
}
