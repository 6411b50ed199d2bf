import { closeCodes } from '@wsbroker/protocol';
import type { ClientSocket, SocketReader } from '../socket/socket.ts';
import { readUpFrame } from './up-frame.ts';

export interface OpeningOwner {
  /** A client that asked for the subprotocol and then says nothing is closed after so long. */
  readonly timeoutMs: number;
  /** Runs at most once. The client wants a new connection, or one to go on. */
  opened(opening: { readonly token?: string | undefined; readonly received?: number | undefined }): void;
  closed(): void;
}

/** A socket of `wsbroker.v1` whose client has not said yet what it wants. */
export class OpeningSocket implements SocketReader {
  readonly isFull = false;
  readonly isLow = true;
  readonly #socket: ClientSocket;
  readonly #owner: OpeningOwner;
  readonly #timer: NodeJS.Timeout;
  #hasOpened = false;

  constructor(socket: ClientSocket, owner: OpeningOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#timer = setTimeout(() => this.#refuse('no `open` in time'), owner.timeoutMs);
    socket.reader = this;
  }

  read(text: string | undefined): void {
    // There was no room for it, and it goes on while its socket closes.
    if (this.#hasOpened) return;
    const frame = readUpFrame(text ?? '');
    if (frame?.[0] !== 'open') return this.#refuse('the first frame is not `open`');
    clearTimeout(this.#timer);
    this.#hasOpened = true;
    this.#owner.opened(frame[1]);
  }

  closed(): void {
    clearTimeout(this.#timer);
    this.#owner.closed();
  }

  #refuse(what: string): void {
    this.#socket.close(closeCodes.protocolError, `protocol-error: ${what}`);
  }
}
