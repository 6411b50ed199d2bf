import { closeCodes } from '@wsbroker/protocol';
import type { HubConnection } from '../../hub/connection.ts';
import type { ClientContext } from '../client-context.ts';
import type { ClientEvents } from '../client-events.ts';
import { type ReadMessage, readClientMessage } from '../client-message.ts';
import type { ClientSocket, SocketReader } from '../socket/socket.ts';
import { pingFrame, pongText } from './down-frame.ts';
import { readUpFrame, requestOf } from './up-frame.ts';

/** Whose socket it is. */
export interface V1ReaderOwner {
  readonly connection: HubConnection;
  readonly events: ClientEvents;
  /** The client has been told `opened` on this socket, and it is still the connection's. */
  isOpenedOn(socket: ClientSocket): boolean;
  /** Runs before anything that the client sends is taken. */
  heard(): void;
  /** Runs once, when the socket is gone. */
  lost(socket: ClientSocket, code: number | undefined): void;
}

/** Reads what a client of `wsbroker.v1` sends on one socket, once its connection is there. */
export class V1Reader implements SocketReader {
  readonly #socket: ClientSocket;
  readonly #owner: V1ReaderOwner;
  readonly #context: ClientContext;

  constructor(socket: ClientSocket, owner: V1ReaderOwner, context: ClientContext) {
    this.#socket = socket;
    this.#owner = owner;
    this.#context = context;
  }

  get isFull(): boolean {
    return this.#owner.events.isFull;
  }

  get isLow(): boolean {
    return this.#owner.events.isLow;
  }

  keepAlive(): void {
    if (this.#owner.isOpenedOn(this.#socket)) this.#socket.write(pingFrame);
  }

  read(text: string | undefined, bytes: number): void {
    // Of a socket that is closing already this says nothing more.
    if (!this.#owner.isOpenedOn(this.#socket)) return this.#refuse('nothing may come before `opened`');
    this.#owner.heard();
    if (text?.[0] === '[') this.#readFrame(text, bytes);
    else this.#readMessage(this.#messageOf(text), bytes);
  }

  closed(code: number | undefined): void {
    this.#owner.lost(this.#socket, code);
  }

  #readFrame(text: string, bytes: number): void {
    const { connection } = this.#owner;
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
        if (connection.acknowledge(frame[1])) return;
        return this.#refuse(`${frame[1]} frames were never sent`);
      case 'ping':
        return connection.writeOnce(pongText);
      case 'pong':
        return;
      default:
        return this.#refuse('no frame of wsbroker.v1');
    }
  }

  #messageOf(text: string | undefined): ReadMessage {
    return readClientMessage(text, this.#context.settings.maxMessageDepth);
  }

  #readMessage(read: ReadMessage, bytes: number, request?: number): void {
    const { connection, events } = this.#owner;
    if (!read.ok) return events.refused({ code: read.code, text: read.text });
    this.#context.log.debug({ wskey: connection.wskey, message: read.message }, '→ from client');
    events.messaged(read, bytes, request);
  }

  #refuse(what: string): void {
    const { wskey } = this.#owner.connection;
    this.#context.log.debug({ wskey, what }, '! refused a frame of wsbroker.v1');
    this.#socket.close(closeCodes.protocolError, `protocol-error: ${what}`);
  }
}
