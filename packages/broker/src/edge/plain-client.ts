import type { SessionInfo } from '@wsbroker/protocol';
import { type Handshake, HubConnection } from '../hub/connection.ts';
import type { ClientContext } from './client-context.ts';
import { ClientEvents } from './client-events.ts';
import { readClientMessage } from './client-message.ts';
import { type EndReason, endReasonOf } from './end-reason.ts';
import { Lifetime } from './lifetime.ts';
import { PlainReceipts } from './receipts.ts';
import type { ClientSocket, SocketReader } from './socket/socket.ts';

export interface PlainClientInit {
  readonly context: ClientContext;
  readonly socket: ClientSocket;
  readonly sessionInfo: SessionInfo;
  readonly handshake: Handshake;
  /** Runs once, when the socket is gone. */
  readonly onClosed: () => void;
}

/** A client without a subprotocol of ours: messages and nothing else, and its connection ends with its socket. */
export class PlainClient implements SocketReader {
  readonly #socket: ClientSocket;
  readonly #context: ClientContext;
  readonly #connection: HubConnection;
  readonly #events: ClientEvents;
  readonly #lifetime: Lifetime;
  readonly #onClosed: () => void;
  #endReason: EndReason | undefined;

  constructor({ context, socket, sessionInfo, handshake, onClosed }: PlainClientInit) {
    this.#context = context;
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#connection = new HubConnection({
      sessionInfo,
      ...handshake,
      broker: context.broker,
      owner: {
        close: (code, reason) => this.#close(code, reason),
        sessionChanged: () => this.#events.keepSession(),
      },
    });
    this.#events = new ClientEvents(context, {
      connection: this.#connection,
      receipts: new PlainReceipts(this.#connection),
      onLeft: () => {
        socket.resumeIfLow();
        this.#lifetime.forgetIfDone();
      },
    });
    this.#lifetime = new Lifetime({
      connection: this.#connection,
      events: this.#events,
      hub: context.hub,
      log: context.log,
      onAdmitted: () => socket.release(),
      onRefused: (code, reason) => socket.close(code, reason),
    });
    this.#connection.attach(socket);
    socket.reader = this;
  }

  begin(): void {
    const { authorize } = this.#context.settings;
    if (authorize) this.#socket.hold();
    this.#lifetime.begin({ tokenHashes: [], fingerprint: '' }, authorize);
  }

  get isFull(): boolean {
    return this.#events.isFull;
  }

  get isLow(): boolean {
    return this.#events.isLow;
  }

  read(text: string | undefined, bytes: number): void {
    // Refused: what had arrived before comes out while the socket closes.
    if (!this.#lifetime.isOpen) return;
    const read = readClientMessage(text, this.#context.settings.maxMessageDepth);
    if (!read.ok) return this.#events.refused({ code: read.code, text: read.text });
    this.#context.log.debug({ wskey: this.#connection.wskey, message: read.message }, '→ from client');
    this.#events.messaged(read, bytes);
  }

  closed(code: number | undefined): void {
    this.#lifetime.end(this.#endReason ?? endReasonOf(code));
    this.#connection.detach();
    this.#onClosed();
  }

  /** The broker stops. */
  leave(code: number, reason: string): void {
    this.#endReason ??= 'broker-closed';
    this.#socket.close(code, reason);
  }

  #close(code: number, reason: string): void {
    this.#endReason ??= 'closed';
    this.#socket.close(this.#lifetime.closeCode(code), reason);
  }
}
