import type { IncomingMessage } from 'node:http';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { Inbox } from './inbox.ts';

/** A message as it came: JSON is parsed; text that is no JSON is the string itself, a binary frame a Buffer. */
export type Received = Record<string, unknown>;

export interface RawClientOptions {
  headers?: Record<string, string>;
  protocols?: string | string[];
  /** Anything else that `ws` takes, such as `localAddress`. */
  ws?: ClientOptions;
}

export interface CloseFacts {
  readonly code: number;
  readonly reason: string;
}

/** The broker answered the handshake with something else than 101. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;

  constructor(
    status: number,
    body: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ) {
    super(`The upgrade was refused with ${status}: ${body}`);
    this.name = 'UpgradeRefused';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A WebSocket client that adds nothing: what a browser would send and see, frame by frame. */
export class RawClient implements AsyncDisposable {
  /** The socket itself, for what this class does not offer. */
  readonly socket: WebSocket;
  readonly closed: Promise<CloseFacts>;
  readonly #inbox = new Inbox<Received>('a message');

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data, isBinary) => this.#inbox.put(parsed(data, isBinary)));
    // A broken connection ends in `close` as well; without a listener it would end the process.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#inbox.end(`the socket was closed with ${code} ${reason.toString()}`.trimEnd());
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Every message so far, in order. */
  get received(): readonly Received[] {
    return this.#inbox.all;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** An object is sent as JSON, a string as it is. */
  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a binary frame. */
  sendBytes(bytes: Uint8Array): void {
    this.socket.send(bytes, { binary: true });
  }

  /** The first message not yet taken (that satisfies the predicate). Rejects when the socket closes first. */
  next(predicate?: (message: Received) => boolean, timeoutMs?: number): Promise<Received> {
    return this.#inbox.next(predicate, timeoutMs);
  }

  close(code = 1000, reason = ''): Promise<CloseFacts> {
    this.socket.close(code, reason);
    return this.closed;
  }

  /** Cuts the TCP connection, without a closing handshake. */
  terminate(): Promise<CloseFacts> {
    this.socket.terminate();
    return this.closed;
  }

  /** Stops reading from the TCP connection: what the broker sends then fills the buffers on the way. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.resume();
    if (this.isOpen) this.socket.close(1000);
    const cut = setTimeout(() => this.socket.terminate(), 2_000);
    await this.closed;
    clearTimeout(cut);
  }
}

/**
 * Opens a WebSocket.
 * @throws UpgradeRefused when the broker answers the handshake with an HTTP error.
 */
export const connectRaw = (url: string, options: RawClientOptions = {}): Promise<RawClient> => {
  const socket = new WebSocket(url, options.protocols ?? [], {
    perMessageDeflate: false,
    ...options.ws,
    headers: options.headers ?? {},
  });
  // Before the handshake ends, since the broker may send in the same packet.
  const client = new RawClient(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('close', () => {
        reject(
          new UpgradeRefused(response.statusCode ?? 0, Buffer.concat(chunks).toString(), response.headers),
        );
        socket.terminate();
      });
    });
  });
};

const parsed = (data: RawData, isBinary: boolean): Received => {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (isBinary) return bytes as unknown as Received;
  const text = bytes.toString();
  try {
    return JSON.parse(text) as Received;
  } catch {
    return text as unknown as Received;
  }
};
