import { createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import {
  authority,
  brokerStarter,
  certificate,
  connectRaw,
  connectTcp,
  connectV1,
  Disposables,
  MemoryLogger,
  type RawClient,
  type RawTcp,
  UpgradeRefused,
  watchForLeaks,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);

const half = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgra';

/** So many that begin a handshake, or do not even that, and never end it. */
const openHalf = async (
  port: number,
  count: number,
  text = half,
): Promise<Disposables & { all: RawTcp[] }> => {
  const all = await Promise.all(Array.from({ length: count }, () => connectTcp(port)));
  const clients = new Disposables();
  for (const tcp of all) {
    clients.use(tcp);
    if (text !== '') tcp.write(text);
  }
  return Object.assign(clients, { all });
};

const isCut = ({ socket }: RawTcp): boolean => socket.readableEnded || socket.destroyed;
const cutOf = (all: readonly RawTcp[]): number => all.filter(isCut).length;

/** As many as are too many, and no more. */
const expectCut = (all: readonly RawTcp[], count: number): Promise<void> =>
  expect.poll(() => cutOf(all), { timeout: 10_000 }).toBe(count);

test.each([
  ['begin a handshake', half],
  ['say nothing', ''],
])('P126: 300 that %s and never go on hold nobody up: the oldest are cut', async (_what, text) => {
  await using broker = await startBroker({ maxPendingSockets: 50, handshakeTimeoutMs: 600_000 });
  await using before = await connectRaw(broker.url);
  await using flood = await openHalf(broker.port, 300, text);
  await expectCut(flood.all, 250);
  await using client = await connectRaw(broker.url);
  await using other = await connectV1(broker.url);
  // The first has cut one on its way, and left its room to the second.
  await expectCut(flood.all, 251);
  expect(broker.logs.messages('warn')).toEqual([expect.stringContaining('(`maxPendingSockets`)')]);
  expect([before.isOpen, client.isOpen, other.raw.isOpen]).toEqual([true, true, true]);
});

test('P126: those that are left are cut after `handshakeTimeoutMs`', async () => {
  await using broker = await startBroker({ maxPendingSockets: 50, handshakeTimeoutMs: 500 });
  await using flood = await openHalf(broker.port, 60);
  await expectCut(flood.all, 60);
});

test('P126: a command POST that was accepted by its head is not cut, however many come after it', async () => {
  await using broker = await startBroker({
    maxPendingSockets: 10,
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1'] },
  });
  const body = '[{"type":"list","count":true}]';
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  await using post = await connectTcp(broker.port);
  post.write(head);
  await using unfinished = await connectTcp(broker.port);
  unfinished.write(head.slice(0, -2));
  await using flood = await openHalf(broker.port, 100);
  // The one whose head is not whole was the oldest of those that are pending.
  await expectCut([unfinished, ...flood.all], 91);
  expect(isCut(unfinished)).toBe(true);
  post.write(body);
  await post.receiving(/^HTTP\/1\.1 200 .*\[\{"count":0\}\]$/s);
  // The same connection takes the next one.
  post.write(head + body);
  await post.receiving(/200 .*200 .*\[\{"count":0\}\]$/s);
});

test('P126: a POST that is refused is pending', async () => {
  await using broker = await startBroker({ maxPendingSockets: 10, handshakeTimeoutMs: 600_000 });
  const body = 'x'.repeat(100);
  await using denied = await connectTcp(broker.port);
  denied.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
  await denied.receiving(/^HTTP\/1\.1 403 /);
  await using flood = await openHalf(broker.port, 100);
  await expectCut(flood.all, 90);
  await using client = await connectRaw(broker.url);
  expect(client.isOpen).toBe(true);
});

test('P126: under TLS too: without a handshake of TLS, or without one of WebSocket, they hold nobody up', async () => {
  const { certFile, keyFile } = certificate('first');
  await using broker = await startBroker({
    tls: { cert: certFile, key: keyFile },
    maxPendingSockets: 20,
    handshakeTimeoutMs: 600_000,
  });
  const url = broker.url.replace('ws:', 'wss:');
  const ws = { ca: authority.cert };
  await using before = await connectRaw(url, { ws });
  await using flood = await openHalf(broker.port, 60, '');
  await expectCut(flood.all, 40);
  await using client = await connectRaw(url, { ws });
  await expectCut(flood.all, 41);
  await using more = await openHalf(broker.port, 60, '');
  await expectCut([...flood.all, ...more.all], 100);
  expect([before.isOpen, client.isOpen]).toEqual([true, true]);
});

test('P124: clients of wsbroker.v1 for whom there is no room are pending until they say what they want', async () => {
  await using broker = await startBroker({
    maxConnections: 2,
    maxPendingSockets: 10,
    handshakeTimeoutMs: 600_000,
  });
  await using first = await connectV1(broker.url);
  await using second = await connectRaw(broker.url);
  await using clients = new Disposables();
  const late: RawClient[] = [];
  for (let n = 0; n < 30; n += 1) {
    late.push(clients.use(await connectRaw(broker.url, { protocols: 'wsbroker.v1' })));
  }
  await expect.poll(() => late.filter(({ isOpen }) => isOpen).length, { timeout: 20_000 }).toBe(10);
  // None of them stands in the way of one who has a place.
  await first.terminate();
  await using again = await connectV1(broker.url, { token: first.opened.token, received: 0 });
  expect(again.opened.resumed).toBe(true);
  await using flood = await openHalf(broker.port, 30);
  await expectCut(flood.all, 20);
  expect([again.raw.isOpen, second.isOpen]).toEqual([true, true]);
});

test("P124: on a server of the application's own, too, where other sockets are none of the broker's", async () => {
  const leaks = watchForLeaks();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const broker = Broker({ server, log: new MemoryLogger(), maxConnections: 1, maxPendingSockets: 5 });
  await broker.ready;
  {
    await using flood = await openHalf(port, 30);
    await using client = await connectRaw(`ws://127.0.0.1:${port}/`);
    await expect(connectRaw(`ws://127.0.0.1:${port}/`)).rejects.toThrow(UpgradeRefused);
    await using clients = new Disposables();
    const late: RawClient[] = [];
    for (let n = 0; n < 12; n += 1) {
      late.push(clients.use(await connectRaw(`ws://127.0.0.1:${port}/`, { protocols: 'wsbroker.v1' })));
    }
    await expect.poll(() => late.filter(({ isOpen }) => isOpen).length, { timeout: 20_000 }).toBe(5);
    expect([cutOf(flood.all), client.isOpen]).toEqual([0, true]);
  }
  await broker.close();
  await new Promise((resolve) => server.close(resolve));
  await leaks.assertNone();
});

test('sockets that are reset the moment they are accepted leave nothing behind', async () => {
  await using broker = await startBroker({ maxPendingSockets: 5 });
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = connect(broker.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect').catch(() => {});
      socket.resetAndDestroy();
    }),
  );
  await using client = await connectRaw(broker.url);
  expect(client.isOpen).toBe(true);
});
