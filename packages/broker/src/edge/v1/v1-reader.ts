import { closeCodes } from '@wsbroker/protocol';
import type { HubConnection } from '../../hub/connection.ts';
import type { Log } from '../../ops/logger.ts';
import type { ClientEvents } from '../client-events.ts';
import { type ReadMessage, readClientMessage } from '../client-message.ts';
import type { ClientSocket, SocketReader } from '../socket/socket.ts';
import { pingFrame, pongFrame } from './down-frame.ts';
import { readUpFrame, requestOf } from './up-frame.ts';

export interface V1ReaderOptions {
  readonly connection: HubConnection;
  readonly events: ClientEvents;
  readonly log: Log;
  readonly maxMessageDepth: number;
  /** The client has been told `opened` on this socket, and it is still the connection's. */
  readonly isOpened: () => boolean;
  /** Runs before anything that the client sends is taken. */
  readonly heard: () => void;
  /** Runs once, when the socket is gone. */
  readonly lost: (code: number | undefined) => void;
}

/** Reads what a client of `wsbroker.v1` sends on one socket, once its connection is there. */
export class V1Reader implements SocketReader {
  readonly #socket: ClientSocket;
  readonly #options: V1ReaderOptions;

  constructor(socket: ClientSocket, options: V1ReaderOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#options.events.isFull;
  }

  get isLow(): boolean {
    return this.#options.events.isLow;
  }

  keepAlive(): void {
    if (this.#options.isOpened()) this.#socket.write(pingFrame);
  }

  read(text: string | undefined, bytes: number): void {
    // Of a socket that is closing already this says nothing more.
    if (!this.#options.isOpened()) return this.#refuse('nothing may come before `opened`');
    this.#options.heard();
    if (text?.[0] === '[') this.#readFrame(text, bytes);
    else this.#readMessage(this.#messageOf(text), bytes);
  }

  closed(code: number | undefined): void {
    this.#options.lost(code);
  }

  #readFrame(text: string, bytes: number): void {
    const { connection } = this.#options;
    const request = requestOf(text);
    if (request) {
      const read = this.#messageOf(request.message);
      // What stands in the list, or after its message, may be anything then: it is no frame.
      if (!read.ok && read.code === 'not-json') return this.#refuse('no frame of wsbroker.v1');
      return this.#readMessage(read, bytes, request.id);
    }
    const frame = readUpFrame(text);
    switch (frame?.[0]) {
      case 'ack':
        if (connection.replay?.acknowledge(frame[1])) return;
        return this.#refuse(`${frame[1]} frames were never sent`);
      case 'ping':
        return connection.writeOnce(pongFrame);
      case 'pong':
        return;
      default:
        return this.#refuse('no frame of wsbroker.v1');
    }
  }

  #messageOf(text: string | undefined): ReadMessage {
    return readClientMessage(text, this.#options.maxMessageDepth);
  }

  #readMessage(read: ReadMessage, bytes: number, request?: number): void {
    const { connection, events, log } = this.#options;
    if (!read.ok) return events.refused({ code: read.code, text: read.text });
    log.debug({ wskey: connection.wskey, message: read.message }, '→ from client');
    events.messaged(read, bytes, request);
  }

  #refuse(what: string): void {
    const { connection, log } = this.#options;
    log.debug({ wskey: connection.wskey, what }, '! refused a frame of wsbroker.v1');
    this.#socket.close(closeCodes.protocolError, `protocol-error: ${what}`);
  }
}
