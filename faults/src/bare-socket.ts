import { connect, type Socket } from 'node:net';
import { opcodes } from '@wsbroker/testkit';
import { clientFrame, FrameReader, type ServerFrame } from './client-frame.ts';

export interface HandshakeOptions {
  readonly port: number;
  /** The client that it pretends to come from: what a proxy in front of the broker would say. */
  readonly address?: string | undefined;
  readonly protocol?: string | undefined;
  readonly extensions?: string | undefined;
}

/** What came of a handshake. */
export type Handshaken =
  | { readonly kind: 'taken'; readonly socket: Socket }
  | { readonly kind: 'refused'; readonly status: number; readonly hasRetryAfter: boolean }
  | { readonly kind: 'cut' };

/** A request for a WebSocket, whole; any part of it is what a slow client would have sent. */
export const handshakeHead = ({ port, address, protocol, extensions }: HandshakeOptions): string =>
  [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(address === undefined ? [] : [`X-Forwarded-For: ${address}`]),
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '\r\n',
  ].join('\r\n');

/**
 * A WebSocket without a library: thousands of them cost little, and what is written is what was meant.
 * The socket is paused when it is given: a client that does not read it says nothing more.
 */
export const openBareSocket = (options: HandshakeOptions): Promise<Handshaken> =>
  new Promise((resolve) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    let head = Buffer.alloc(0);
    socket.on('error', () => undefined);
    const cut = (): void => resolve({ kind: 'cut' });
    socket.once('close', cut);
    socket.write(handshakeHead(options));
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.off('close', cut);
      const text = head.subarray(0, end).toString('latin1');
      const status = Number(text.split(' ')[1]);
      if (status !== 101) {
        socket.destroy();
        resolve({ kind: 'refused', status, hasRetryAfter: /^retry-after: *\d+ *$/im.test(text) });
        return;
      }
      socket.pause();
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      resolve({ kind: 'taken', socket });
    };
    socket.on('data', onData);
  });

/** Reads from now on, and answers pings as a client has to. */
export const readFrames = (socket: Socket, onFrame: (frame: ServerFrame) => void = () => undefined): void => {
  const reader = new FrameReader();
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.take(chunk)) {
      if (frame.opcode === opcodes.ping) socket.write(clientFrame(frame.payload, { opcode: opcodes.pong }));
      onFrame(frame);
    }
  });
  socket.resume();
};

/** As JSON, in one text frame. */
export const messageFrame = (message: object): Buffer => clientFrame(JSON.stringify(message));
