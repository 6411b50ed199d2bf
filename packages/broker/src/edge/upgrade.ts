import { subprotocol } from '@wsbroker/protocol';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { LimitedLog } from '../ops/limited-log.ts';
import type { Admission } from './admission/admission.ts';
import type { Place } from './admission/places.ts';
import { ClientHandshake } from './client-handshake.ts';
import type { Clients } from './clients.ts';
import { type OriginRefusal, refusalOfOrigin } from './origin.ts';
import { type NotNow, refuseForNow, refuseUpgrade } from './http/refuse-upgrade.ts';
import { pathOf } from './http/request-path.ts';
import { GatheringWebSocket } from './socket/gathering-web-socket.ts';
import { Sockets, type SocketsOptions } from './socket/sockets.ts';
import { maxPieces } from './socket/unfinished-frame.ts';

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

/** Whether a handshake will end in a socket of `wsbroker.v1`: what that client wants is not known before. */
const isForV1 = ({ headers }: IncomingMessage): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((asked) => asked.trim() === subprotocol);

export interface UpgradesOptions extends SocketsOptions {
  readonly clients: Clients;
  readonly admission: Admission;
  /** Why no handshake is taken at this moment; undefined when they are. */
  readonly refusal: () => NotNow | undefined;
}

interface Taken {
  readonly request: IncomingMessage;
  readonly address: string;
  readonly place: Place;
}

/** Of what a client sent and the log shows. */
const maxLoggedLength = 200;

/** Once a close frame was sent or received, how long the peer may take to end the closing handshake. */
const closeWaitMs = 2_000;

/** Takes WebSocket handshakes, and keeps the sockets of those that it accepts. */
export class Upgrades {
  readonly server: WebSocketServer;
  readonly #options: UpgradesOptions;
  readonly #sockets: Sockets;
  readonly #limitedLog: LimitedLog;
  /** Of the last handshake that was not refused for them. */
  #known: Pick<IncomingHttpHeaders, 'origin' | 'host'> = {};

  constructor(options: UpgradesOptions) {
    this.#options = options;
    const { settings } = options;
    const serverOptions = {
      noServer: true,
      maxPayload: settings.maxMessageBytes,
      maxFragments: settings.maxFragments,
      maxBufferedChunks: maxPieces(settings.maxMessageBytes),
      perMessageDeflate: false,
      autoPong: false,
      handleProtocols: spokenProtocol,
      WebSocket: GatheringWebSocket,
      // Not in the types of `ws` yet, nor are `maxFragments` and `maxBufferedChunks`.
      closeTimeout: closeWaitMs,
    };
    this.server = new WebSocketServer(serverOptions);
    this.#sockets = new Sockets(options);
    this.#limitedLog = new LimitedLog(options.log);
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
    const { admission, refusal } = this.#options;
    stream.on('error', this.#onError);
    const address = admission.addressOf(request);
    const key = admission.keyOf(address);
    // The rate before all else: what is refused costs as well.
    const notNow = refusal() ?? admission.handshake(key);
    if (notNow) return refuseForNow(stream, notNow);
    const foreign = this.#refusalOfOrigin(request);
    if (foreign) return refuseUpgrade(stream, '403 Forbidden', foreign.text);
    const place = admission.places.place(key);
    const full = place.take();
    if (full) {
      // One that speaks wsbroker.v1 may come to go on with a connection that has its place. Until it has said so it
      // counts as pending: too many of them cut each other, and nobody else.
      if (!isForV1(request)) return refuseForNow(stream, admission.full(full, key));
      admission.pending.add(stream);
      place.onHeld = () => admission.pending.leave(stream);
    } else {
      admission.pending.leave(stream);
    }
    let isTaken = false;
    this.server.handleUpgrade(request, stream, head, (ws) => {
      isTaken = true;
      // `ws` has a listener of its own by now.
      stream.off('error', this.#onError);
      this.#taken(ws as GatheringWebSocket, stream, { request, address, place });
    });
    if (!isTaken) place.release();
  }

  /** Waits until every socket is gone; those that do not answer in time are cut. */
  async close(waitMs: number): Promise<void> {
    await this.#sockets.close(waitMs);
    this.server.close();
  }

  #taken(ws: GatheringWebSocket, stream: Duplex, { request, address, place }: Taken): void {
    const socket = this.#sockets.add({ ws, stream, place });
    const { clients } = this.#options;
    const handshake = new ClientHandshake(request, address);
    if (ws.protocol === subprotocol) clients.connectV1(socket, { handshake, place });
    else clients.connectPlain(socket, handshake);
    this.server.emit('connection', ws, request);
    // That of wsbroker.v1 is looked at when the client has said what it wants.
    if (ws.protocol !== subprotocol) clients.settled(handshake);
  }

  readonly #onError = (error: Error): void => {
    this.#options.log.debug({ error }, '! handshake error');
  };

  #refusalOfOrigin(request: IncomingMessage): OriginRefusal | undefined {
    const { origin, host } = request.headers;
    // Most come from the same page one after the other, and to read its URL takes as long as all else here.
    const isKnown = origin !== undefined && origin === this.#known.origin && host === this.#known.host;
    const refusal = isKnown ? undefined : refusalOfOrigin(request, this.#options.settings);
    if (!refusal) {
      if (!isKnown) this.#known = { origin, host };
      return undefined;
    }
    const [shownOrigin, shownHost] = [origin, host].map((value) => value && value.slice(0, maxLoggedLength));
    this.#limitedLog.warn(refusal.refusedFor, { origin: shownOrigin, host: shownHost }, refusal.hint);
    return refusal;
  }
}
