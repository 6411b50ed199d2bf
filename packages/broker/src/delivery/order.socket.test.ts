import { setTimeout as delay } from 'node:timers/promises';
import { brokerStarter, connectRaw, startFakeBackend, Disposables } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

test('of one connection one event is in flight; those of others go side by side', async () => {
  const inFlight = new Map<string, number>();
  let mostOfOne = 0;
  await using backend = await startFakeBackend(async ({ connection }) => {
    const wskey = String(connection['wskey']);
    const count = (inFlight.get(wskey) ?? 0) + 1;
    inFlight.set(wskey, count);
    mostOfOne = Math.max(mostOfOne, count);
    await delay(5);
    inFlight.set(wskey, count - 1);
    return [];
  });
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using clients = new Disposables();
  for (const _ of range(8)) {
    const client = clients.use(await connectRaw(broker.url));
    for (const n of range(10)) client.send({ type: 'say', n });
  }
  for (const _ of range(88)) await backend.next();
  expect(mostOfOne).toBe(1);
  expect(backend.maxRequestsInFlight).toBeGreaterThan(1);
});

test('no more requests run at once than `maxRequests`, and every connection gets its turn', async () => {
  await using backend = await startFakeBackend(async () => {
    await delay(2);
    return [];
  });
  await using broker = await startBroker({ backend: { url: backend.url, maxRequests: 3 } });
  await using clients = new Disposables();
  const connected = await Promise.all(range(20).map(() => connectRaw(broker.url)));
  for (const client of connected) {
    clients.use(client);
    for (const n of range(5)) client.send({ type: 'say', n });
  }
  for (const _ of range(120)) await backend.next();
  expect(backend.maxRequestsInFlight).toBe(3);
});

test('an event that was answered slowly does not let the next one past it, and sees what it set', async () => {
  await using backend = await startFakeBackend(async ({ message }) => {
    const n = Number(message['n'] ?? 0);
    await delay((5 - n) * 10);
    return [{ type: 'session', data: { last: n } }];
  });
  await using broker = await startBroker({ backend: { url: backend.url } });
  const client = await connectRaw(broker.url);
  for (const n of [1, 2, 3, 4, 5]) client.send({ type: 'say', n });
  await client.close();
  await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(backend.events.map(({ message, connection }) => [message['n'], connection['last']])).toEqual([
    [undefined, undefined],
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 4],
    [undefined, 5],
  ]);
});

test('a connection whose backend request hangs does not hold up the others', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-hang' ? 'hang' : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using stuck = await connectRaw(broker.url);
  await using other = await connectRaw(broker.url);
  stuck.send({ type: 'hang' });
  stuck.send({ type: 'waits' });
  await backend.next(({ message }) => message.type === 'client-hang');
  for (const n of range(20)) other.send({ type: 'say', n });
  await backend.next(({ message }) => message['n'] === 19);
  expect(backend.events.map(({ message }) => message.type)).not.toContain('client-waits');
  await broker.close({ drainMs: 10 });
});

test.each([3, 7])(
  'the requests of %i connections hang, with 4 slots: the others go on, and no more than 8 are in flight',
  async (hanging) => {
    await using backend = await startFakeBackend(({ message }) =>
      message.type === 'client-hang' ? 'hang' : [],
    );
    await using broker = await startBroker({
      backend: { url: backend.url, maxRequests: 4 },
      slowRequestMs: 50,
    });
    await using clients = new Disposables();
    for (const _ of range(hanging)) clients.use(await connectRaw(broker.url)).send({ type: 'hang' });
    const others = await Promise.all(range(10).map(() => connectRaw(broker.url)));
    for (const other of others) {
      clients.use(other);
      for (const n of range(10)) other.send({ type: 'say', n });
    }
    for (const _ of range(100)) await backend.next(({ message }) => message.type === 'client-say');
    expect(backend.maxRequestsInFlight).toBeLessThanOrEqual(8);
    await broker.close({ drainMs: 10 });
  },
);

test('the disconnect comes last, and exactly one for each connect, however the client leaves', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  const leave = [
    (client: Awaited<ReturnType<typeof connectRaw>>) => client.close(),
    (client: Awaited<ReturnType<typeof connectRaw>>) => client.close(4_000, 'done'),
    (client: Awaited<ReturnType<typeof connectRaw>>) => client.terminate(),
    (client: Awaited<ReturnType<typeof connectRaw>>) => {
      // Half a frame, then nothing.
      Reflect.get(client.socket, '_socket').write(Buffer.from([0x81, 0xfe, 0x01]));
      return client.terminate();
    },
    (client: Awaited<ReturnType<typeof connectRaw>>) => {
      Reflect.get(client.socket, '_socket').resetAndDestroy();
      return client.closed;
    },
    (client: Awaited<ReturnType<typeof connectRaw>>) => {
      client.send('x'.repeat(100_000));
      return client.closed;
    },
  ];
  for (const go of leave) {
    const client = await connectRaw(broker.url);
    for (const n of range(5)) client.send({ type: 'say', n });
    await backend.next(({ message }) => message['n'] === 4);
    await go(client);
    await backend.next(({ message }) => message.type === 'session-disconnect');
  }
  await broker.close();
  const expected = ['session-connect', ...range(5).map(() => 'client-say'), 'session-disconnect'];
  expect(backend.events.map(({ message }) => message.type)).toEqual(leave.flatMap(() => expected));
});

test('events that wait when the broker is closed are delivered, and their disconnects too', async () => {
  await using backend = await startFakeBackend(async () => {
    await delay(3);
    return [];
  });
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using clients = new Disposables();
  for (const c of range(5)) {
    const client = clients.use(await connectRaw(broker.url, { headers: { cookie: `c=${c}` } }));
    for (const n of range(20)) client.send({ type: 'say', n });
  }
  broker.sendBackendMessage({ type: 'direct' });
  await broker.logs.next(({ fields }) => (fields['message'] as { n?: number } | undefined)?.n === 19);
  await broker.close();
  expect(broker.logs.messages('error')).toEqual([]);
  for (const c of range(5)) {
    const own = backend.events.filter(({ connection }) => connection['c'] === String(c));
    const numbers = own.flatMap(({ message }) => message['n'] ?? []);
    // What was still on its way when the socket was closed may be missing at the end, never in between.
    expect(numbers).toEqual(range(numbers.length));
    expect(own.at(-1)?.message.type).toBe('session-disconnect');
  }
  expect(backend.events.map(({ message }) => message.type)).toContain('direct');
});
