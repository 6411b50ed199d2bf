import {
  brokerStarter,
  connectRaw,
  connectV1,
  Disposables,
  type FakeBackend,
  freePort,
  startFakeBackend,
} from '@wsbroker/testkit';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Broker, type BrokerOptions } from './index.ts';

const startBroker = brokerStarter(Broker);

/** A backend, and brokers on one journal, one after the other. */
const start = async (options: BrokerOptions = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-journal-'));
  const journal = join(folder, 'events.db');
  const backend = await startFakeBackend();
  const startOne = (more: BrokerOptions = {}) =>
    startBroker({ backend: { url: backend.url }, journal, retryMaxMs: 100, ...options, ...more });
  return {
    backend,
    journal,
    startBroker: startOne,
    async [Symbol.asyncDispose]() {
      await backend.stop();
      await rm(folder, { recursive: true });
    },
  };
};

const eventsOf = (backend: FakeBackend, wskey: string): string[] =>
  backend.events
    .filter(({ connection }) => connection['wskey'] === wskey)
    .map(({ message, id }) => `${message.type} ${id.slice(wskey.length + 1)}`);

test('what waited when the broker stopped is delivered by the next one, first and under the same ids', async () => {
  await using stage = await start();
  const { backend } = stage;
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  const { connection } = client.opened;
  await client.deliveredUpTo(client.send({ type: 'one' }));
  await backend.stop();
  client.send({ type: 'two' });
  client.send({ type: 'three' });
  await client.ackedUpTo(3);
  await broker.close();
  await backend.start();
  await using next = await stage.startBroker();
  await backend.next(({ message }) => message.type === 'client-three');
  expect(eventsOf(backend, connection)).toEqual([
    'session-connect 1',
    'client-one 2',
    'client-two 3',
    'client-three 4',
  ]);
  expect(next.port).toBeGreaterThan(0);
});

test('a client of wsbroker.v1 goes on with the next broker, and is told that it may have missed something', async () => {
  await using stage = await start();
  const { backend } = stage;
  backend.answerWith(({ message }) =>
    message.type === 'client-join' ? [{ type: 'session', data: { room: 'lobby', name: 'Ada' } }] : [],
  );
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  await client.deliveredUpTo(client.send({ type: 'join' }));
  client.ack();
  await broker.close();
  await using next = await stage.startBroker();
  next.broadcast({ type: 'while away' }, { room: 'lobby' });
  await using again = await connectV1(next.url, { token: client.opened.token, received: client.received });
  expect(again.opened).toMatchObject({
    connection: client.opened.connection,
    resumed: true,
    gap: true,
    received: 1,
  });
  expect(await again.nextMessage()).toEqual({ type: 'while away' });
  await again.deliveredUpTo(again.send({ type: 'hello' }));
  expect(backend.events.at(-1)).toMatchObject({
    id: `${client.opened.connection}-3`,
    message: { type: 'client-hello' },
    connection: { room: 'lobby', name: 'Ada' },
  });
  // From here on the stream is whole again.
  await again.terminate();
  next.broadcast({ type: 'missed' });
  await using third = await connectV1(next.url, { token: again.opened.token, received: again.received });
  expect(third.opened).toMatchObject({ resumed: true, gap: false });
  expect(await third.nextMessage()).toEqual({ type: 'missed' });
});

test('an `opened` that is lost loses nothing: the gap is told again, and the count begins with it', async () => {
  await using stage = await start();
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  broker.broadcast({ type: 'old' });
  await client.nextMessage();
  client.ack();
  await broker.close();
  await using next = await stage.startBroker();
  await using lost = await connectV1(next.url, { token: client.opened.token, received: 1 });
  next.broadcast({ type: 'new' });
  await lost.terminate();
  await using again = await connectV1(next.url, { token: client.opened.token, received: 1 });
  expect(again.opened).toMatchObject({ resumed: true, gap: true });
  expect(await again.nextMessage()).toEqual({ type: 'new' });
  expect(again.received).toBe(1);
});

test('a failure that could not be told any more is told by the next broker', async () => {
  await using stage = await start();
  const { backend } = stage;
  backend.answerWith(({ message }) => (message['bad'] ? { status: 422 } : []));
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  client.send({ type: 'good' });
  client.send({ type: 'bad', bad: true });
  client.send({ type: 'good' });
  await client.deliveredUpTo(3);
  await broker.close();
  await using next = await stage.startBroker();
  await using again = await connectV1(next.url, { token: client.opened.token, received: client.received });
  expect(again.opened).toMatchObject({ received: 3 });
  expect(await again.nextFrame('failed')).toMatchObject({ 1: 2, 2: 'refused' });
  await again.deliveredUpTo(3);
});

test('the backend is told of the connections that nobody resumes, and of plain ones at once', async () => {
  await using stage = await start();
  const { backend } = stage;
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  await using plain = await connectRaw(broker.url);
  await client.deliveredUpTo(client.send({ type: 'one' }));
  await backend.next(
    ({ message, connection }) =>
      message.type === 'session-connect' && connection['wskey'] !== client.opened.connection,
  );
  await broker.close();
  expect(eventsOf(backend, client.opened.connection)).toEqual(['session-connect 1', 'client-one 2']);
  await plain.closed;
  await using next = await stage.startBroker({ resumeGraceMs: 200 });
  const end = await backend.next(
    ({ message, connection }) =>
      message.type === 'session-disconnect' && connection['wskey'] === client.opened.connection,
  );
  expect(end.headers['wsbroker-reason']).toBe('broker-restarted');
  await using again = await connectV1(next.url, { token: client.opened.token, received: 0 });
  expect(again.opened).toMatchObject({ resumed: false });
  const ends = backend.events.filter(({ message }) => message.type === 'session-disconnect');
  expect(new Set(ends.map(({ connection }) => connection['wskey'])).size).toBe(2);
  expect(ends).toHaveLength(2);
});

test('the events of a connection that had ended carry its sessionInfo', async () => {
  await using stage = await start();
  const { backend } = stage;
  backend.answerWith(({ message }) =>
    message.type === 'client-join' ? [{ type: 'session', data: { name: 'Ada' } }] : [],
  );
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  await client.deliveredUpTo(client.send({ type: 'join' }));
  await backend.stop();
  client.send({ type: 'last' });
  await client.ackedUpTo(2);
  await client.close(1000);
  await broker.close();
  await backend.start();
  await using next = await stage.startBroker();
  const end = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(end).toMatchObject({ connection: { name: 'Ada' }, headers: { 'wsbroker-reason': 'client-left' } });
  expect(eventsOf(backend, client.opened.connection)).toEqual([
    'session-connect 1',
    'client-join 2',
    'client-last 3',
    'session-disconnect 4',
  ]);
  expect(next.port).toBeGreaterThan(0);
});

test('with a journal and the backend down a stop does not wait', async () => {
  await using stage = await start({ drainMs: 60_000 });
  const { backend } = stage;
  const broker = await stage.startBroker();
  await using client = await connectV1(broker.url);
  await client.deliveredUpTo(client.send({ type: 'one' }));
  await backend.stop();
  client.send({ type: 'two' });
  await client.ackedUpTo(2);
  await client.nextFrame('status');
  await broker.close();
  expect(broker.logs.messages('warn').join('\n')).toContain('stay in the journal');
});

test('two brokers do not share a journal: the second says so and does not start', async () => {
  await using stage = await start();
  await using broker = await stage.startBroker();
  await using resources = new Disposables();
  const second = new Broker({
    port: await freePort(),
    backend: { url: stage.backend.url },
    journal: stage.journal,
  });
  resources.use(second);
  await expect(second.ready).rejects.toMatchObject({ code: 'journal-failed' });
  expect(broker.port).toBeGreaterThan(0);
});

test('only its owner can read the journal', async () => {
  await using stage = await start();
  await using broker = await stage.startBroker();
  expect((await stat(stage.journal)).mode & 0o077).toBe(0);
  expect(broker.port).toBeGreaterThan(0);
});
