import { brokerStarter, connectRaw, connectTcp, connectV1, startFakeBackend } from '@wsbroker/testkit';
import { expect, test, vi } from 'vitest';
import { clientText, upgradedTcp } from '../../../test/client-frame.ts';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);

test('a client that does not read is found, closed with 4000, and is one disconnect; those that answer stay', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    pingIntervalMs: 50,
    pongTimeoutMs: 1_000,
  });
  await using dead = await connectRaw(broker.url, { headers: { cookie: 'who=dead' } });
  await using alive = await connectRaw(broker.url, { headers: { cookie: 'who=alive' } });
  dead.pause();
  const gone = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(gone.connection).toMatchObject({ who: 'dead' });
  dead.resume();
  expect(await dead.closed).toEqual({ code: 4000, reason: 'heartbeat-timeout' });
  expect(alive.isOpen).toBe(true);
  await broker.close();
  const disconnects = backend.events.filter(({ message }) => message.type === 'session-disconnect');
  expect(disconnects.map(({ connection }) => connection['who'])).toEqual(['dead', 'alive']);
});

test('a client that sends messages is alive, though it answers no ping', async () => {
  await using broker = await startBroker({ pingIntervalMs: 20, pongTimeoutMs: 3_000 });
  await using client = await connectRaw(broker.url, { ws: { autoPong: false } });
  let pings = 0;
  await new Promise<void>((resolve) => {
    client.socket.on('ping', () => {
      client.send({ type: 'busy' });
      pings += 1;
      if (pings === 3) resolve();
    });
    // The first ping may have come before anybody listened.
    client.send({ type: 'busy' });
  });
  expect(client.isOpen).toBe(true);
});

test('a client is alive that is in the middle of one long message, behind which its pongs wait', async () => {
  await using broker = await startBroker({ pingIntervalMs: 20, pongTimeoutMs: 1_000 });
  await using tcp = await upgradedTcp(broker.port);
  const pings = (): number => tcp.bytes.filter((byte) => byte === 0x89).length;
  const frame = clientText('x'.repeat(60_000));
  for (let at = 0; pings() < 4; at += 10) {
    tcp.write(frame.subarray(at, at + 10));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(broker.websocketServer.clients.size).toBe(1);
});

test('a client that answers nothing at all is closed', async () => {
  await using broker = await startBroker({ pingIntervalMs: 20, pongTimeoutMs: 100 });
  await using client = await connectRaw(broker.url, { ws: { autoPong: false } });
  expect(await client.closed).toEqual({ code: 4000, reason: 'heartbeat-timeout' });
});

test('a peer whose network is gone, and that so answers no close either, is let go of', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    pingIntervalMs: 20,
    pongTimeoutMs: 100,
  });
  await using tcp = await connectTcp(broker.port);
  tcp.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: 0aCw4LH5MR7bIacx5PtEtA==\r\n\r\n',
  );
  await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(broker.websocketServer.clients.size).toBe(0);
});

test('a broker without clients, or whose clients come and go, has no heartbeat left once it is closed', async () => {
  await using broker = await startBroker({ pingIntervalMs: 10, pongTimeoutMs: 10_000 });
  const client = await connectRaw(broker.url);
  await new Promise((resolve) => client.socket.once('ping', resolve));
  await client.close();
  await broker.close();
});

test('a clock that is set forward or back by an hour closes nothing, and gives up no event', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    pingIntervalMs: 50,
    pongTimeoutMs: 5_000,
    retryMaxMs: 50,
  });
  await using plain = await connectRaw(broker.url);
  await using client = await connectV1(broker.url);
  await client.deliveredUpTo(client.send({ type: 'before' }));
  const pinged = async (): Promise<void> => {
    await new Promise((resolve) => client.raw.socket.once('ping', resolve));
  };
  try {
    for (const hours of [1, -1]) {
      await backend.stop();
      const n = client.send({ type: 'over', hours });
      await client.ackedUpTo(n);
      vi.setSystemTime(Date.now() + hours * 3_600_000);
      await pinged();
      await pinged();
      await backend.start();
      await client.deliveredUpTo(n);
    }
  } finally {
    vi.useRealTimers();
  }
  expect(client.failed.size).toBe(0);
  expect([plain.isOpen, client.raw.isOpen]).toEqual([true, true]);
});
