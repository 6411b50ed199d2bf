import { brokerStarter, connectRaw, connectV1, startFakeBackend, type V1Client } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);

const start = async (options: BrokerOptions = {}, answer: Parameters<typeof startFakeBackend>[0] = []) => {
  const backend = await startFakeBackend(answer);
  const broker = await startBroker({ backend: { url: backend.url }, ...options });
  const typesOf = (connection: string): string[] =>
    backend.events
      .filter((event) => event.connection['wskey'] === connection)
      .map(({ message }) => message.type);
  return {
    backend,
    broker,
    typesOf,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
};

const resume = (url: string, client: V1Client, received = client.received) =>
  connectV1(url, { token: client.opened.token, received });

test('P77, P78: a client that comes back goes on, and the backend notices nothing', async () => {
  await using stage = await start();
  const { broker, typesOf } = stage;
  await using first = await connectV1(broker.url);
  await first.deliveredUpTo(first.send({ type: 'one' }));
  broker.broadcast({ type: 'seen' });
  await first.nextMessage();
  await first.terminate();
  broker.broadcast({ type: 'missed', n: 1 });
  broker.broadcast({ type: 'missed', n: 2 });

  await using second = await resume(broker.url, first);
  expect(second.opened).toMatchObject({
    connection: first.opened.connection,
    resumed: true,
    gap: false,
    received: 1,
  });
  expect(second.opened.token).not.toBe(first.opened.token);
  expect(await second.nextMessage()).toEqual({ type: 'missed', n: 1 });
  expect(await second.nextMessage()).toEqual({ type: 'missed', n: 2 });
  await second.deliveredUpTo(second.send({ type: 'two' }));
  expect(typesOf(first.opened.connection)).toEqual(['session-connect', 'client-one', 'client-two']);
});

test('P61, P64, P78: what was told while the socket was away is told again: failures by replay, deliveries as they stand', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<[]>();
  await using stage = await start({}, ({ message }) =>
    message.type === 'client-bad' ? answered.then(() => ({ status: 422 })) : [],
  );
  const { broker, backend } = stage;
  await using first = await connectV1(broker.url);
  first.send({ type: 'bad' });
  first.send({ type: 'good' });
  await first.ackedUpTo(2);
  await first.terminate();
  answer([]);
  await backend.next(({ message }) => message.type === 'client-good');
  await using second = await resume(broker.url, first);
  await second.deliveredUpTo(2);
  expect([...second.failed]).toEqual([[1, 'refused']]);
});

test('P61: a reply that came while the socket was away is replayed', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<unknown[]>();
  await using stage = await start({}, ({ message }) => (message.type === 'client-ask' ? answered : []));
  await using first = await connectV1(stage.broker.url);
  first.request(3, { type: 'ask' });
  await first.ackedUpTo(1);
  await first.terminate();
  answer([{ type: 'reply', message: 'late' }]);
  await using second = await resume(stage.broker.url, first);
  expect(await second.nextFrame('reply')).toEqual(['reply', 3, 'late']);
});

test('P79, P81: a token is good for one use, and the older one until the client has shown that it has the newer', async () => {
  await using stage = await start();
  const { broker } = stage;
  await using first = await connectV1(broker.url);
  await first.terminate();
  // The answer to this one is lost on the way: the client has only the first token.
  await using second = await resume(broker.url, first);
  await second.terminate();
  // And so is the answer to the next.
  await using lost = await resume(broker.url, first);
  await lost.terminate();
  await using third = await resume(broker.url, first);
  expect(third.opened).toMatchObject({ resumed: true, connection: first.opened.connection });
  third.ack();
  third.sendFrame(['ping']);
  await third.nextFrame('pong');
  for (const stolen of [first, second, lost]) {
    await using thief = await resume(broker.url, stolen);
    expect(thief.opened).toMatchObject({ resumed: false, received: 0 });
    expect(thief.opened.connection).not.toBe(first.opened.connection);
  }
  expect(third.raw.isOpen).toBe(true);
});

test('P82: a second socket of the same connection takes the place of the first', async () => {
  await using stage = await start();
  await using first = await connectV1(stage.broker.url);
  await using second = await resume(stage.broker.url, first);
  expect(await first.closed).toEqual({ code: 4003, reason: 'replaced' });
  expect(second.opened).toMatchObject({ resumed: true });
  stage.broker.broadcast({ type: 'hi' });
  expect(await second.nextMessage()).toEqual({ type: 'hi' });
  expect(stage.typesOf(first.opened.connection)).not.toContain('session-disconnect');
});

test.each([
  ['another origin', { origin: 'http://127.0.0.1:1' }, { origin: 'http://127.0.0.1:2' }],
  ['other cookies', { cookie: 'user=ada' }, { cookie: 'user=eve' }],
  ['no cookies any more', { cookie: 'user=ada' }, {}],
])('P80: a client with %s does not get the connection', async (_what, before, after) => {
  await using stage = await start();
  await using first = await connectV1(stage.broker.url, { headers: before });
  await first.terminate();
  await using second = await connectV1(stage.broker.url, {
    token: first.opened.token,
    received: 0,
    headers: after,
  });
  expect(second.opened).toMatchObject({ resumed: false });
  expect(second.opened.connection).not.toBe(first.opened.connection);
});

test('P80: with a list of cookies only those have to be the same', async () => {
  await using stage = await start({ cookies: ['user'] });
  await using first = await connectV1(stage.broker.url, { headers: { cookie: 'user=ada; visits=1' } });
  await first.terminate();
  await using second = await connectV1(stage.broker.url, {
    token: first.opened.token,
    received: 0,
    headers: { cookie: 'user=ada; visits=2' },
  });
  expect(second.opened).toMatchObject({ resumed: true });
});

test('P59, P81: a client that missed more than is kept gets a new connection, and the old one ends', async () => {
  await using stage = await start({ replayMessages: 3 });
  const { broker, backend, typesOf } = stage;
  await using first = await connectV1(broker.url);
  await first.terminate();
  for (let n = 1; n <= 4; n += 1) broker.broadcast({ type: 'missed', n });
  await using second = await resume(broker.url, first);
  expect(second.opened).toMatchObject({ resumed: false, gap: false, received: 0 });
  await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(typesOf(first.opened.connection)).toEqual(['session-connect', 'session-disconnect']);
});

test('P66: what was acknowledged is no longer kept, and so not missed', async () => {
  await using stage = await start({ replayMessages: 3 });
  const { broker } = stage;
  await using first = await connectV1(broker.url);
  for (let n = 1; n <= 10; n += 1) {
    broker.broadcast({ type: 'news', n });
    await first.nextMessage();
    first.ack();
  }
  await first.terminate();
  broker.broadcast({ type: 'news', n: 11 });
  await using second = await resume(broker.url, first);
  expect(second.opened).toMatchObject({ resumed: true });
  expect(await second.nextMessage()).toEqual({ type: 'news', n: 11 });
});

test('P81, P85, P86: after the grace time the backend is told once, and the client gets a new connection', async () => {
  await using stage = await start({ resumeGraceMs: 150 });
  const { broker, backend, typesOf } = stage;
  await using first = await connectV1(broker.url);
  await first.terminate();
  const event = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(event.headers['wsbroker-reason']).toBe('connection-lost');
  await using second = await resume(broker.url, first);
  expect(second.opened).toMatchObject({ resumed: false });
  expect(typesOf(first.opened.connection)).toEqual(['session-connect', 'session-disconnect']);
});

test.each([
  ['a client that closes', (client: V1Client) => client.close(1000), 'client-left'],
  ['a page that is left', (client: V1Client) => client.close(1001), 'client-left'],
  ['a client that closes with a code of its own', (client: V1Client) => client.close(4321), 'client-left'],
])('P85, P86: %s is gone at once', async (_what, leave, reason) => {
  await using stage = await start({ resumeGraceMs: 60_000 });
  await using client = await connectV1(stage.broker.url);
  await leave(client);
  const event = await stage.backend.next(({ message }) => message.type === 'session-disconnect');
  expect(event.headers['wsbroker-reason']).toBe(reason);
});

test('P85, P86: a connection that the backend closes is gone at once, and cannot be resumed', async () => {
  await using stage = await start({ resumeGraceMs: 60_000 }, ({ message }) =>
    message.type === 'client-bye' ? [{ type: 'close', code: 4100, reason: 'so long' }] : [],
  );
  await using client = await connectV1(stage.broker.url);
  client.send({ type: 'bye' });
  expect(await client.closed).toEqual({ code: 4100, reason: 'so long' });
  const event = await stage.backend.next(({ message }) => message.type === 'session-disconnect');
  expect(event.headers['wsbroker-reason']).toBe('closed');
  await using again = await resume(stage.broker.url, client);
  expect(again.opened).toMatchObject({ resumed: false });
});

test('P76: a connection without a socket is found by criteria, listed, and can be closed', async () => {
  await using stage = await start({ resumeGraceMs: 60_000 }, ({ message }) =>
    message.type === 'client-join' ? [{ type: 'session', data: { room: 'lobby' } }] : [],
  );
  const { broker, backend } = stage;
  await using client = await connectV1(broker.url);
  await client.deliveredUpTo(client.send({ type: 'join' }));
  await client.terminate();
  broker.broadcast({ type: 'said' }, { room: 'lobby' });
  await using again = await resume(broker.url, client);
  expect(await again.nextMessage()).toEqual({ type: 'said' });
  await again.terminate();
  backend.answerWith([{ type: 'close', match: { room: 'lobby' } }]);
  broker.sendBackendMessage({ type: 'close-all' });
  await backend.next(({ message }) => message.type === 'session-disconnect');
});

test('P78: messages that were counted are not asked for again, whatever the handlers still do', async () => {
  const { promise: decided, resolve: decide } = Promise.withResolvers<boolean>();
  await using stage = await start({ onClientMessage: ({ type }) => (type === 'slow' ? decided : true) });
  await using first = await connectV1(stage.broker.url);
  first.send({ type: 'slow' });
  first.send({ type: 'next' });
  first.sendFrame(['ping']);
  await first.nextFrame('pong');
  await first.terminate();
  const resuming = resume(stage.broker.url, first);
  decide(true);
  await using second = await resuming;
  expect(second.opened).toMatchObject({ resumed: true, received: 2 });
  await second.deliveredUpTo(2);
  expect(stage.typesOf(first.opened.connection)).toEqual(['session-connect', 'client-slow', 'client-next']);
});

test.each([
  [
    'closes without a code',
    async (client: V1Client) => {
      client.raw.socket.close();
      await client.closed;
    },
  ],
  [
    'sends what is no frame',
    async (client: V1Client) => {
      client.sendFrame('[1]');
      await client.closed;
    },
  ],
])('P87: a client that %s can still resume', async (_what, lose) => {
  await using stage = await start();
  await using first = await connectV1(stage.broker.url);
  await lose(first);
  await using second = await resume(stage.broker.url, first);
  expect(second.opened).toMatchObject({ resumed: true });
});

test('P81: more than is kept, sent while a client is being resumed, is no silent gap', async () => {
  const { promise: decided, resolve: decide } = Promise.withResolvers<boolean>();
  await using stage = await start({ replayMessages: 2, onClientMessage: () => decided });
  const { broker } = stage;
  await using first = await connectV1(broker.url);
  first.send({ type: 'slow' });
  first.sendFrame(['ping']);
  await first.nextFrame('pong');
  await using raw = await connectRaw(broker.url, { protocols: 'wsbroker.v1' });
  raw.send(['open', { token: first.opened.token, received: first.received }]);
  // It is resumed once the handler has decided; until then the first socket is gone and this one is not opened.
  expect(await first.closed).toMatchObject({ code: 4003 });
  for (let n = 0; n < 5; n += 1) broker.broadcast({ type: 'news', n });
  decide(true);
  expect(await raw.closed).toEqual({ code: 4001, reason: 'slow-consumer' });
  expect(raw.received).toEqual([]);
  await using again = await resume(broker.url, first);
  expect(again.opened).toMatchObject({ resumed: false });
});
