import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ServerFrames } from './server-frames.ts';

/** How long a broker may take for what it does at once, on a machine with other work. */
const patienceMs = 20_000;

export const websocketKey = '0aCw4LH5MR7bIacx5PtEtA==';

/** What a server has to answer to a key. */
export const acceptFor = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

export interface Handshake {
  readonly protocol?: string;
  /** More lines of the head, such as `Cookie: a=b`. */
  readonly headers?: readonly string[];
}

export const handshakeHead = ({ protocol, headers = [] }: Handshake = {}): string =>
  [
    'GET / HTTP/1.1',
    'Host: broker',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${websocketKey}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...headers,
    '',
    '',
  ].join('\r\n');

/** A TCP connection on which anything can be said, and what the broker says is read: a head, then frames. */
export class Wire implements Disposable {
  readonly socket: Socket;
  readonly server = new ServerFrames();
  /** The head of the answer, once it is there. */
  head: string | undefined;
  /** What came that is not read as frames: all, until a head with status 101. */
  #http = Buffer.alloc(0);
  #hasEnded = false;
  #error: Error | undefined;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    // A reset is an end like any other; without a listener it would end this process.
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('data', (chunk) => {
      try {
        this.#read(chunk);
      } catch (error) {
        this.#error ??= error as Error;
      }
      this.#wakeAll();
    });
  }

  /** What was answered before frames, one character a byte. */
  get http(): string {
    return this.#http.toString('latin1');
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isUpgraded(): boolean {
    return this.head?.startsWith('HTTP/1.1 101 ') ?? false;
  }

  write(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Has nothing more to say. */
  end(): void {
    if (!this.socket.destroyed) this.socket.end();
  }

  /** Cuts the connection. */
  reset(): void {
    if (!this.socket.destroyed) this.socket.resetAndDestroy();
  }

  /**
   * Resolves with what `find` gives once that is not undefined.
   * @throws Error when the broker takes too long, or ends the connection first, or sends what no server may
   */
  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const deadlineMs = performance.now() + patienceMs;
    for (;;) {
      if (this.#error) throw this.#error;
      const found = find();
      if (found !== undefined) return found;
      if (this.#hasEnded) throw new Error(`the broker ended the connection before ${what}: ${this.#said()}`);
      if (performance.now() > deadlineMs) throw new Error(`the broker hangs: no ${what}. ${this.#said()}`);
      await this.#next();
    }
  }

  /** @throws Error when the broker has sent what no server may */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /** Resolves once the broker has ended its half, too. */
  async ended(): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    while (!this.#hasEnded) {
      if (performance.now() > deadlineMs) throw new Error(`the broker hangs: no end. ${this.#said()}`);
      await this.#next();
    }
    if (this.#error) throw this.#error;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.isUpgraded) return this.server.push(chunk);
    this.#http = Buffer.concat([this.#http, chunk]);
    const end = this.#http.indexOf('\r\n\r\n');
    if (this.head !== undefined || end < 0) return;
    this.head = this.#http.toString('latin1', 0, end);
    if (!this.isUpgraded) return;
    const rest = this.#http.subarray(end + 4);
    this.#http = this.#http.subarray(0, end + 4);
    if (rest.length > 0) this.server.push(rest);
  }

  #said(): string {
    const frames = this.server.frames.map(({ opcode, payload }) => `${opcode}:${payload.toString('latin1')}`);
    return `It had said ${JSON.stringify(`${this.http.slice(0, 300)}${frames.join(' ').slice(-300)}`)}`;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#wakeAll();
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1_000);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** A TCP connection to the broker. */
export const openWire = async (port: number): Promise<Wire> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const wire = new Wire(socket);
  await once(socket, 'connect');
  return wire;
};

/** A WebSocket, ready for frames. */
export const openWebSocket = async (port: number, handshake?: Handshake): Promise<Wire> => {
  const wire = await openWire(port);
  wire.write(handshakeHead(handshake));
  const head = await wire.until('an answer to the handshake', () => wire.head);
  if (!wire.isUpgraded) throw new Error(`the broker refused an honest handshake: ${head}`);
  return wire;
};
