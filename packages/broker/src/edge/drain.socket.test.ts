import { brokerStarter, connectRaw, connectV1, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);

test('a client of wsbroker.v1 is told when to come back before it is closed', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectV1(broker.url);
  await broker.close();
  const [, code, retryAfterMs] = await client.nextFrame('bye');
  expect(code).toBe(1001);
  expect(retryAfterMs).toBeGreaterThanOrEqual(0);
  expect(await client.closed).toEqual({ code: 1001, reason: 'the broker is closing' });
});

test('closing ends each connection once, of clients on a socket and of those that were waited for', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using plain = await connectRaw(broker.url);
  await using client = await connectV1(broker.url);
  await using lost = await connectV1(broker.url);
  await lost.terminate();
  await broker.close();
  await Promise.all([plain.closed, client.closed]);
  const ends = backend.events.filter(({ message }) => message.type === 'session-disconnect');
  expect(ends.map(({ headers }) => headers['wsbroker-reason'])).toEqual(Array(3).fill('broker-closed'));
  expect(new Set(ends.map(({ connection }) => connection['wskey'])).size).toBe(3);
});

test('closes are spread over the window, and what clients sent before is delivered', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, drainMs: 20_000 });
  const clients = await Promise.all(Array.from({ length: 200 }, () => connectV1(broker.url)));
  for (const client of clients) client.send({ type: 'last' });
  await Promise.all(clients.map((client) => client.ackedUpTo(1)));
  const beganMs = performance.now();
  const closedMs: number[] = [];
  const closed = clients.map(async (client) => {
    await client.closed;
    closedMs.push(performance.now() - beganMs);
  });
  await broker.close();
  await Promise.all(closed);
  const sorted = closedMs.toSorted((a, b) => a - b);
  // One after the other over 200 ms and more, and not all in the first turns.
  expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(100);
  expect(backend.events.filter(({ message }) => message.type === 'client-last')).toHaveLength(200);
});

test('a client that answers no close does not hold up the broker', async () => {
  await using broker = await startBroker({ drainMs: 600 });
  await using client = await connectV1(broker.url);
  client.raw.pause();
  await broker.close();
  expect(broker.httpServer.listening).toBe(false);
});

test('while the broker closes no client is taken', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  const closing = broker.close();
  await expect(connectRaw(broker.url)).rejects.toThrow();
  await closing;
});
