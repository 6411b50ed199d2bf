import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { decodeFrame, encodeFrame, opcodes } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { RawSocket } from './raw-socket.ts';
import { type WireName, wires } from './wires.ts';

const deliveryBytes = 20;

/** A server of one client that says what it is told to, cut as it is told to. */
const startServer = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  return {
    port,
    async accept() {
      const [socket] = (await once(server, 'connection')) as [Socket];
      sockets.push(socket.setNoDelay());
      await once(socket, 'data');
      return socket;
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

const upgraded = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
const frame = (opcode: number, payload: string): Buffer => encodeFrame({ opcode, payload, mask: false });
const text = (payload: string): Buffer => frame(opcodes.text, payload);

/** In pieces that arrive apart, as far as that can be brought about. */
const writeInPieces = async (socket: Socket, bytes: Buffer, size: number): Promise<void> => {
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** What the client says next, as far as it comes in one piece: short frames do. */
const nextText = async (socket: Socket): Promise<string> => {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return decodeFrame(bytes)?.frame.payload.toString() ?? '';
};

const open = (port: number, wire: WireName, onDelivery: (payload: string) => void = () => {}): RawSocket =>
  new RawSocket({
    port,
    wire: wires[wire],
    index: 0,
    deliveryBytes,
    onDelivery: (payload) => onDelivery(payload.toString()),
  });

test.each([1, 3, 7, 64, 10_000])(
  'counts deliveries and answers pings, however the bytes are cut: %i at once',
  async (size) => {
    using server = await startServer();
    const accepted = server.accept();
    const seen: string[] = [];
    const client = open(server.port, 'plain', (payload) => seen.push(payload));
    const socket = await accepted;
    const lengths = [20, 125, 126, 127, 300, 4_000, 20];
    const pong = nextText(socket);
    const bytes = [
      upgraded,
      text('short'),
      ...lengths.map((length, at) => text(String(at).repeat(length))),
      frame(opcodes.ping, 'are you there'),
    ];
    await writeInPieces(socket, Buffer.concat(bytes), size);
    expect(await pong).toBe('are you there');
    expect(client.received).toBe(lengths.length);
    // Those that are cut are counted and not looked into.
    expect(seen.every((payload) => new Set(payload).size === 1 && lengths.includes(payload.length))).toBe(
      true,
    );
    if (size === 10_000) expect(seen).toHaveLength(lengths.length);
    client.destroy();
  },
);

test('a client of wsbroker.v1 opens, and says after a while how much has come', async () => {
  using server = await startServer();
  const accepted = server.accept();
  const client = open(server.port, 'wsbroker.v1');
  const socket = await accepted;
  const opening = nextText(socket);
  socket.write(upgraded);
  expect(await opening).toBe('["open",{}]');
  const acknowledged = nextText(socket);
  // It is longer than a delivery, and none.
  socket.write(text('["opened",{"connection":"one","token":"two"}]'));
  await client.opened;
  socket.write(Buffer.concat([text('x'.repeat(30)), text('["ack",1]'), text('x'.repeat(30))]));
  expect(await acknowledged).toBe('["ack",2]');
  client.destroy();
});

test('a client of socket.io opens and answers what it is asked', async () => {
  using server = await startServer();
  const accepted = server.accept();
  const client = open(server.port, 'socket.io');
  const socket = await accepted;
  const opening = nextText(socket);
  socket.write(Buffer.concat([upgraded, text('0{"sid":"of engine.io, longer than a delivery"}')]));
  expect(await opening).toBe('40');
  socket.write(text('40{"sid":"of socket.io"}'));
  await client.opened;
  const pong = nextText(socket);
  socket.write(text('2'));
  expect(await pong).toBe('3');
  client.destroy();
});

test('a handshake that is refused is told', async () => {
  using server = await startServer();
  const accepted = server.accept();
  const client = open(server.port, 'plain');
  const socket = await accepted;
  socket.write('HTTP/1.1 503 Service Unavailable\r\n\r\n');
  await expect(client.opened).rejects.toThrow('HTTP/1.1 503');
});
