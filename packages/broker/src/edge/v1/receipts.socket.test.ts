import { brokerStarter, connectRaw, connectV1, freePort, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);

/** A broker with a client of each wire. */
const start = async (answer: Parameters<typeof startFakeBackend>[0], options: BrokerOptions = {}) => {
  const backend = await startFakeBackend(answer);
  const broker = await startBroker({ backend: { url: backend.url }, ...options });
  const client = await connectV1(broker.url);
  return {
    backend,
    broker,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
};

test('P62, P63: a message is acknowledged before the backend has answered, and delivered after', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<[]>();
  await using stage = await start(({ message }) => (message.type === 'client-say' ? answered : []));
  const n = stage.client.send({ type: 'say' });
  expect(await stage.client.nextFrame('ack')).toEqual(['ack', n]);
  await stage.backend.next(({ message }) => message.type === 'client-say');
  expect(stage.client.delivered).toBe(0);
  answer([]);
  expect(await stage.client.nextFrame('delivered')).toEqual(['delivered', n]);
});

test('P63: what the answer sends comes before `delivered` does', async () => {
  await using stage = await start(({ message }) =>
    message.type === 'client-say' ? [{ type: 'send', message: { type: 'said' } }] : [],
  );
  await stage.client.deliveredUpTo(stage.client.send({ type: 'say' }));
  const kinds = (stage.client.raw.received as readonly unknown[]).map((item) =>
    Array.isArray(item) ? String(item[0]) : 'message',
  );
  expect(kinds.indexOf('message')).toBeLessThan(kinds.indexOf('delivered'));
});

test.each([
  ['no JSON', '{x', 'not-json'],
  ['no object', '7', 'bad-message'],
  ['no usable type', '{"type":7}', 'bad-message'],
  ['too deep', `{"x":${'['.repeat(65)}${']'.repeat(65)}}`, 'bad-message'],
])(
  'P60, P65: a message that is %s fails under its number, and the next ones go on',
  async (_what, text, code) => {
    await using stage = await start([]);
    const { client } = stage;
    client.send({ type: 'one' });
    const bad = client.send(text);
    const last = client.send({ type: 'three' });
    await client.deliveredUpTo(last);
    expect([...client.failed]).toEqual([[bad, code]]);
    expect(client.messages).toEqual([]);
    expect(stage.backend.events.map(({ message }) => message.type)).toEqual([
      'session-connect',
      'client-one',
      'client-three',
    ]);
  },
);

test.each([
  [422, 'refused'],
  [400, 'refused'],
])('P65: a message that the backend answers with %i fails with `%s`', async (status, code) => {
  await using stage = await start(({ message }) => (message['bad'] ? { status } : []));
  const { client } = stage;
  const bad = client.send({ type: 'say', bad: true });
  await client.deliveredUpTo(client.send({ type: 'say' }));
  expect(await client.nextFrame('failed')).toEqual([
    'failed',
    bad,
    code,
    `The backend did not process it: status ${status}`,
  ]);
});

test('P65: a message that grew too old fails with `not-delivered`', async () => {
  await using broker = await startBroker({
    backend: { url: `http://127.0.0.1:${await freePort()}/` },
    maxEventAgeMs: 300,
    retryMaxMs: 50,
  });
  await using client = await connectV1(broker.url);
  const n = client.send({ type: 'say' });
  expect((await client.nextFrame('failed')).slice(0, 3)).toEqual(['failed', n, 'not-delivered']);
});

test('P88: a plain client is told of a dead letter in a `broker-error`', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-say' ? { status: 422 } : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'say' });
  expect(await client.next()).toEqual({
    type: 'broker-error',
    code: 'refused',
    text: 'The backend did not process it: status 422',
  });
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no'))],
])('P65, P88: a handler that %s fails that message alone, on both wires', async (_what, fail) => {
  await using stage = await start([], {
    onClientMessage: (message) => (message.type === 'bad' ? fail() : true),
  });
  const { client, broker } = stage;
  const bad = client.send({ type: 'bad' });
  const good = client.send({ type: 'good' });
  await client.deliveredUpTo(good);
  expect([...client.failed]).toEqual([[bad, 'handler-failed']]);
  await using plain = await connectRaw(broker.url);
  plain.send({ type: 'bad' });
  expect(await plain.next()).toMatchObject({ type: 'broker-error', code: 'handler-failed' });
});

test('P63, P64: what a handler keeps to itself is delivered, but not before what waits', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<[]>();
  await using stage = await start(({ message }) => (message.type === 'client-slow' ? answered : []), {
    onClientMessage: ({ type }) => type === 'slow',
  });
  const { client } = stage;
  client.send({ type: 'slow' });
  for (let sent = 0; sent < 5; sent += 1) client.send({ type: 'quick' });
  await client.ackedUpTo(6);
  expect(client.delivered).toBe(0);
  answer([]);
  await client.deliveredUpTo(6);
});

test('P68, P69, P70: a request gets the reply of the backend, and its id tells the backend that it is one', async () => {
  await using stage = await start(({ message, headers }) =>
    headers['wsbroker-request'] === undefined
      ? []
      : [{ type: 'reply', message: { sum: Number(message['a']) + Number(message['b']) } }],
  );
  const { client, backend } = stage;
  const n = client.request(7, { type: 'add', a: 1, b: 2 });
  expect(await client.nextFrame('reply')).toEqual(['reply', 7, { sum: 3 }]);
  await client.deliveredUpTo(n);
  const event = await backend.next(({ message }) => message.type === 'client-add');
  expect(event.headers['wsbroker-request']).toBe('7');
});

test.each([
  ['is processed without a reply', [] as unknown[], 'no-reply'],
  ['is refused', { status: 422 }, 'refused'],
])('P71: a request that %s fails', async (_what, answer, code) => {
  await using stage = await start(({ message }) => (message.type === 'client-ask' ? answer : []));
  const n = stage.client.request(1, { type: 'ask' });
  expect((await stage.client.nextFrame('failed')).slice(0, 3)).toEqual(['failed', n, code]);
});

test('P71: a request that a handler keeps to itself fails: a handler has no reply', async () => {
  await using stage = await start([], { onClientMessage: () => false });
  const n = stage.client.request(1, { type: 'ask' });
  expect((await stage.client.nextFrame('failed')).slice(0, 3)).toEqual(['failed', n, 'no-reply']);
});

test('P72: a reply to what is no request is an error of that command alone', async () => {
  await using stage = await start(({ message }) =>
    message.type === 'client-say'
      ? [
          { type: 'reply', message: 1 },
          { type: 'send', message: { type: 'said' } },
        ]
      : [],
  );
  await stage.client.deliveredUpTo(stage.client.send({ type: 'say' }));
  expect(stage.client.messages).toEqual([{ type: 'said' }]);
  expect(stage.client.frames.filter(([name]) => name === 'reply')).toEqual([]);
});

test('P73: clients are told when the backend is away, and when it is back', async () => {
  await using stage = await start([], { retryMaxMs: 100 });
  const { client, backend } = stage;
  await client.deliveredUpTo(client.send({ type: 'say' }));
  await backend.stop();
  client.send({ type: 'say' });
  expect(await client.nextFrame('status')).toMatchObject(['status', { backend: 'down' }]);
  await using late = await connectV1(stage.broker.url);
  expect(await late.nextFrame('status')).toMatchObject(['status', { backend: 'down' }]);
  await backend.start();
  expect(await client.nextFrame('status')).toMatchObject(['status', { backend: 'up' }]);
  expect(await late.nextFrame('status')).toMatchObject(['status', { backend: 'up' }]);
  await client.deliveredUpTo(2);
});

test('P74: a client that is not read is sent `ping`, so that it does not take the silence for a dead network', async () => {
  await using stage = await start([], { maxQueuedEvents: 4, pingIntervalMs: 50, pongTimeoutMs: 1_500 });
  const { client, backend } = stage;
  await backend.stop();
  for (let n = 0; n < 8; n += 1) client.send({ type: 'say', n });
  await client.nextFrame('ping');
  await client.nextFrame('ping');
  expect(client.raw.isOpen).toBe(true);
  await backend.start();
  await client.deliveredUpTo(8);
});
