import {
  brokerStarter,
  connectRaw,
  connectV1,
  freePort,
  type HttpAnswer,
  postCommands,
  startFakeBackend,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** A backend that answers `session-connect` when it is told to. */
const start = async (options: BrokerOptions = {}) => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<readonly unknown[] | HttpAnswer>();
  const backend = await startFakeBackend(({ message }) =>
    message.type === 'session-connect' ? answered : [],
  );
  const broker = await startBroker({
    backend: { url: backend.url, allow: ['127.0.0.1'] },
    authorize: true,
    ...options,
  });
  return {
    backend,
    broker,
    answer,
    types: () => backend.events.map(({ message }) => message.type),
    list: async () => (await postCommands(broker.httpUrl, [{ type: 'list' }])).body,
    async [Symbol.asyncDispose]() {
      answer([]);
      await broker[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
};

test('P89: a plain client is neither reached nor read before the backend has agreed', async () => {
  const handled: unknown[] = [];
  await using stage = await start({ onClientMessage: (message) => handled.push(message) });
  const { broker, backend, answer } = stage;
  await using client = await connectRaw(broker.url);
  client.send({ type: 'early' });
  await backend.next();
  broker.broadcast({ type: 'secret' });
  expect(await stage.list()).toEqual([[]]);
  expect(handled).toEqual([]);
  answer([
    { type: 'send', message: { type: 'welcome' } },
    { type: 'session', data: { room: 'lobby' } },
  ]);
  expect(await client.next()).toEqual({ type: 'welcome' });
  await backend.next(({ message }) => message.type === 'client-early');
  broker.broadcast({ type: 'news' }, { room: 'lobby' });
  expect(await client.next()).toEqual({ type: 'news' });
  expect(client.received).toHaveLength(2);
});

test('P89: a client of wsbroker.v1 gets its `opened` only then', async () => {
  await using stage = await start();
  const { broker, backend, answer } = stage;
  await using raw = await connectRaw(broker.url, { protocols: 'wsbroker.v1' });
  raw.send(['open', {}]);
  await backend.next();
  broker.broadcast({ type: 'secret' });
  expect(await stage.list()).toEqual([[]]);
  expect(raw.received).toEqual([]);
  answer([{ type: 'send', message: { type: 'welcome' } }]);
  expect(await raw.next()).toMatchObject({ 0: 'opened' });
  expect(await raw.next()).toEqual({ type: 'welcome' });
});

test('P89: commands of that answer find the connection by criteria as well', async () => {
  await using stage = await start();
  await using client = await connectRaw(stage.broker.url);
  stage.answer([
    { type: 'session', data: { room: 'lobby' } },
    { type: 'send', message: { type: 'joined' }, match: { room: 'lobby' } },
  ]);
  expect(await client.next()).toEqual({ type: 'joined' });
});

test.each<[string, readonly unknown[] | HttpAnswer, number, string]>([
  ['a `close`', [{ type: 'close' }], 4500, ''],
  ['a `close` with a code', [{ type: 'close', code: 4007, reason: 'later' }], 4007, 'later'],
  ['a `close` of all', [{ type: 'close', match: {} }], 4500, 'refused'],
  ['401', { status: 401 }, 4500, 'refused'],
  ['403', { status: 403 }, 4500, 'refused'],
  ['422', { status: 422 }, 4500, 'refused'],
  ['an error page with 200', { body: '<html>' }, 4004, 'not-authorized'],
])('P90: %s refuses, and the backend hears no more of it', async (_what, given, code, reason) => {
  await using stage = await start();
  const { broker, backend, answer, types } = stage;
  await using plain = await connectRaw(broker.url);
  await using raw = await connectRaw(broker.url, { protocols: 'wsbroker.v1' });
  raw.send(['open', {}]);
  plain.send({ type: 'early' });
  await backend.next();
  answer(given);
  expect(await plain.closed).toEqual({ code, reason });
  expect(await raw.closed).toEqual({ code, reason });
  expect(await stage.list()).toEqual([[]]);
  await broker.close();
  expect(types()).toEqual(['session-connect', 'session-connect']);
});

test('P91: when the backend does not answer in time, the client is told to come back', async () => {
  await using broker = await startBroker({
    backend: { url: `http://127.0.0.1:${await freePort()}/` },
    authorize: true,
    maxEventAgeMs: 200,
    retryMaxMs: 50,
  });
  await using client = await connectRaw(broker.url);
  expect(await client.closed).toEqual({ code: 4004, reason: 'not-authorized' });
});

test.each([
  ['agrees', [] as unknown[], ['session-connect', 'session-disconnect']],
  ['refuses', [{ type: 'close' }], ['session-connect']],
])(
  'P92: a client that left before the backend %s gets the disconnect that fits',
  async (_what, given, expected) => {
    await using stage = await start();
    const { broker, backend, answer, types } = stage;
    await using client = await connectRaw(broker.url);
    await backend.next();
    await client.terminate();
    answer(given);
    await broker.close();
    expect(types()).toEqual(expected);
  },
);

test('a handler that keeps the connect to itself has agreed; one that throws has not', async () => {
  await using stage = await start({
    onClientConnect: ({ cookieData }) => {
      if (cookieData['bad'] !== undefined) throw new Error('no');
    },
  });
  await using good = await connectV1(stage.broker.url);
  expect(good.opened).toMatchObject({ resumed: false });
  await using bad = await connectRaw(stage.broker.url, { headers: { cookie: 'bad=1' } });
  expect(await bad.closed).toEqual({ code: 4004, reason: 'not-authorized' });
});

test('a connection that was agreed to resumes without being asked for again', async () => {
  await using stage = await start();
  stage.answer([]);
  await using first = await connectV1(stage.broker.url);
  await first.terminate();
  await using second = await connectV1(stage.broker.url, { token: first.opened.token, received: 0 });
  expect(second.opened).toMatchObject({ resumed: true });
  await second.deliveredUpTo(second.send({ type: 'hello' }));
  expect(stage.types()).toEqual(['session-connect', 'client-hello']);
});
