import { brokerStarter, connectRaw, connectV1, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);

test('P75: a client of wsbroker.v1 is told when to come back before it is closed', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectV1(broker.url);
  await broker.close();
  const [, code, retryAfterMs] = await client.nextFrame('bye');
  expect(code).toBe(1001);
  expect(retryAfterMs).toBeGreaterThanOrEqual(0);
  expect(await client.closed).toEqual({ code: 1001, reason: 'the broker is closing' });
});

test('P85, P86: closing ends each connection once, of clients on a socket and of those that were waited for', async () => {
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
  const count = 400;
  /** How long it takes from the first close to the last, with this much time for all of it. */
  const spreadMs = async (drainMs: number): Promise<number> => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url }, drainMs });
    const clients = await Promise.all(Array.from({ length: count }, () => connectV1(broker.url)));
    for (const client of clients) client.send({ type: 'last' });
    await Promise.all(clients.map((client) => client.ackedUpTo(1)));
    const closedMs: number[] = [];
    const closed = clients.map(async (client) => {
      await client.closed;
      closedMs.push(performance.now());
    });
    await broker.close();
    await Promise.all(closed);
    if (drainMs > 1)
      expect(backend.events.filter(({ message }) => message.type === 'client-last')).toHaveLength(count);
    return Math.max(...closedMs) - Math.min(...closedMs);
  };
  const atOnceMs = await spreadMs(1);
  expect(await spreadMs(30_000)).toBeGreaterThan(1.5 * atOnceMs);
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
  await expect(connectRaw(broker.url)).rejects.toThrow(/ECONNREFUSED|503|hang up/);
  await closing;
});
