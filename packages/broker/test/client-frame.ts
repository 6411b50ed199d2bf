import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { closeFrame, connectTcp, encodeFrame, type RawTcp } from '@wsbroker/testkit';
import { type WebSocket, WebSocketServer } from 'ws';

/**
 * A frame as a client writes it.
 * @param first Of its bytes: `fin`, reserved bits and opcode.
 */
export const clientFrame = (first: number, payload: Uint8Array | string): Buffer =>
  encodeFrame({ opcode: first & 0x0f, isLast: (first & 0x80) !== 0, reserved: (first >> 4) & 7, payload });

export { textFrame as clientText } from '@wsbroker/testkit';
export const clientClose = closeFrame(1000);

/** A socket of the broker's whose frames are written by hand. */
export const upgradedTcp = async (port: number, headers = ''): Promise<RawTcp> => {
  const tcp = await connectTcp(port);
  tcp.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: 0aCw4LH5MR7bIacx5PtEtA==\r\n${headers}\r\n`,
  );
  await tcp.receiving(/^HTTP\/1\.1 101 .*\r\n\r\n/s);
  return tcp;
};

/** The code of the close frame with which the broker ended the socket; 1005 without one. */
export const closeCodeOf = async (tcp: RawTcp): Promise<number> => {
  await tcp.ended;
  const frames = tcp.bytes.subarray(tcp.text.indexOf('\r\n\r\n') + 4);
  const at = frames.lastIndexOf(0x88);
  return at < 0 || (frames[at + 1] ?? 0) < 2 ? 1005 : frames.readUInt16BE(at + 2);
};

const handshake = {
  method: 'GET',
  url: '/',
  headers: {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': '0aCw4LH5MR7bIacx5PtEtA==',
  },
} as unknown as IncomingMessage;

/** A WebSocket of a server on a stream that the test feeds: as it is after the handshake, nothing read yet. */
export const webSocketOnStream = (
  head: Buffer = Buffer.alloc(0),
  options: object = {},
): { stream: Duplex; ws: WebSocket } => {
  const stream = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, ...options });
  let ws: WebSocket | undefined;
  server.handleUpgrade(handshake, stream, head, (made) => (ws = made));
  if (!ws) throw new Error('The handshake was not taken');
  return { stream, ws };
};
