import {
  brokerStarter,
  connectRaw,
  connectTcp,
  type RawTcp,
  startFakeBackend,
  Disposables,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);

/** A frame of a client, masked with zeros so that its payload can be read in the test. */
const frame = (first: number, payload: Uint8Array | string, lengthAs = payload.length): Buffer => {
  const length =
    lengthAs < 126
      ? Buffer.from([0x80 | lengthAs])
      : Buffer.from([0x80 | 126, (lengthAs >> 8) & 0xff, lengthAs & 0xff]);
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), Buffer.from(payload as string)]);
};

/** A socket whose frames are written by hand. */
const upgraded = async (port: number): Promise<RawTcp> => {
  const tcp = await connectTcp(port);
  tcp.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: 0aCw4LH5MR7bIacx5PtEtA==\r\n\r\n',
  );
  await tcp.receiving(/^HTTP\/1\.1 101 .*\r\n\r\n/s);
  return tcp;
};

/** The code of the close frame at the end of what was received. */
const closeCodeOf = async (tcp: RawTcp): Promise<number> => {
  await tcp.ended;
  const frames = tcp.bytes.subarray(tcp.text.indexOf('\r\n\r\n') + 4);
  const at = frames.lastIndexOf(0x88);
  return at < 0 || (frames[at + 1] ?? 0) < 2 ? 1005 : frames.readUInt16BE(at + 2);
};

describe('a message of the largest size is taken, one byte more closes with 1009, and the broker goes on', () => {
  const message = (bytes: number) => `{"type":"x","a":"${'x'.repeat(bytes - 19)}"}`;

  test.each([
    ['by default', {}, 65_536],
    ['as set', { maxMessageBytes: 1_000 }, 1_000],
  ])('%s', async (_what, options, largest) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url }, ...options });
    await using fits = await connectRaw(broker.url);
    fits.send(message(largest));
    await backend.next(({ message: { type } }) => type === 'client-x');
    await using over = await connectRaw(broker.url);
    over.send(message(largest + 1));
    expect((await over.closed).code).toBe(1009);
    expect(fits.isOpen).toBe(true);
    expect(broker.logs.messages('error')).toEqual([]);
  });

  test('in fragments too, as soon as they are too large together', async () => {
    await using broker = await startBroker({ maxMessageBytes: 1_000 });
    await using tcp = await upgraded(broker.port);
    tcp.write(frame(0x01, 'x'.repeat(600)));
    tcp.write(frame(0x00, 'x'.repeat(600)));
    expect(await closeCodeOf(tcp)).toBe(1009);
  });
});

test('a message in fragments arrives whole, with a ping in between answered', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using tcp = await upgraded(broker.port);
  const text = Buffer.from('{"type":"parts","text":"é😀"}');
  // Cut within a character as well.
  for (const [at, byte] of text.entries()) {
    const isLast = at === text.length - 1;
    tcp.write(frame((isLast ? 0x80 : 0) | (at === 0 ? 0x01 : 0x00), Buffer.from([byte])));
    if (at === 5) tcp.write(frame(0x89, 'ping'));
  }
  const { message } = await backend.next(({ message: { type } }) => type === 'client-parts');
  expect(message['text']).toBe('é😀');
  expect(tcp.text).toContain('\u008a\u0004ping');
});

describe('frames that break the standard close that socket, and nothing else', () => {
  test.each<[what: string, code: number, bytes: Buffer]>([
    ['no mask', 1002, Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
    ['a reserved bit', 1002, frame(0xc1, '{}')],
    ['an unknown opcode', 1002, frame(0x83, '{}')],
    ['a continuation of nothing', 1002, frame(0x80, '{}')],
    ['a new message inside another', 1002, Buffer.concat([frame(0x01, '{'), frame(0x81, '{}')])],
    ['a ping of 126 bytes', 1002, frame(0x89, 'x'.repeat(126))],
    ['a ping in fragments', 1002, frame(0x09, 'x')],
    ['a close with half a code', 1002, frame(0x88, 'x')],
    ['a close with a code that nobody may send', 1002, frame(0x88, Buffer.from([0x03, 0xee]))],
    ['a close whose reason is no UTF-8', 1007, frame(0x88, Buffer.from([0x03, 0xe8, 0xff]))],
    ['a text that is no UTF-8', 1007, frame(0x81, Buffer.from([0x7b, 0xff, 0x7d]))],
    ['a length of 2^63', 1009, Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
    ['a length of 2^40', 1009, Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
    [
      'twenty thousand empty fragments',
      1008,
      Buffer.concat([frame(0x01, ''), ...Array.from({ length: 20_000 }, () => frame(0x00, ''))]),
    ],
    ['garbage', 1002, Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('%s: %i', async (_what, code, bytes) => {
    await using broker = await startBroker();
    await using other = await connectRaw(broker.url);
    await using tcp = await upgraded(broker.port);
    tcp.write(bytes);
    expect([code, 1006]).toContain(await closeCodeOf(tcp));
    expect(other.isOpen).toBe(true);
    expect(broker.logs.messages('error')).toEqual([]);
  });
});

test.each([
  [1000, ''],
  [1001, 'page closed'],
  [3000, 'é'],
  [4999, 'x'.repeat(123)],
])('a client that closes with %i is answered with the same', async (code, reason) => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  const client = await connectRaw(broker.url);
  expect((await client.close(code, reason)).code).toBe(code);
  await backend.next(({ message }) => message.type === 'session-disconnect');
});

test('a socket cut in the middle of a frame is one disconnect, and the half message is none', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using tcp = await upgraded(broker.port);
  tcp.write(frame(0x81, '{"type":"whole"}'));
  tcp.write(frame(0x81, '{"type":"half"', 100));
  await backend.next(({ message }) => message.type === 'client-whole');
  tcp.socket.destroy();
  await backend.next(({ message }) => message.type === 'session-disconnect');
  await broker.close();
  expect(backend.events.map(({ message }) => message.type)).toEqual([
    'session-connect',
    'client-whole',
    'session-disconnect',
  ]);
});

test('a peer that ends its half without a close frame is a disconnect', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using tcp = await upgraded(broker.port);
  tcp.socket.end();
  await backend.next(({ message }) => message.type === 'session-disconnect');
});

test('a peer that answers no close frame and never hangs up is let go of', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-x' ? [{ type: 'close' }] : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using deaf = await upgraded(broker.port);
  await using closing = await upgraded(broker.port);
  deaf.write(frame(0x81, '{"type":"x"}'));
  // This one begins the closing itself, and then does not end its half of the connection.
  closing.write(frame(0x88, Buffer.from([0x03, 0xe8])));
  await backend.next(({ message }) => message.type === 'session-disconnect');
  await backend.next(({ message }) => message.type === 'session-disconnect');
});

test('a flood of pings is read as slowly as messages are, not cut off, and others are served', async () => {
  await using broker = await startBroker();
  await using other = await connectRaw(broker.url);
  await using flooding = await upgraded(broker.port);
  const pings = Buffer.concat(Array.from({ length: 5_000 }, () => frame(0x89, 'p')));
  for (let round = 0; round < 4; round += 1) flooding.write(pings);
  await expect.poll(() => [...broker.websocketServer.clients].some(({ isPaused }) => isPaused)).toBe(true);
  broker.broadcast({ type: 'hello' });
  expect(await other.next()).toEqual({ type: 'hello' });
  expect(broker.websocketServer.clients.size).toBe(2);
});

test('pings of one that never reads what it is answered cost no memory without bound', async () => {
  await using broker = await startBroker({ pingIntervalMs: 60_000 });
  await using sockets = new Disposables();
  await using other = await connectRaw(broker.url);
  const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(0x89, 'p'.repeat(125))));
  for (let n = 0; n < 10; n += 1) {
    const tcp = sockets.use(await upgraded(broker.port));
    tcp.socket.pause();
    for (let round = 0; round < 100; round += 1) tcp.write(pings);
  }
  broker.broadcast({ type: 'hello' });
  expect(await other.next()).toEqual({ type: 'hello' });
  const unsent = [...broker.websocketServer.clients].reduce(
    (sum, { bufferedAmount }) => sum + bufferedAmount,
    0,
  );
  expect(unsent).toBeLessThan(10 * 1_024 * 1_024);
});
