import { brokerStarter, connectRaw, connectV1, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const kibi = 1_024;
/** Two messages to a slice: so exact is a pause. */
const text = 'x'.repeat(kibi);

/** How long it takes at least, at the rate, to read so many. */
const leastMs = (count: number, { messagesPerSecond, messageBurst }: typeof rate): number =>
  ((count - messageBurst - 4) / messagesPerSecond) * 1_000;

const rate = { messagesPerSecond: 200, messageBurst: 400 };
const slow = { messagesPerSecond: 50, messageBurst: 20 };

test('message floods: a burst of 400 is read at once, then 200 a second; nothing is dropped, reordered or closed', async () => {
  const read: unknown[] = [];
  await using broker = await startBroker({ log: silent, onClientMessage: ({ n }) => void read.push(n) });
  await using client = await connectRaw(broker.url);
  const count = 900;
  const beganMs = performance.now();
  for (const n of range(count)) client.send({ type: 'say', n, text });
  const closed = client.close();
  // The close frame comes last, and is heard after all that was sent before it.
  expect((await closed).code).toBe(1000);
  expect(performance.now() - beganMs).toBeGreaterThan(leastMs(count, rate));
  expect(read).toEqual(range(count));
});

test('message floods: others are served as if there were none', async () => {
  const read: Record<string, number> = { flooding: 0, other: 0 };
  await using broker = await startBroker({
    log: silent,
    onClientMessage({ from }, connection) {
      read[String(from)]! += 1;
      if (from === 'other') connection.send({ type: 'heard' });
    },
  });
  await using flooding = await connectRaw(broker.url);
  await using other = await connectRaw(broker.url);
  const beganMs = performance.now();
  for (const n of range(20_000)) flooding.send({ type: 'say', from: 'flooding', n, text });
  for (const n of range(100)) {
    other.send({ type: 'say', from: 'other', n });
    await other.next();
  }
  const tookMs = performance.now() - beganMs;
  expect(read['other']).toBe(100);
  expect(read['flooding']).toBeLessThan(400 + 4 + (tookMs / 1_000) * 200);
  expect([flooding.isOpen, other.isOpen]).toEqual([true, true]);
  await flooding.terminate();
});

test.each(['ping', 'pong'] as const)('a WebSocket %s counts as a message', async (kind) => {
  await using broker = await startBroker({ log: silent, ...slow });
  await using client = await connectRaw(broker.url);
  const beganMs = performance.now();
  for (const _ of range(100)) client.socket[kind]('x'.repeat(120));
  await client.close();
  // A slice holds 16 of them.
  expect(performance.now() - beganMs).toBeGreaterThan(leastMs(100 - 16, slow));
});

test('P127: a control frame of wsbroker.v1 counts as a message, and all are answered', async () => {
  await using broker = await startBroker({ log: silent, ...slow });
  await using client = await connectV1(broker.url);
  const beganMs = performance.now();
  let pongs = 0;
  const answered = new Promise<void>((resolve) =>
    client.raw.socket.on('message', (data) => {
      if ((data as Buffer).toString() !== '["pong"]') return;
      pongs += 1;
      if (pongs === 300) resolve();
    }),
  );
  for (const _ of range(300)) client.raw.send('["ping"]');
  await answered;
  // A slice holds 146 of them.
  expect(performance.now() - beganMs).toBeGreaterThan(leastMs(300 - 146, slow));
});

test('a client that is held back by the rate hears that it is closed, and its answer is heard', async () => {
  const codes: number[] = [];
  await using broker = await startBroker({ log: silent, messagesPerSecond: 1, messageBurst: 1 });
  broker.websocketServer.on('connection', (ws) => ws.on('close', (code) => codes.push(code)));
  await using client = await connectRaw(broker.url);
  // More than what a paused stream holds: the answer to the close frame is behind it.
  for (const n of range(20_000)) client.send({ type: 'say', n });
  const [serverSide] = broker.websocketServer.clients;
  await expect.poll(() => serverSide?.isPaused).toBe(true);
  await broker.close();
  expect(await client.closed).toMatchObject({ code: 1001 });
  expect(codes).toEqual([1001]);
});

test('a client that is held back by the rate is not taken for one that is gone', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    pingIntervalMs: 20,
    pongTimeoutMs: 1_000,
    messagesPerSecond: 20,
    messageBurst: 1,
  });
  await using client = await connectRaw(broker.url);
  for (const n of range(50)) client.send({ type: 'say', n, text });
  await backend.next(({ message }) => message['n'] === 49);
  expect(client.isOpen).toBe(true);
  const said = backend.events.flatMap(({ message }) => message['n'] ?? []);
  expect(said).toEqual(range(50));
});

test('rate, a full queue and the wait for the backend’s consent hold one client back, and let go of it, together', async () => {
  await using backend = await startFakeBackend();
  backend.answerWith({ body: [], delayMs: 3 });
  await using broker = await startBroker({
    backend: { url: backend.url },
    log: silent,
    authorize: true,
    maxQueuedEvents: 3,
    messagesPerSecond: 150,
    messageBurst: 10,
  });
  await using client = await connectRaw(broker.url);
  const count = 200;
  for (const n of range(count)) client.send({ type: 'say', n, text });
  await backend.next(({ message }) => message['n'] === count - 1);
  expect(backend.events.flatMap(({ message }) => message['n'] ?? [])).toEqual(range(count));
  expect(client.isOpen).toBe(true);
});

test('of a client that floods for long never more is held than two reads from the network', async () => {
  await using broker = await startBroker({ log: silent, messagesPerSecond: 2_000, messageBurst: 1 });
  await using client = await connectRaw(broker.url);
  for (const _ of range(200_000)) client.socket.send('{}');
  const [serverSide] = broker.websocketServer.clients;
  const { _socket: stream } = serverSide as unknown as { _socket: { readableLength: number } };
  let pauses = 0;
  let most = 0;
  while (pauses < 100) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (serverSide?.isPaused) pauses += 1;
    most = Math.max(most, stream.readableLength);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2 * 64 * kibi);
  await client.terminate();
});
