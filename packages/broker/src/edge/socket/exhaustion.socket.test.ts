/** What may not exhaust the broker, as far as one socket can try: large messages, pings, floods of bytes. */
import {
  brokerStarter,
  connectRaw,
  connectV1,
  Disposables,
  postCommands,
  type RawTcp,
  startFakeBackend,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import {
  clientClose,
  clientFrame,
  clientText,
  closeCodeOf,
  upgradedTcp,
} from '../../../test/client-frame.ts';
import { heldBytes, mebi } from '../../../test/memory.ts';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const unlimited = { messagesPerSecond: 1_000_000, messageBurst: 1_000_000 };

/** Counts the messages that arrive; commands are taken. */
const start = async (options: BrokerOptions = {}) => {
  const texts: string[] = [];
  const broker = await startBroker({
    log: silent,
    backend: { type: 'function', allow: ['127.0.0.1'], handle: () => {} },
    onClientMessage: ({ text }) => void texts.push(String(text)),
    ...options,
  });
  return Object.assign(broker, { texts });
};

/** Writes until everything was taken, or the peer has hung up. */
const writeAll = async (tcp: RawTcp, bytes: Buffer): Promise<void> => {
  if (tcp.socket.destroyed || tcp.socket.write(bytes)) return;
  await Promise.race([new Promise((resolve) => tcp.socket.once('drain', resolve)), tcp.closed]);
};

/** How many of the broker's sockets are open. */
const openSockets = (broker: { websocketServer: { clients: Set<{ readyState: number }> } }): number =>
  [...broker.websocketServer.clients].filter(({ readyState }) => readyState === 1).length;

/** A broker has had its say once it has answered this. */
const settled = async (broker: { httpUrl: string }): Promise<void> => {
  for (const _ of range(5)) await postCommands(broker.httpUrl, [{ type: 'list', count: true }]);
};

describe('large messages, endless fragments, compression', () => {
  test('P128: a message of as many fragments as may be is taken; one more closes with 1008', async () => {
    await using broker = await start();
    const part = (n: number, last: number): Buffer =>
      clientFrame(
        (n === last ? 0x80 : 0) | (n === 0 ? 0x01 : 0),
        n === 0 ? '{"type":"x","text":"' : n === last ? '"}' : 'a',
      );
    await using fits = await upgradedTcp(broker.port);
    fits.write(Buffer.concat(range(64).map((n) => part(n, 63))));
    await expect.poll(() => broker.texts).toEqual(['a'.repeat(62)]);
    await using over = await upgradedTcp(broker.port);
    over.write(Buffer.concat(range(65).map((n) => part(n, 64))));
    expect(await closeCodeOf(over)).toBe(1008);
    expect(broker.texts).toHaveLength(1);
  });

  test('`maxFragments` is as set', async () => {
    await using broker = await start({ maxFragments: 2 });
    await using tcp = await upgradedTcp(broker.port);
    tcp.write(Buffer.concat([clientFrame(0x01, '{'), clientFrame(0x00, ''), clientFrame(0x80, '}')]));
    expect(await closeCodeOf(tcp)).toBe(1008);
  });

  test.each([
    ['empty ones', 0, 1008],
    ['of one byte', 1, 1008],
    ['large ones', 4_096, 1009],
  ])('endless fragments, %s: 50 such sockets are closed, memory + < 30 MB', async (_what, bytes, code) => {
    await using broker = await start(unlimited);
    await using all = new Disposables();
    const sockets: RawTcp[] = [];
    for (const _ of range(50)) sockets.push(all.use(await upgradedTcp(broker.port)));
    const before = await heldBytes();
    const more = clientFrame(0x00, 'x'.repeat(bytes));
    for (const tcp of sockets) {
      tcp.write(clientFrame(0x01, ''));
      for (const _ of range(100)) tcp.write(more);
    }
    expect(await Promise.all(sockets.map(closeCodeOf))).toEqual(sockets.map(() => code));
    expect((await heldBytes()) - before).toBeLessThan(30 * mebi);
    await using other = await connectRaw(broker.url);
    expect(other.isOpen).toBe(true);
  });

  test('P129: an offer of compression is declined, and a compressed frame closes with 1002', async () => {
    await using broker = await start();
    await using tcp = await upgradedTcp(
      broker.port,
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n',
    );
    expect(tcp.text).not.toMatch(/extensions/i);
    tcp.write(clientFrame(0xc1, '{"type":"x"}'));
    expect(await closeCodeOf(tcp)).toBe(1002);
    expect(broker.texts).toEqual([]);
  });
});

describe('bytes that come one by one', () => {
  test('an honest message of 64 KiB arrives; meanwhile others are served', async () => {
    await using broker = await start();
    await using slow = await upgradedTcp(broker.port);
    slow.socket.setNoDelay(true);
    await using other = await connectRaw(broker.url);
    const text = 'x'.repeat(65_536 - 25);
    const client = { isDone: false };
    const sending = (async () => {
      for (const byte of clientText(`{"type":"slow","text":"${text}"}`)) {
        slow.write(Buffer.from([byte]));
        // The broker runs in this process: it reads each byte by itself, until it reads less often.
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.isDone = true;
    })();
    let served = 0;
    while (!client.isDone) {
      other.send({ type: 'other', text: `n${served}` });
      await expect.poll(() => broker.texts.includes(`n${served}`), { interval: 1 }).toBe(true);
      served += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await sending;
    // Of what reads as little as that, so many count as messages: the last may have to wait for its turn.
    await expect.poll(() => broker.texts.includes(text), { timeout: 20_000 }).toBe(true);
    expect(served).toBeGreaterThan(10);
    expect(openSockets(broker)).toBe(2);
  });

  test('P127: what completes no message is read by the same rate', async () => {
    await using broker = await start({ messagesPerSecond: 1, messageBurst: 10 });
    await using tcp = await upgradedTcp(broker.port);
    tcp.socket.setNoDelay(true);
    const [serverSide] = broker.websocketServer.clients;
    let written = 0;
    for (const byte of clientText('x'.repeat(1_000))) {
      if (serverSide?.isPaused) break;
      tcp.write(Buffer.from([byte]));
      written += 1;
      await settled(broker);
    }
    expect(serverSide?.isPaused).toBe(true);
    expect(written).toBeLessThan(30);
  });

  test('of a client that is not read little is read ahead, were it byte by byte', async () => {
    await using broker = await start({ messagesPerSecond: 1, messageBurst: 1 });
    await using tcp = await upgradedTcp(broker.port);
    tcp.socket.setNoDelay(true);
    tcp.write(Buffer.concat(range(300).map(() => clientText('{"type":"x"}'))));
    const [serverSide] = broker.websocketServer.clients;
    await expect.poll(() => serverSide?.isPaused).toBe(true);
    const { _socket: stream } = serverSide as unknown as { _socket: { bytesRead: number } };
    const before = stream.bytesRead;
    const frame = clientText('{"type":"y"}');
    for (let n = 0; n < 200; n += 1) {
      for (const byte of frame) {
        tcp.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await settled(broker);
    expect(stream.bytesRead - before).toBeLessThan(600);
  });
});

describe('pings without reading', () => {
  const ping = clientFrame(0x89, 'x'.repeat(125));
  const pings = Buffer.concat(range(500).map(() => ping));

  test.each([
    ['at the default rate', {}],
    ['as fast as they can', unlimited],
  ])('50 such sockets, %s: memory + < 20 MB, and others are served', async (_what, options) => {
    await using broker = await start(options);
    await using all = new Disposables();
    const sockets: RawTcp[] = [];
    for (const _ of range(50)) {
      const tcp = all.use(await upgradedTcp(broker.port));
      tcp.socket.pause();
      sockets.push(tcp);
    }
    const before = await heldBytes();
    // 3 MB each; what the broker does not take waits in this process, so that each writes on only when it was taken.
    const written = Promise.all(
      sockets.map(async (tcp) => {
        for (const _ of range(50)) await writeAll(tcp, pings);
      }),
    );
    const clients = { areDone: false };
    void written.then(() => (clients.areDone = true));
    await using other = await connectRaw(broker.url);
    for (let n = 0; n < 30 && !clients.areDone; n += 1) {
      other.send({ type: 'other', text: `n${n}` });
      await expect.poll(() => broker.texts.includes(`n${n}`), { interval: 5 }).toBe(true);
      await settled(broker);
    }
    const ofBroker = [...broker.websocketServer.clients].map(
      (ws) => (ws as unknown as { _socket: { readableLength: number; writableLength: number } })._socket,
    );
    const held = ofBroker.reduce(
      (sum, stream) => sum + (stream?.readableLength ?? 0) + (stream?.writableLength ?? 0),
      0,
    );
    expect(held).toBeLessThan(10 * mebi);
    // Without what the clients, in this process as well, still have to say: at most one write of each. In the middle
    // of a turn there is more of it.
    const heldNow = async (): Promise<number> =>
      (await heldBytes()) - before - sockets.reduce((sum, { socket }) => sum + socket.writableLength, 0);
    await expect.poll(heldNow, { timeout: 20_000, interval: 100 }).toBeLessThan(2 * 20 * mebi);
    expect(openSockets(broker)).toBe(51);
    for (const tcp of sockets) tcp.socket.destroy();
    await written;
  });
});

test('P132: of as many pings at once as may be the last is answered, and nobody is cut off', async () => {
  await using broker = await start();
  await using client = await connectRaw(broker.url);
  const pongs: string[] = [];
  client.socket.on('pong', (payload) => pongs.push(String(payload)));
  // In one segment.
  const { _socket: tcp } = client.socket as unknown as { _socket: { write(bytes: Buffer): void } };
  tcp.write(Buffer.concat(range(400).map((n) => clientFrame(0x89, String(n)))));
  await expect.poll(() => pongs.at(-1), { timeout: 10_000 }).toBe('399');
  expect(client.isOpen).toBe(true);
});

test('P132: a ping is answered at its place: before the answer to a message behind it, and before a close', async () => {
  await using broker = await start({ onClientMessage: (_message, connection) => connection.send('echo') });
  await using tcp = await upgradedTcp(broker.port);
  const parts = [clientFrame(0x01, '{"type":'), clientFrame(0x89, 'ping'), clientFrame(0x80, '"x"}')];
  tcp.write(Buffer.concat([...parts, clientFrame(0x89, 'last'), clientClose]));
  await tcp.ended;
  const frames = tcp.bytes.subarray(tcp.text.indexOf('\r\n\r\n') + 4).toString('latin1');
  expect(frames).toBe('\x8a\x04ping\x81\x04echo\x8a\x04last\x88\x02\x03\xe8');
});

describe('deep JSON in lists of wsbroker.v1', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

  test.each([
    ['a list that is no frame', deep(32_000)],
    ['one that never ends', '['.repeat(65_000)],
    ['an `ack`', `["ack",${deep(32_000)}]`],
    ['an `open`', `["open",{"token":${deep(32_000)}}]`],
  ])('P130: %s closes with 4501, however deep it is', async (_what, frame) => {
    await using broker = await start();
    await using client = await connectV1(broker.url);
    client.raw.send(frame);
    expect((await client.closed).code).toBe(4501);
  });

  test('P130: the message of a request may be as deep as any other; a deeper one fails, and closes nothing', async () => {
    await using broker = await start({ maxMessageDepth: 10 });
    await using client = await connectV1(broker.url);
    const request = (id: number, levels: number): string =>
      `["request",${id},{"type":"x","text":"t${id}","list":${deep(levels)}}]`;
    client.raw.send(request(1, 9));
    client.raw.send(request(2, 10));
    client.raw.send(request(3, 30_000));
    await expect
      .poll(() => client.frames.filter(([name]) => name === 'failed').map(([, n, code]) => [n, code]))
      .toEqual([
        [1, 'no-reply'],
        [2, 'bad-message'],
        [3, 'bad-message'],
      ]);
    expect(broker.texts).toEqual(['t1']);
  });
});

test('P133: of what arrives after a close of the broker’s no more is taken than the queue has room for', async () => {
  await using backend = await startFakeBackend();
  await backend.stop();
  await using broker = await startBroker({
    log: silent,
    backend: { url: backend.url, allow: ['127.0.0.1'] },
    retryMaxMs: 20,
    maxQueuedEvents: 10,
    ...unlimited,
  });
  const codes: number[] = [];
  broker.websocketServer.on('connection', (ws) => ws.on('close', (code) => codes.push(code)));
  await using client = await connectRaw(broker.url);
  const count = 20_000;
  for (const n of range(count)) client.send({ type: 'say', n });
  const [serverSide] = broker.websocketServer.clients;
  await expect.poll(() => serverSide?.isPaused).toBe(true);
  await postCommands(broker.httpUrl, [{ type: 'close', code: 4321 }]);
  expect(await client.closed).toMatchObject({ code: 4321 });
  // The answer came behind all of them.
  await expect.poll(() => codes).toEqual([4321]);
  await backend.start();
  await backend.next(({ message }) => message.type === 'session-disconnect');
  const said = backend.events.flatMap(({ message }) => message['n'] ?? []);
  expect(said).toEqual(range(said.length));
  expect(said.length).toBeLessThanOrEqual(10 + 2_048 / 20);
});
