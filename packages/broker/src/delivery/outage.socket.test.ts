import { setTimeout as delay } from 'node:timers/promises';
import {
  type BackendEvent,
  brokerStarter,
  connectRaw,
  startFakeBackend,
  Disposables,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const quick = { retryMinMs: 1, retryMaxMs: 20 };

/** Each event once, by its id, in the order in which it was first answered; repeats must be the same event. */
const once = (events: readonly BackendEvent[]): BackendEvent[] => {
  const first = new Map<string, BackendEvent>();
  for (const event of events) {
    const earlier = first.get(event.id);
    if (earlier) expect(event.message).toEqual(earlier.message);
    else first.set(event.id, event);
  }
  return [...first.values()];
};

test('while the backend is down sockets stay open and events wait; when it is back all arrive in order', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  const clients = await Promise.all(
    [1, 2, 3].map((c) => connectRaw(broker.url, { headers: { cookie: `c=${c}` } })),
  );
  for (const _ of clients) await backend.next();
  await backend.stop();
  for (const client of clients) for (const n of range(30)) client.send({ type: 'say', n });
  await using late = await connectRaw(broker.url, { headers: { cookie: 'c=late' } });
  await clients[2]?.close();
  await broker.logs.next(({ message }) => message.startsWith('! backend fails'));
  expect([clients[0], clients[1], late].map((client) => client?.isOpen)).toEqual([true, true, true]);
  await backend.start();
  await Promise.all(clients.map((client) => client.close()));
  await late.close();
  await broker.close();

  const expected = ['session-connect', ...range(30), 'session-disconnect'];
  for (const c of [1, 2, 3]) {
    const own = once(backend.events).filter(({ connection }) => connection['c'] === String(c));
    expect(own.map(({ message }) => message['n'] ?? message.type)).toEqual(expected);
  }
  expect(broker.logs.messages('error')).toEqual([]);
});

test('a backend that is killed and restarted over and over loses nothing and reorders nothing', async () => {
  let isAnswering = true;
  await using backend = await startFakeBackend(() => (isAnswering ? [] : 'reset'));
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  const clients = await Promise.all(
    range(5).map((c) => connectRaw(broker.url, { headers: { cookie: `c=${c}` } })),
  );
  for (const n of range(40)) {
    for (const client of clients) client.send({ type: 'say', n });
    if (n % 10 === 5) await backend.stop();
    if (n % 10 === 8) await backend.start();
    isAnswering = n % 10 !== 2;
    await delay(2);
  }
  isAnswering = true;
  for (const client of clients) await client.close();
  await broker.close();
  for (const c of range(5)) {
    const own = once(backend.events).filter(({ connection }) => connection['c'] === String(c));
    expect(own.map(({ message }) => message['n'] ?? message.type)).toEqual([
      'session-connect',
      ...range(40),
      'session-disconnect',
    ]);
  }
});

describe.each([
  ['500', { status: 500 }],
  ['503 with Retry-After', { status: 503, headers: { 'retry-after': '0' } }],
  ['a reset', 'reset'],
] as const)('an event answered with %s', (_what, failure) => {
  test('is sent again with the same id and body, attempts counted from 1, later time stamps', async () => {
    let failures = 4;
    await using backend = await startFakeBackend(({ message }) =>
      message.type === 'client-say' && (failures -= 1) >= 0 ? failure : [],
    );
    await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
    await using client = await connectRaw(broker.url);
    client.send({ type: 'say', text: 'once' });
    client.send({ type: 'after' });
    await backend.next(({ message }) => message.type === 'client-after');
    const says = backend.events.filter(({ message }) => message.type === 'client-say');
    expect(says.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(says.map(({ id }) => id)).size).toBe(1);
    expect(new Set(says.map(({ message }) => JSON.stringify(message))).size).toBe(1);
    const stamps = says.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(client.isOpen).toBe(true);
  });
});

test('what a command set meanwhile is in the repeated event', async () => {
  let isFirst = true;
  await using backend = await startFakeBackend(({ message }) => {
    if (message.type !== 'client-say' || !isFirst) return [];
    isFirst = false;
    broker.broadcast({ type: 'mark' });
    connection.sessionInfo['set'] = 'meanwhile';
    return { status: 500 };
  });
  let connection!: { sessionInfo: Record<string, unknown> };
  const broker = await startBroker({
    backend: { url: backend.url },
    ...quick,
    onClientConnect(its) {
      connection = its;
      return true;
    },
  });
  await using _ = broker;
  await using client = await connectRaw(broker.url);
  client.send({ type: 'say' });
  await client.next();
  await backend.next(({ attempt }) => attempt === 2);
  const says = backend.events.filter(({ message }) => message.type === 'client-say');
  expect(says.map((event) => event.connection['set'])).toEqual([undefined, 'meanwhile']);
});

test('`Retry-After` is waited for', async () => {
  let isFirst = true;
  await using backend = await startFakeBackend(({ message }) => {
    if (message.type !== 'client-say' || !isFirst) return [];
    isFirst = false;
    return { status: 503, headers: { 'retry-after': '1' } };
  });
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'say' });
  await backend.next(({ attempt }) => attempt === 2);
  const [first, second] = backend.events.filter(({ message }) => message.type === 'client-say');
  expect(second!.receivedAtMs - first!.receivedAtMs).toBeGreaterThanOrEqual(990);
});

test('while the backend resets what it is sent, one request at a time looks whether it is back', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  await using clients = new Disposables();
  const connected = await Promise.all(range(40).map(() => connectRaw(broker.url)));
  for (const client of connected) clients.use(client);
  for (const _ of connected) await backend.next();
  let [inFlight, most] = [0, 0];
  backend.answerWith(async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await delay(2);
    inFlight -= 1;
    return 'reset' as const;
  });
  for (const client of connected) client.send({ type: 'say' });
  await broker.logs.next(({ message }) => message.startsWith('! backend fails'));
  // Those that were in flight when it went down, and enough probes after them.
  for (const _ of connected) await backend.next();
  most = inFlight;
  for (const _ of range(20)) await backend.next();
  expect(most).toBe(1);
  backend.answerWith([]);
  const ids = new Set<string>();
  while (ids.size < connected.length) {
    const { id, message } = await backend.next();
    if (message.type === 'client-say') ids.add(id);
  }
});

test('an outage is told once in the log, and its end once, however many events find out', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  await backend.stop();
  await using clients = new Disposables();
  for (const _ of range(20)) clients.use(await connectRaw(broker.url));
  await broker.logs.next(({ message }) => message === '! retry');
  await backend.start();
  for (const _ of range(20)) await backend.next();
  await broker.logs.next(({ message }) => message.startsWith('! backend is back'));
  expect(broker.logs.messages('warn')).toEqual([
    // One failure is not yet an outage.
    '! session-connect failed and is sent again:',
    '! backend fails; events wait and are sent again:',
    expect.stringContaining('! backend is back'),
  ]);
});

test('a broker whose backend is down from the start says so, and events arrive once it is up', async () => {
  await using backend = await startFakeBackend();
  await backend.stop();
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'early' });
  await broker.logs.next(({ fields }) => String(fields['reason']).includes('ECONNREFUSED'));
  await backend.start();
  expect((await backend.next()).message.type).toBe('session-connect');
  expect((await backend.next()).message.type).toBe('client-early');
});

test('a backend that is unreachable does not keep close() waiting past `drainMs`, and the log counts what is lost', async () => {
  await using backend = await startFakeBackend();
  await backend.stop();
  await using broker = await startBroker({
    backend: { url: backend.url },
    retryMinMs: 60_000,
    retryMaxMs: 60_000,
  });
  await using client = await connectRaw(broker.url);
  for (const n of range(3)) client.send({ type: 'say', n });
  await broker.logs.next(({ fields }) => (fields['event'] as { n?: number } | undefined)?.n === 2);
  await broker.close({ drainMs: 50 });
  expect(broker.logs.messages('error')).toEqual(['! 5 events were not delivered before the broker closed']);
});
