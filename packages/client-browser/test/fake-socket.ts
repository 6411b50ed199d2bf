import type { SocketClass, SocketLike } from '../src/socket-like.ts';

type Handler = ((event: never) => unknown) | null;

/** A socket without a network: a test says when it opens, what it receives and how it ends. */
export class FakeSocket implements SocketLike {
  readonly url: string;
  readonly protocols: readonly string[] | undefined;
  readonly sent: string[] = [];
  /** Arguments of each `close()` but those that a real socket ignores. */
  readonly closes: (readonly [code: number | undefined, reason: string | undefined])[] = [];
  readyState = 0;
  bufferedAmount = 0;
  /** What the other side has agreed to: a test says so before `open()`. */
  protocol = '';
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;

  constructor(url: string, protocols?: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  /** What was sent, decoded. */
  get messages(): unknown[] {
    return this.sent.map((text) => JSON.parse(text) as unknown);
  }

  send(text: string): void {
    if (this.readyState === 0) throw new Error('InvalidStateError');
    if (this.readyState === 1) this.sent.push(text);
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code < 5000)) {
      throw new Error(`InvalidAccessError: ${code}`);
    }
    if (this.readyState >= 2) return;
    this.closes.push([code, reason]);
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.#call(this.onopen, {});
  }

  receive(message: unknown): void {
    this.receiveText(JSON.stringify(message));
  }

  receiveText(data: unknown): void {
    this.#call(this.onmessage, { data });
  }

  end(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.#call(this.onerror, {});
    this.#call(this.onclose, { code, reason });
  }

  #call(handler: Handler, event: unknown): void {
    handler?.(event as never);
  }
}

/** A class of fake sockets, and those that were made of it. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];
  readonly WebSocket: SocketClass;

  constructor() {
    const { sockets } = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols?: readonly string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    };
  }

  /** The socket made last. */
  get latest(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('No socket has been made');
    return socket;
  }
}
