import {
  authority,
  brokerStarter,
  certificate,
  connectRaw,
  connectTcp,
  type RawClient,
  startFakeBackend,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const { certFile: cert, keyFile: key } = certificate('first');
const tls = { cert, key };

/** Within a TLS connection bytes wait in other buffers than within a TCP one. */
const connect = (port: number, cookie = 'who=somebody'): Promise<RawClient> =>
  connectRaw(`wss://127.0.0.1:${port}/`, { ws: { ca: authority.cert }, headers: { cookie } });

test('over TLS a client that does not read is closed past `maxUnreadBytes`, and others get everything', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    tls,
    backend: { url: backend.url },
    maxUnreadBytes: 256 * 1_024,
  });
  await using slow = await connect(broker.port, 'who=slow');
  await using good = await connect(broker.port, 'who=good');
  slow.pause();
  const text = 'x'.repeat(64 * 1_024);
  for (let n = 0; n < 300; n += 1) {
    broker.broadcast({ type: 'news', n, text });
    expect((await good.next())['n']).toBe(n);
  }
  const gone = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(gone.connection).toMatchObject({ who: 'slow' });
  expect(good.isOpen).toBe(true);
  slow.resume();
  await slow.closed;
  expect(slow.received.map(({ n }) => n)).toEqual(slow.received.map((_, n) => n));
});

test('over TLS a message larger than `maxUnreadBytes` to a client that reads is no offence', async () => {
  await using broker = await startBroker({ tls, maxUnreadBytes: 64 * 1_024 });
  await using client = await connect(broker.port);
  broker.broadcast('x'.repeat(8 * 1_024 * 1_024));
  expect(await client.next()).toHaveLength(8 * 1_024 * 1_024);
});

test('over TLS a full queue pauses reading, nothing is lost, and all arrives in order', async () => {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await using backend = await startFakeBackend(async () => {
    await released;
    return [];
  });
  await using broker = await startBroker({
    tls,
    backend: { url: backend.url },
    maxQueuedEvents: 50,
    log: false,
    messagesPerSecond: 1_000_000,
    messageBurst: 1_000_000,
  });
  await using client = await connect(broker.port);
  const text = 'x'.repeat(40_000);
  const count = 500;
  for (let n = 0; n < count; n += 1) client.send({ type: 'say', n, text });
  // 20 MB: more than all buffers on the way hold.
  await expect.poll(() => backend.requestsInFlight, { timeout: 20_000 }).toBe(1);
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(client.socket.bufferedAmount).toBeGreaterThan(0);
  release();
  for (let n = 0; n < count; n += 1) {
    const event = await backend.next(({ message }) => message.type === 'client-say');
    expect(event.message['n']).toBe(n);
  }
});

test('over TLS the rate of messages holds, and nothing is dropped', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    tls,
    backend: { url: backend.url },
    messagesPerSecond: 100,
    messageBurst: 50,
  });
  await using client = await connect(broker.port);
  const beganMs = performance.now();
  for (let n = 0; n < 200; n += 1) client.send({ type: 'say', n });
  for (let n = 0; n < 200; n += 1) {
    const event = await backend.next(({ message }) => message.type === 'client-say');
    expect(event.message['n']).toBe(n);
  }
  // 150 of them at 100 a second.
  expect(performance.now() - beganMs).toBeGreaterThan(1_000);
});

test('over TLS those that never end their handshake cut each other past `maxPendingSockets`, and nobody else', async () => {
  await using broker = await startBroker({
    tls,
    maxPendingSockets: 5,
    onClientMessage: (message) => broker.broadcast(message),
  });
  await using before = await connect(broker.port);
  const stalled = [];
  for (let n = 0; n < 20; n += 1) {
    const tcp = await connectTcp(broker.port);
    tcp.write('\x16\x03\x01');
    stalled.push(tcp);
  }
  await Promise.all(stalled.slice(0, 15).map((tcp) => tcp.ended));
  // One that has shaken hands, but has not asked for anything, is one of them.
  await using after = await connect(broker.port);
  for (const client of [before, after]) client.send({ type: 'hello' });
  expect(await before.next()).toEqual({ type: 'hello' });
  expect(await after.next()).toEqual({ type: 'hello' });
  for (const tcp of stalled) await tcp[Symbol.asyncDispose]();
});
