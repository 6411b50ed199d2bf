import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { cuttable } from '../test/cut-socket.ts';
import type { Client } from './client.ts';
import { createClient } from './create-client.ts';
import type { Sent, SentState } from './sent.ts';
import type { ClientStatus } from './status.ts';

const startBroker = brokerStarter<BrokerOptions, Broker>(Broker);
const soon = { minMs: 10, maxMs: 100 };

const reaches = (client: Client, isReached: (status: ClientStatus) => boolean): Promise<ClientStatus> =>
  new Promise((resolve) => {
    const undo = client.subscribe((status) => {
      if (!isReached(status)) return;
      queueMicrotask(() => undo());
      resolve(status);
    });
  });
const isOpen = ({ state }: ClientStatus) => state === 'open';

test('a message is queued, sent, acknowledged and delivered', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  using client = createClient({ url: broker.url });
  const sent = client.send({ type: 'say' });
  const seen: SentState[] = [];
  sent.subscribe((state) => seen.push(state));
  expect(await sent.settled).toEqual({ outcome: 'delivered' });
  expect(seen).toEqual(['queued', 'sent', 'acknowledged', 'delivered']);
  expect(backend.events.map(({ message }) => message['type'])).toEqual(['session-connect', 'client-say']);
  expect(client.status).toMatchObject({ connection: backend.events[0]?.connection['wskey'], unsettled: 0 });
});

test('a request is answered by the reply command', async () => {
  await using broker = await startBroker({
    backend: {
      type: 'function',
      handle: ({ type, n }) =>
        type === 'client-double' ? [{ type: 'reply', message: { n: 2 * (n as number) } }] : [],
    },
  });
  using client = createClient({ url: broker.url });
  const replies = await Promise.all([1, 2, 3].map((n) => client.request({ type: 'double', n })));
  expect(replies).toEqual([{ n: 2 }, { n: 4 }, { n: 6 }]);
  await expect(client.request({ type: 'say' })).rejects.toMatchObject({
    code: 'failed',
    wireCode: 'no-reply',
  });
  await expect(client.request({ type: 'no spaces, please' })).rejects.toMatchObject({
    code: 'failed',
    wireCode: 'bad-message',
  });
});

test('the largest request that the broker takes is no larger than the largest message', async () => {
  await using broker = await startBroker({
    maxMessageBytes: 1_000,
    backend: {
      type: 'function',
      handle: ({ type }) => (type === 'client-ask' ? [{ type: 'reply', message: 'yes' }] : []),
    },
  });
  using client = createClient({ url: broker.url, backoff: soon });
  await reaches(client, isOpen);
  const ask = (length: number) => client.request({ type: 'ask', text: 'x'.repeat(length) });
  const overhead = '["request",1,{"type":"ask","text":""}]'.length;
  expect(await ask(1_000 - overhead)).toBe('yes');
  await expect(ask(1_001 - overhead)).rejects.toMatchObject({ code: 'too-large' });
  expect(client.status.state).toBe('open');
});

test('a message that the backend refuses fails with its code', async () => {
  await using backend = await startFakeBackend((event) =>
    event.message['type'] === 'client-bad' ? { status: 422 } : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  using client = createClient({ url: broker.url });
  const [bad, good] = [client.send({ type: 'bad' }), client.send({ type: 'good' })];
  expect(await bad.settled).toMatchObject({ outcome: 'failed', code: 'refused' });
  expect(await good.settled).toEqual({ outcome: 'delivered' });
});

test('no message can make the client come back for ever: what the broker does not take fails alone', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  using client = createClient({ url: broker.url, backoff: soon });
  let deep: unknown = 0;
  for (let depth = 0; depth < 200; depth++) deep = [deep];
  const bad = [
    client.send({ type: 'x', deep }),
    client.send({ type: '' }),
    client.send({ type: 'x'.repeat(65) }),
    client.send(JSON.parse('{"type":"x","__proto__":1}') as { type: string }),
    client.send({ type: 'x', text: '\ud800' }),
  ];
  const ends = Promise.all(bad.map(({ settled }) => settled));
  const good = client.send({ type: 'good' });
  expect(await good.settled).toEqual({ outcome: 'delivered' });
  await ends;
  expect(bad.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed', 'delivered', 'delivered']);
  expect(client.status).toMatchObject({ state: 'open', attempt: 0 });
});

test('a connection that is cut goes on: nothing lost, nothing twice, one connect', async () => {
  await using backend = await startFakeBackend((event) =>
    event.message['type'] === 'client-say'
      ? [{ type: 'send', message: { type: 'said', n: event.message['n'] } }]
      : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  const { WebSocket, cut } = cuttable();
  using client = createClient({
    url: broker.url,
    WebSocket,
    backoff: soon,
    firstMessages: () => [{ type: 'join' }],
  });
  let gaps = 0;
  client.onGap(() => gaps++);
  const said: unknown[] = [];
  client.on('said', ({ n }) => said.push(n));
  await reaches(client, isOpen);
  const key = client.status.connection;
  const count = 200;
  const all: Sent[] = [];
  for (let n = 0; n < count; n++) {
    all.push(client.send({ type: 'say', n }));
    if (n % 20 === 10) {
      cut();
      await reaches(client, isOpen);
    }
  }
  expect(new Set(await Promise.all(all.map(async (sent) => (await sent.settled).outcome)))).toEqual(
    new Set(['delivered']),
  );
  await expect.poll(() => said).toEqual(Array.from({ length: count }, (_, n) => n));
  const types = backend.events.map(({ message }) => message['type']);
  expect(types.slice(0, 2)).toEqual(['session-connect', 'client-join']);
  expect(types.slice(2)).toEqual(Array<string>(count).fill('client-say'));
  expect(gaps).toBe(0);
  expect(client.status.connection).toBe(key);
});

test('what was sent while the client was away is there when it is back', async () => {
  await using broker = await startBroker({});
  const { WebSocket, cut } = cuttable();
  using client = createClient({ url: broker.url, WebSocket, backoff: { minMs: 200 }, random: () => 0.99 });
  const received: unknown[] = [];
  client.on('x', ({ n }) => received.push(n));
  await reaches(client, isOpen);
  cut();
  await reaches(client, ({ state }) => state === 'waiting');
  for (let n = 0; n < 10; n++) broker.broadcast({ type: 'x', n });
  await expect.poll(() => received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a connection whose grace time is over is a new one, and the application is told', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, resumeGraceMs: 20 });
  const { WebSocket, cut } = cuttable();
  using client = createClient({
    url: broker.url,
    WebSocket,
    backoff: { minMs: 400 },
    random: () => 0.99,
    firstMessages: () => [{ type: 'join' }],
  });
  const gap = new Promise((resolve) => client.onGap(resolve));
  await client.send({ type: 'say' }).settled;
  cut();
  expect(await gap).toEqual({ resumed: false });
  expect(await client.send({ type: 'say' }).settled).toEqual({ outcome: 'delivered' });
  const types = backend.events.map(({ message }) => message['type']);
  const one = ['session-connect', 'client-join', 'client-say'];
  expect(types.filter((type) => type !== 'session-disconnect')).toEqual([...one, ...one]);
});

test('more than the replay buffer holds is a gap that is told', async () => {
  await using broker = await startBroker({ replayMessages: 5 });
  const { WebSocket, cut } = cuttable();
  using client = createClient({ url: broker.url, WebSocket, backoff: { minMs: 200 }, random: () => 0.99 });
  const gap = new Promise((resolve) => client.onGap(resolve));
  await reaches(client, isOpen);
  cut();
  await reaches(client, ({ state }) => state === 'waiting');
  for (let n = 0; n < 10; n++) broker.broadcast({ type: 'x', n });
  expect(await gap).toEqual({ resumed: false });
});

test('the status tells that the backend is down, and that it is back', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, retryMaxMs: 100 });
  using client = createClient({ url: broker.url });
  await client.send({ type: 'say' }).settled;
  await backend.stop();
  const sent = client.send({ type: 'say' });
  await reaches(client, (status) => status.backend === 'down');
  expect(client.status).toMatchObject({ state: 'open', unsettled: 1 });
  expect(sent.state).toBe('acknowledged');
  await backend.start();
  await reaches(client, (status) => status.backend === 'up');
  expect(await sent.settled).toEqual({ outcome: 'delivered' });
});

test('a broker that closes says when to come back, and the client does', async () => {
  let broker = await startBroker({});
  const { port } = broker;
  using client = createClient({ url: broker.url, backoff: soon });
  await reaches(client, isOpen);
  // From now on: the attempts that follow find nobody.
  const away = reaches(client, ({ state }) => state === 'waiting');
  await broker.close();
  expect((await away).closeCode).toBe(1001);
  broker = await startBroker({ port });
  await reaches(client, isOpen);
  client.close();
  await broker.close();
});

test('a close by the client ends the connection at once', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  const client = createClient({ url: broker.url });
  await client.send({ type: 'say' }).settled;
  client.close();
  await expect
    .poll(() => backend.events.map(({ message }) => message['type']))
    .toEqual(['session-connect', 'client-say', 'session-disconnect']);
});

test('plain speaks to the same broker as any WebSocket client does', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  using client = createClient({ url: broker.url, protocol: 'plain' });
  await using raw = await connectRaw(broker.url);
  expect(await client.send({ type: 'say' }).settled).toEqual({ outcome: 'unknown' });
  raw.send('{"type":"say"}');
  await expect
    .poll(() => backend.events.filter(({ message }) => message['type'] === 'client-say').length)
    .toBe(2);
  expect(client.status.connection).toBeUndefined();
});
