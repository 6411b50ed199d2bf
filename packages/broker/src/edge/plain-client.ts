import type { SessionInfo } from '@wsbroker/protocol';
import { type ConnectionOwner, type Handshake, HubConnection } from '../hub/connection.ts';
import type { ClientContext } from './client-context.ts';
import { ClientEvents, type ClientEventsOwner } from './client-events.ts';
import { readClientMessage } from './client-message.ts';
import { type EndReason, endReasonOf } from './end-reason.ts';
import { Lifetime, type LifetimeOwner } from './lifetime.ts';
import { PlainReceipts } from './receipts.ts';
import type { ClientSocket, SocketReader } from './socket/socket.ts';

export interface PlainClientInit {
  readonly context: ClientContext;
  readonly socket: ClientSocket;
  readonly sessionInfo: SessionInfo;
  readonly handshake: Handshake;
  /** All plain clients; this one leaves them when its socket is gone. */
  readonly clients: Set<PlainClient>;
}

/**
 * A client without a subprotocol of ours: messages and nothing else, and its connection ends with its socket.
 *
 * It owns its parts itself: with objects and functions of their own for that, ten thousand clients would take 4 MB more.
 */
export class PlainClient implements SocketReader, ConnectionOwner, ClientEventsOwner, LifetimeOwner {
  readonly connection: HubConnection;
  readonly events: ClientEvents;
  readonly #socket: ClientSocket;
  readonly #context: ClientContext;
  readonly #lifetime: Lifetime;
  readonly #clients: Set<PlainClient>;
  #receipts: PlainReceipts | undefined;
  #endReason: EndReason | undefined;

  constructor({ context, socket, sessionInfo, handshake, clients }: PlainClientInit) {
    this.#context = context;
    this.#socket = socket;
    this.#clients = clients;
    this.connection = new HubConnection({ sessionInfo, handshake, home: context, owner: this });
    this.events = new ClientEvents(context, { connection: this.connection, owner: this });
    this.#lifetime = new Lifetime(context, this);
    this.connection.attach(socket);
    socket.reader = this;
  }

  begin(): void {
    const { authorize } = this.#context.settings;
    if (authorize) this.#socket.hold();
    this.#lifetime.begin({ tokenHashes: [], fingerprint: '' }, authorize);
  }

  get receipts(): PlainReceipts {
    this.#receipts ??= new PlainReceipts(this.connection);
    return this.#receipts;
  }

  get isFull(): boolean {
    return this.events.isFull;
  }

  get isLow(): boolean {
    return this.events.isLow;
  }

  read(text: string | undefined, bytes: number): void {
    // Refused: what had arrived before comes out while the socket closes.
    if (!this.#lifetime.isOpen) return;
    const read = readClientMessage(text, this.#context.settings.maxMessageDepth);
    if (!read.ok) return this.events.refused({ code: read.code, text: read.text });
    this.#context.log.debug({ wskey: this.connection.wskey, message: read.message }, '→ from client');
    this.events.messaged(read, bytes);
  }

  closed(code: number | undefined): void {
    this.#lifetime.end(this.#endReason ?? endReasonOf(code));
    this.connection.detach();
    this.#clients.delete(this);
  }

  /** The broker stops. */
  leave(code: number, reason: string): void {
    this.#endReason ??= 'broker-closed';
    this.#socket.close(code, reason);
  }

  close(code: number, reason: string): void {
    this.#endReason ??= 'closed';
    this.#socket.close(this.#lifetime.closeCode(code), reason);
  }

  sessionChanged(): void {
    this.events.keepSession();
  }

  eventLeft(): void {
    this.#socket.resumeIfLow();
    this.#lifetime.forgetIfDone();
  }

  admitted(): void {
    this.#socket.release();
  }

  refused(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
