import { setTimeout as delay } from 'node:timers/promises';
import { brokerStarter, connectRaw, postCommands, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const connections = 200;
const messages = 6;

test(`${connections} connections and a backend that is killed again and again: no socket closes, nothing is lost or out of order, one disconnect for each connect`, async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url, allow: ['127.0.0.1'] },
    retryMinMs: 5,
    retryMaxMs: 50,
    log: silent,
  });
  const clients = await Promise.all(
    range(connections).map((c) => connectRaw(broker.url, { headers: { cookie: `c=${c}` } })),
  );
  for (const n of range(messages)) {
    if (n % 2 === 0) await backend.stop();
    for (const client of clients) client.send({ type: 'say', n });
    await delay(30);
    await backend.start();
    await delay(30);
  }
  expect(clients.filter((client) => client.isOpen)).toHaveLength(connections);
  expect((await postCommands(broker.httpUrl, [{ type: 'list', count: true }])).body).toEqual([
    { count: connections },
  ]);
  await Promise.all(clients.map((client) => client.close()));
  await broker.close({ drainMs: 30_000 });

  const seen = new Map<string, Map<string, unknown>>();
  for (const { id, message, connection } of backend.events) {
    const own = seen.get(String(connection['c'])) ?? new Map<string, unknown>();
    seen.set(String(connection['c']), own);
    // The same id is the same event; a repeat does not count as new.
    const what = message['n'] ?? message.type;
    if (own.has(id)) expect(own.get(id)).toBe(what);
    else own.set(id, what);
  }
  expect(seen.size).toBe(connections);
  const expected = ['session-connect', ...range(messages), 'session-disconnect'];
  for (const own of seen.values()) expect([...own.values()]).toEqual(expected);
});
