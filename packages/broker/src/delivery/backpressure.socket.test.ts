import {
  brokerStarter,
  connectRaw,
  postCommands,
  type RawClient,
  startFakeBackend,
  Disposables,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
/** A log that keeps nothing: these messages are large, and many. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const kibi = 1_024;
const large = 'x'.repeat(60 * kibi);
const largeCount = 150;

/** A broker whose backend is down; counts the messages that it has read, by their field `from`. */
const start = async (options: BrokerOptions) => {
  const backend = await startFakeBackend();
  await backend.stop();
  const read: Record<string, number> = {};
  const broker = await startBroker({
    backend: { url: backend.url, allow: ['127.0.0.1'] },
    retryMinMs: 1,
    retryMaxMs: 20,
    log: silent,
    onClientMessage(message) {
      const from = String(message['from']);
      read[from] = (read[from] ?? 0) + 1;
      return true;
    },
    ...options,
  });
  return {
    backend,
    broker,
    read,
    connect: (from: string) => connectRaw(broker.url, { headers: { cookie: `from=${from}` } }),
    /** Lets the broker do all that it is able to do: a figure that stays the same over many turns has stopped. */
    async settled(figure: () => number) {
      for (let last = -1; figure() !== last;) {
        last = figure();
        for (const _ of range(20)) await postCommands(broker.httpUrl, [{ type: 'list', count: true }]);
      }
      return figure();
    },
    arrived: (from: string) =>
      backend.events.filter(({ message }) => message['from'] === from).map(({ message }) => message['n']),
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await backend.stop();
    },
  };
};

const flood = (client: RawClient, from: string, count: number, text: string): void => {
  for (const n of range(count)) client.send({ type: 'say', from, n, text });
};

describe.each([
  ['events', { maxQueuedEvents: 8 }, 8],
  ['bytes', { maxQueuedBytes: 300 * kibi }, 6],
] as const)('a connection whose queue is full of %s', (_what, options, bound) => {
  test('is read no further, not closed, and loses nothing; others go on', async () => {
    await using on = await start(options);
    await using flooding = await on.connect('flooding');
    await using other = await on.connect('other');
    flood(flooding, 'flooding', largeCount, large);
    const readCount = await on.settled(() => on.read['flooding'] ?? 0);
    expect(readCount).toBeGreaterThan(0);
    // The connect event takes a place too.
    expect(readCount).toBeLessThanOrEqual(bound);
    // TCP pushes back: the rest waits at the sender.
    expect(flooding.socket.bufferedAmount).toBeGreaterThan(0);
    expect(flooding.isOpen).toBe(true);

    flood(other, 'other', 3, 'small');
    await on.settled(() => on.read['other'] ?? 0);
    expect(on.read['other']).toBe(3);
    on.broker.broadcast({ type: 'still there' });
    expect(await flooding.next()).toEqual({ type: 'still there' });

    await on.backend.start();
    await on.backend.next(({ message }) => message['from'] === 'flooding' && message['n'] === largeCount - 1);
    expect(on.arrived('flooding')).toEqual(range(largeCount));
    expect(on.arrived('other')).toEqual([0, 1, 2]);
    expect(flooding.socket.bufferedAmount).toBe(0);
  });
});

test('a full connection whose client has left gives up nothing: all that it sent arrives, then the disconnect', async () => {
  await using on = await start({ maxQueuedEvents: 4 });
  const client = await on.connect('leaving');
  flood(client, 'leaving', 40, large.slice(0, 10 * kibi));
  await on.settled(() => on.read['leaving'] ?? 0);
  const closed = client.close();
  await on.backend.start();
  await closed;
  await on.backend.next(({ message }) => message.type === 'session-disconnect');
  const types = on.backend.events.map(({ message }) => message['n'] ?? message.type);
  expect(types).toEqual(['session-connect', ...range(40), 'session-disconnect']);
});

test('a backend that is only slow holds a fast client back, too', async () => {
  await using on = await start({ maxQueuedEvents: 4 });
  on.backend.answerWith({ body: [], delayMs: 2 });
  await on.backend.start();
  await using client = await on.connect('fast');
  flood(client, 'fast', largeCount, large);
  let most = 0;
  await on.backend.next(({ message }) => {
    most = Math.max(most, (on.read['fast'] ?? 0) - on.arrived('fast').length);
    return message['n'] === largeCount - 1;
  });
  expect(most).toBeLessThanOrEqual(5);
  expect(on.arrived('fast')).toEqual(range(largeCount));
});

test('when all queues together are full no socket is read further, until there is room again', async () => {
  const names = range(6).map((n) => `c${n}`);
  await using on = await start({ maxTotalQueuedBytes: 700 * kibi });
  await using clients = new Disposables();
  const connected = new Map<string, RawClient>();
  for (const name of names) connected.set(name, clients.use(await on.connect(name)));
  for (const [name, client] of connected) flood(client, name, 50, large);
  const readCount = await on.settled(() => Object.values(on.read).reduce((sum, count) => sum + count, 0));
  // One message more for each socket that found out only then.
  expect(readCount).toBeLessThanOrEqual(12 + names.length);
  for (const client of connected.values()) {
    expect(client.isOpen).toBe(true);
  }
  await on.backend.start();
  for (const name of names) {
    await on.backend.next(({ message }) => message['from'] === name && message['n'] === 49);
    expect(on.arrived(name)).toEqual(range(50));
  }
});

test('a flood of the smallest messages stops within one slice of what the network brings', async () => {
  const most = 1_000_000;
  await using on = await start({ maxQueuedEvents: 10, messagesPerSecond: most, messageBurst: most });
  await using client = await on.connect('tiny');
  for (const _ of range(20_000)) client.send('{}');
  const readCount = await on.settled(() => on.read['undefined'] ?? 0);
  // 2 KiB of frames with 6 bytes of header and 2 of payload.
  expect(readCount).toBeLessThanOrEqual(10 + (2 * kibi) / 8);
  expect(client.isOpen).toBe(true);
  await client.terminate();
  await on.broker.close({ drainMs: 10 });
});

test('a client that is held back is not taken for one that is gone', async () => {
  await using on = await start({ maxQueuedEvents: 4, pingIntervalMs: 20, pongTimeoutMs: 500 });
  await using client = await on.connect('held');
  await using idle = await on.connect('idle');
  flood(client, 'held', largeCount, large);
  await on.settled(() => on.read['held'] ?? 0);
  let pings = 0;
  await new Promise<void>((resolve) => {
    idle.socket.on('ping', () => {
      pings += 1;
      if (pings === 3) resolve();
    });
  });
  expect(client.isOpen).toBe(true);
  await on.backend.start();
  await on.backend.next(({ message }) => message['n'] === largeCount - 1);
  expect(on.arrived('held')).toEqual(range(largeCount));
});
