import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const kibi = 1_024;

const handshake = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

test('a client that leaves more than `maxUnreadBytes` unread is closed, with a line in the log; others get everything', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, maxUnreadBytes: 256 * kibi });
  await using slow = await connectRaw(broker.url, { headers: { cookie: 'who=slow' } });
  await using good = await connectRaw(broker.url, { headers: { cookie: 'who=good' } });
  slow.pause();
  const text = 'x'.repeat(64 * kibi);
  const count = 300;
  // As fast as the good one reads.
  for (let n = 0; n < count; n += 1) {
    broker.broadcast({ type: 'news', n, text });
    expect((await good.next())['n']).toBe(n);
  }
  const gone = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(gone.connection).toMatchObject({ who: 'slow' });
  expect(good.isOpen).toBe(true);
  expect(broker.logs.messages('warn')).toEqual(['! a client does not read what it is sent, and is closed:']);
  slow.resume();
  await slow.closed;
  // Never a gap: what arrived is the beginning.
  expect(slow.received.map(({ n }) => n)).toEqual(slow.received.map((_, n) => n));
  expect(slow.received.length).toBeLessThan(count);
});

test('one message larger than `maxUnreadBytes` to a client that reads is no offence', async () => {
  await using broker = await startBroker({ maxUnreadBytes: 64 * kibi });
  await using client = await connectRaw(broker.url);
  broker.broadcast('x'.repeat(8 * kibi * kibi));
  expect(await client.next()).toHaveLength(8 * kibi * kibi);
  expect(client.isOpen).toBe(true);
});

test('one that floods with bad messages and does not read the answers is closed too', async () => {
  // As fast as it can: at the rate that holds by default it takes minutes to leave so much unread.
  const rate = { messagesPerSecond: 1_000_000, messageBurst: 1_000_000 };
  await using broker = await startBroker({ maxUnreadBytes: 16 * kibi, log: false, ...rate });
  await using client = await connectRaw(broker.url);
  client.pause();
  const isOpen = (): boolean =>
    [...broker.websocketServer.clients].some(({ readyState, OPEN }) => readyState === OPEN);
  const bad = '['.repeat(1_000);
  while (isOpen()) {
    for (let n = 0; n < 1_000; n += 1) client.send(bad);
    await new Promise(setImmediate);
  }
  await using other = await connectRaw(broker.url);
  expect(other.isOpen).toBe(true);
});

test('a client that reads nothing of what waits for it is closed after `unreadTimeoutMs`, however little that is', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    maxUnreadBytes: 64 * kibi * kibi,
    unreadTimeoutMs: 1_500,
  });
  await using slow = await connectRaw(broker.url, { headers: { cookie: 'who=slow' } });
  await using good = await connectRaw(broker.url, { headers: { cookie: 'who=good' } });
  slow.pause();
  // More than the kernel's buffers take, and far from the bound; the good one reads it.
  broker.broadcast({ type: 'news', text: 'x'.repeat(16 * kibi * kibi) });
  expect(await good.next()).toMatchObject({ type: 'news' });
  const gone = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(gone.connection).toMatchObject({ who: 'slow' });
  expect(good.isOpen).toBe(true);
});

test('a client that always has something unread but reads is not closed', async () => {
  await using broker = await startBroker({ unreadTimeoutMs: 1_000, maxUnreadBytes: 64 * kibi * kibi });
  await using client = await connectRaw(broker.url);
  const text = 'x'.repeat(4 * kibi * kibi);
  const until = performance.now() + 3_500;
  let sent = 0;
  let received = 0;
  while (performance.now() < until) {
    while (sent < received + 3) {
      broker.broadcast({ type: 'news', text });
      sent += 1;
    }
    await client.next();
    received += 1;
  }
  expect(client.isOpen).toBe(true);
  expect(received).toBeGreaterThan(3);
});

test('a client that takes long over one large message is not closed, neither as a slow reader nor for a pong that waits behind it', async () => {
  const mebi = kibi * kibi;
  await using broker = await startBroker({
    unreadTimeoutMs: 1_000,
    pingIntervalMs: 300,
    pongTimeoutMs: 1_500,
  });
  const socket = connect({ port: broker.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(handshake);
  await once(socket, 'readable');
  broker.broadcast('x'.repeat(32 * mebi));
  let bytes = 0;
  // As a slow line would: a mebibyte now and then.
  while (bytes < 32 * mebi && !socket.destroyed) {
    const until = bytes + mebi;
    while (bytes < until && !socket.destroyed) {
      const chunk = socket.read() as Buffer | null;
      if (chunk) bytes += chunk.length;
      else await Promise.race([once(socket, 'readable'), closed]);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(bytes).toBeGreaterThanOrEqual(32 * mebi);
  expect(broker.logs.messages('warn')).toEqual([]);
  socket.destroy();
});

test('P131, slow readers: past `maxTotalUnreadBytes` those with the most unread are closed, with one line in the log', async () => {
  await using backend = await startFakeBackend();
  const mebi = kibi * kibi;
  await using broker = await startBroker({
    backend: { url: backend.url },
    maxUnreadBytes: 1_024 * mebi,
    maxTotalUnreadBytes: 32 * mebi,
    unreadTimeoutMs: 600_000,
  });
  await using most = await connectRaw(broker.url, { headers: { cookie: 'who=most' } });
  await using little = await connectRaw(broker.url, { headers: { cookie: 'who=little' } });
  await using good = await connectRaw(broker.url, { headers: { cookie: 'who=good' } });
  for (const client of [most, little]) client.pause();
  broker.broadcast('x'.repeat(8 * mebi));
  for (let n = 0; n < 8; n += 1) broker.broadcast('x'.repeat(8 * mebi), { who: 'most' });
  expect(await good.next()).toHaveLength(8 * mebi);
  const gone = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(gone.connection).toMatchObject({ who: 'most' });
  // Another check, and nobody else is closed.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([little.isOpen, good.isOpen]).toEqual([true, true]);
  expect(broker.logs.messages('warn')).toEqual([expect.stringContaining('see `maxTotalUnreadBytes`')]);
  most.resume();
  expect(await most.closed).toMatchObject({ code: expect.toBeOneOf([4001, 1006]) });
});
