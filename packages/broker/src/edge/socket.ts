import { type BrokerErrorMessage, closeCodes } from '@wsbroker/protocol';
import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { HubConnection } from '../hub/connection.ts';
import { messageText, textFrame } from '../hub/frame.ts';
import type { Socket } from '../hub/socket.ts';
import type { Log } from '../ops/logger.ts';
import type { ClientEvents } from './client-events.ts';
import { readClientMessage } from './client-message.ts';

export interface ClientSocketOptions {
  readonly ws: WebSocket;
  /** The stream under it, which takes finished frames. */
  readonly stream: Duplex;
  readonly maxUnreadBytes: number;
  readonly log: Log;
}

/**
 * One WebSocket: reads messages, writes frames.
 *
 * Frames go straight into the stream, past `ws`, so that one frame serves every connection. `ws` itself
 * writes there only whole frames (pong, close) and without compression never half of one, so the two
 * cannot mix.
 */
export class ClientSocket implements Socket {
  readonly #ws: WebSocket;
  readonly #stream: Duplex;
  readonly #options: ClientSocketOptions;
  /** Set by each sign of life, cleared by each ping. */
  isAlive = true;
  #events: ClientEvents | undefined;

  constructor(options: ClientSocketOptions) {
    this.#options = options;
    this.#ws = options.ws;
    this.#stream = options.stream;
    // From the first moment: an `error` event that nobody listens for ends the process.
    this.#ws.on('error', (error) => options.log.debug({ error }, '! socket error'));
    this.#ws.on('pong', () => (this.isAlive = true));
  }

  /** Begins to read. `onClosed` runs once, when the socket is gone. */
  start(connection: HubConnection, events: ClientEvents, onClosed: () => void): void {
    this.#events = events;
    this.#ws.on('message', (data) => this.#read(data, connection, events));
    this.#ws.on('close', onClosed);
  }

  write(frame: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const unreadBytes = this.#stream.writableLength;
    // Asked before the write: one large message to a client that reads is no offence.
    if (unreadBytes > this.#options.maxUnreadBytes) {
      this.#options.log.warn({ unreadBytes }, '! a client does not read what it is sent, and is closed:');
      this.close(closeCodes.slowConsumer, 'slow-consumer');
      return;
    }
    this.#stream.write(frame);
  }

  close(code: number, reason: string): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#ws.close(code, reason);
    // A paused socket would never see the answer to its close frame.
    this.#ws.resume();
  }

  /** Cuts the socket without a word. */
  terminate(): void {
    this.#ws.terminate();
  }

  ping(): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.isAlive = false;
    this.#ws.ping();
  }

  /** Not reading, and so unable to hear a pong. */
  get isPaused(): boolean {
    return this.#ws.isPaused;
  }

  /** To be called whenever the queue got shorter. */
  resumeIfLow(): void {
    if (this.#ws.isPaused && this.#events?.isLow) this.#ws.resume();
  }

  #read(data: RawData, connection: HubConnection, events: ClientEvents): void {
    this.isAlive = true;
    const bytes = data as Buffer;
    // Text frames were checked by `ws`; a binary frame is taken when it holds the same.
    const read = isUtf8(bytes)
      ? readClientMessage(bytes.toString('utf8'))
      : ({ ok: false, code: 'bad-message', text: 'The message is not UTF-8 text' } as const);
    if (!read.ok) {
      const { code, text } = read;
      this.#options.log.debug({ wskey: connection.wskey, code, text }, '! refused a message from client');
      const error: BrokerErrorMessage = { type: 'broker-error', code, text };
      this.write(textFrame(messageText(error)));
      return;
    }
    this.#options.log.debug({ wskey: connection.wskey, message: read.message }, '→ from client');
    events.received(read.message, bytes.length);
    if (events.isFull) this.#ws.pause();
  }
}
