import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { encodeFrame, frameSize, opcodes, textFrame } from '@wsbroker/testkit';
import type { Wire } from './wires.ts';

/** One buffer for all sockets: what is read is looked at before the next is. */
const readBuffer = Buffer.alloc(256 * 1024);

export interface RawSocketOptions {
  readonly port: number;
  readonly wire: Wire;
  /** Counts from 0: gives the client an address of its own, as behind a proxy, since brokers count by address. */
  readonly index: number;
  /** It comes from this machine itself, and not through a proxy. */
  readonly isDirect?: boolean | undefined;
  /** A frame of at least so many bytes is a delivery; shorter ones are the wire's own. */
  readonly deliveryBytes: number;
  /** Is given each whole delivery, which is gone afterwards. Costs the load client: give it to some only. */
  readonly onDelivery?: (payload: Buffer) => void;
}

/**
 * A client as cheap as it can be: it counts frames, and looks into those only that are the wire's own.
 * One in JavaScript that decodes everything would be slower than the servers that are measured.
 */
export class RawSocket {
  readonly opened: Promise<void>;
  /** Deliveries so far. */
  received = 0;
  readonly #options: RawSocketOptions;
  readonly #socket: Socket;
  #head = '';
  #isUpgraded = false;
  #isOpened = false;
  /** Bytes of a delivery that are still to come. */
  #toSkip = 0;
  /** The beginning of a frame whose rest is still to come. */
  #rest: Buffer | undefined;
  #isToAcknowledge = false;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(options: RawSocketOptions) {
    this.#options = options;
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#socket = connect({
      port: options.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (size, bytes) => {
          this.#read((bytes as Buffer).subarray(0, size));
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#reject(error));
    this.#socket.on('close', () => this.#reject(new Error('the server closed the socket')));
    this.#socket.write(this.#handshake());
  }

  /** Sends a text, masked as a client's is. */
  send(text: string): void {
    this.#socket.write(textFrame(text));
  }

  /** Whether the server has not closed it. */
  get isOpen(): boolean {
    return this.#isOpened && !this.#socket.destroyed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #handshake(): string {
    const { wire, index, isDirect = false } = this.#options;
    const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
    return (
      `GET ${wire.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
      `${isDirect ? '' : `X-Forwarded-For: ${address}\r\n`}${wire.headers}\r\n`
    );
  }

  #read(bytes: Buffer): void {
    if (this.#isUpgraded) this.#readFrames(bytes);
    else this.#readHead(bytes);
  }

  #readHead(bytes: Buffer): void {
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) return;
    if (!this.#head.startsWith('HTTP/1.1 101')) {
      this.#reject(new Error(`the handshake was answered with ${this.#head.slice(0, 200)}`));
      this.destroy();
      return;
    }
    this.#isUpgraded = true;
    const { opening, isOpened } = this.#options.wire;
    if (opening !== undefined) this.send(opening);
    if (isOpened === undefined) this.#open();
    const frames = Buffer.from(this.#head.slice(end + 4), 'latin1');
    this.#head = '';
    if (frames.length > 0) this.#readFrames(frames);
  }

  #open(): void {
    this.#isOpened = true;
    this.#resolve();
  }

  #readFrames(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    const before = this.received;
    let at = Math.min(this.#toSkip, bytes.length);
    this.#toSkip -= at;
    while (at < bytes.length) {
      const size = this.#readFrame(bytes, at);
      if (size === 0) {
        // The buffer belongs to the next socket that reads.
        this.#rest = Buffer.from(bytes.subarray(at));
        break;
      }
      at += size;
      if (at > bytes.length) this.#toSkip = at - bytes.length;
    }
    if (this.received > before) this.#acknowledgeSoon();
  }

  /** How many bytes the frame takes: more than there are when the rest of a delivery is to be skipped; 0: wait. */
  #readFrame(bytes: Buffer, at: number): number {
    const second = bytes[at + 1];
    if (second === undefined) return 0;
    // What a server sends is not masked, and nearly always short.
    const size = second < 126 ? 2 + second : frameSize(bytes.subarray(at));
    if (size === undefined) return 0;
    const payload = at + (second < 126 ? 2 : second === 126 ? 4 : 10);
    const isDelivery = at + size - payload >= this.#options.deliveryBytes && this.#isOpened;
    const isWhole = at + size <= bytes.length;
    if (isDelivery) {
      this.received += 1;
      if (isWhole) this.#options.onDelivery?.(bytes.subarray(payload, at + size));
      return size;
    }
    if (!isWhole) return 0;
    this.#take((bytes[at] ?? 0) & 0x0f, bytes.subarray(payload, at + size));
    return size;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#socket.write(encodeFrame({ opcode: opcodes.pong, payload }));
    if (opcode === opcodes.close) this.destroy();
    if (opcode !== opcodes.text) return;
    const { isOpened, answer } = this.#options.wire;
    const text = payload.toString();
    if (!this.#isOpened && isOpened?.(text) === true) this.#open();
    else {
      const reply = answer?.(text);
      if (reply !== undefined) this.send(reply);
    }
  }

  #acknowledgeSoon(): void {
    const { acknowledge } = this.#options.wire;
    if (!acknowledge || this.#isToAcknowledge) return;
    this.#isToAcknowledge = true;
    setTimeout(() => {
      this.#isToAcknowledge = false;
      if (this.isOpen) this.send(acknowledge.frame(this.received));
    }, acknowledge.afterMs).unref();
  }
}

const openedAtOnce = 50;

/** Opens so many clients, some at once. */
export const openSockets = async (
  count: number,
  options: (index: number) => Omit<RawSocketOptions, 'index'>,
  firstIndex = 0,
): Promise<readonly RawSocket[]> => {
  const sockets: RawSocket[] = [];
  while (sockets.length < count) {
    const size = Math.min(openedAtOnce, count - sockets.length);
    const group = Array.from({ length: size }, (_, at) => {
      const index = firstIndex + sockets.length + at;
      return new RawSocket({ ...options(index), index });
    });
    await Promise.all(group.map(({ opened }) => opened));
    sockets.push(...group);
  }
  return sockets;
};
