import { JsonText } from '@wsbroker/protocol';
import { brokerStarter, connectRaw, type RawClient } from '@wsbroker/testkit';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import {
  answeringEach,
  type AnswerPost,
  type Post,
  startBatchBackend,
  takesBatches,
} from '../../test/batch-backend.ts';
import { Broker } from '../broker.ts';
import { httpBackendSchema } from '../options.ts';
import type { Delivery } from './backend.ts';
import { EventPoster } from './event-poster.ts';
import { HttpBackend } from './http-backend.ts';
import { HttpBatches } from './http-batches.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const open = (): AbortSignal => new AbortController().signal;

const deliveryOf = (key: string, more: Partial<Delivery> = {}): Delivery => ({
  id: `${key}-1`,
  attempt: 1,
  messageJson: '{"type":"client-say","n":12345678901234567890}',
  connection: new JsonText(`{"wskey":"${key}","name":"Zoë & 👋"}`),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ...more,
});

const backendOf = (url: string, more: object = {}, secrets: readonly string[] = []) => {
  const backend = new HttpBackend(httpBackendSchema.parse({ url, ...more }), secrets);
  return Object.assign(backend, { [Symbol.asyncDispose]: () => backend.close() });
};

const two = [deliveryOf('a'), deliveryOf('b', { request: 7, reason: 'client-left' })];

describe('what a backend says', () => {
  test.each([
    ['100', 100],
    ['1', 1],
    ['0', 1],
    ['1000000', 1_000],
    ['12345678901', 1],
    ['-5', 1],
    ['many', 1],
    ['5, 7', 1],
    ['', 1],
    [undefined, 1],
  ])('P135: `wsbroker-batch: %s` is %i', async (said, expected) => {
    await using fake = await startBatchBackend(() => ({
      headers: said === undefined ? {} : { 'wsbroker-batch': said },
    }));
    await using backend = backendOf(fake.url);
    expect(backend.batches.maxEvents).toBe(1);
    await backend.deliver(deliveryOf('a'), open());
    expect(backend.batches.maxEvents).toBe(expected);
  });

  test('P135: an answer that says nothing takes it back, and one that was lost does not', async () => {
    let answer: AnswerPost = takesBatches(50);
    await using fake = await startBatchBackend((post) => answer(post));
    await using backend = backendOf(fake.url);
    await backend.deliver(deliveryOf('a'), open());
    await fake.stop();
    await backend.deliver(deliveryOf('a'), open());
    expect(backend.batches.maxEvents).toBe(50);
    await fake.start();
    answer = () => ({ status: 500, headers: { 'wsbroker-batch': '20' } });
    await backend.deliver(deliveryOf('a'), open());
    expect(backend.batches.maxEvents).toBe(20);
    answer = () => ({});
    await backend.deliver(deliveryOf('a'), open());
    expect(backend.batches.maxEvents).toBe(1);
  });
});

describe('a POST with several events', () => {
  test.each(['form', 'json'] as const)('P136: brings the list `events`, as %s', async (encoding) => {
    await using fake = await startBatchBackend();
    await using backend = backendOf(fake.url, { encoding });
    expect(await backend.batches.deliver(two, open())).toEqual({ outcome: 'delivered', answers: [[], []] });
    const { body, events } = await fake.next();
    const { traceparent } = deliveryOf('a');
    const common = { attempt: 1, message: { type: 'client-say', n: 12345678901234567000 }, traceparent };
    expect(events).toEqual([
      { id: 'a-1', ...common, connection: { wskey: 'a', name: 'Zoë & 👋' } },
      {
        id: 'b-1',
        ...common,
        connection: { wskey: 'b', name: 'Zoë & 👋' },
        request: 7,
        reason: 'client-left',
      },
    ]);
    const json = encoding === 'form' ? new URLSearchParams(body).get('events') : body;
    expect(json).toContain('"n":12345678901234567890');
    expect(body.startsWith(encoding === 'form' ? 'events=' : '{"events":[')).toBe(true);
  });

  test('P137: has an id of its own, says how many it brings, and has no header of a single event', async () => {
    await using fake = await startBatchBackend();
    await using backend = backendOf(fake.url.replace('//', '//user:pass@'));
    for (const _ of range(2)) await backend.batches.deliver(two, open());
    const [first, second] = fake.posts.map(({ headers }) => headers);
    expect(first).toMatchObject({
      'webhook-id': expect.stringMatching(/^batch-[\w-]{22}-1$/) as string,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
      'wsbroker-batch': '2',
      accept: 'application/json',
      authorization: 'Basic dXNlcjpwYXNz',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(second?.['webhook-id']).toBe(`${String(first?.['webhook-id']).slice(0, -1)}2`);
    const single = ['wsbroker-attempt', 'wsbroker-request', 'wsbroker-reason', 'traceparent'];
    expect(Object.keys(first ?? {}).filter((name) => single.includes(name))).toEqual([]);
  });

  test('P137: is signed over its whole body, as any backend verifies it', async () => {
    const secret = `whsec_${Buffer.from('a'.repeat(32)).toString('base64')}`;
    await using fake = await startBatchBackend();
    await using backend = backendOf(fake.url, {}, [secret]);
    await backend.batches.deliver(two, open());
    const { body, headers } = await fake.next();
    const verify = (text: string): unknown =>
      new Webhook(secret).verify(text, headers as Record<string, string>, { jsonParse: false });
    expect(() => verify(body)).not.toThrow();
    expect(() => verify(body.replace('client-say', 'client-sey'))).toThrow('No matching signature');
  });
});

const tooLong = `[[],[{"type":"log","text":"${'x'.repeat(2_000)}"}]]`;

describe('the answer to several events', () => {
  test.each<[string, object]>([
    ['a page', { body: '<h1>It works</h1>' }],
    ['nothing', { body: '' }],
    ['an empty list', { body: [] }],
    [
      'commands of one',
      {
        body: [
          { type: 'log', text: 'x' },
          { type: 'log', text: 'y' },
        ],
      },
    ],
    ['too short', { body: [[]] }],
    ['too long a list', { body: [[], [], []] }],
    ['an element that is neither', { body: [[], false] }],
    ['larger than `maxAnswerBytes`', { body: tooLong }],
    ['400', { status: 400 }],
    ['404', { status: 404 }],
    ['401', { status: 401 }],
    ['413', { status: 413 }],
    ['301', { status: 301, headers: { location: '/' } }],
  ])('P139: %s is refused, and then none is sent for 10 s', async (_what, answer) => {
    let nowMs = 0;
    await using fake = await startBatchBackend(() => ({ ...answer, headers: { 'wsbroker-batch': '9' } }));
    const settings = httpBackendSchema.parse({ url: fake.url, maxAnswerBytes: 1_024 });
    const poster = new EventPoster(settings, []);
    const batches = new HttpBatches(settings, poster, () => nowMs);
    const refused = await batches.deliver(two, open());
    expect(refused).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/.{8}/) as string });
    nowMs = 9_999;
    expect(batches.maxEvents).toBe(1);
    nowMs = 10_000;
    expect(batches.maxEvents).toBe(9);
    await poster.close();
  });

  test.each([408, 425, 429, 500, 502, 503, 504])('P139: %i is tried again later', async (status) => {
    await using fake = await startBatchBackend(() => ({ status, headers: { 'retry-after': '3' } }));
    await using backend = backendOf(fake.url);
    expect(await backend.batches.deliver(two, open())).toEqual({
      outcome: 'retry',
      failure: 'status',
      reason: `status ${status}`,
      status,
      retryAfterMs: 3_000,
    });
  });

  test('P139: none in time, or a backend that is gone, is tried again later', async () => {
    await using fake = await startBatchBackend(() => new Promise(() => {}));
    await using backend = backendOf(fake.url, { timeoutMs: 50 });
    expect(await backend.batches.deliver(two, open())).toMatchObject({
      outcome: 'retry',
      failure: 'no-answer',
    });
    await fake.stop();
    expect(await backend.batches.deliver(two, open())).toMatchObject({
      outcome: 'retry',
      failure: 'unreachable',
    });
  });
});

const quick = {
  retryMinMs: 1,
  retryMaxMs: 20,
  maxConnectionsPerAddress: 10_000,
  handshakeBurstPerAddress: 10_000,
};

const connectMany = (url: string, count: number): Promise<RawClient[]> =>
  Promise.all(range(count).map((c) => connectRaw(url, { headers: { cookie: `c=${c}` } })));

/** For each client what the backend has done, in order; a repeat of the last one left out. */
const arrivedOf = (posts: readonly Post[]): Map<string, unknown[]> => {
  const ids = new Set<string>();
  const arrived = new Map<string, unknown[]>();
  for (const { id, connection, message } of posts.flatMap(({ events }) => events)) {
    if (ids.has(id)) continue;
    ids.add(id);
    const key = String(connection['c']);
    arrived.set(key, [...(arrived.get(key) ?? []), message['n'] ?? message.type]);
  }
  return arrived;
};

const expected = (count: number): unknown[] => ['session-connect', ...range(count), 'session-disconnect'];

test('P138, P140: many clients at once: each gets its own answers, in order, in fewer POSTs than events', async () => {
  await using backend = await startBatchBackend(
    answeringEach(100, ({ message }) =>
      message.type === 'client-say' ? [{ type: 'send', message: { type: 'said', n: message['n'] } }] : [],
    ),
  );
  await using broker = await startBroker({ backend: { url: backend.url, maxRequests: 4 }, ...quick });
  const clients = await connectMany(broker.url, 40);
  for (const n of range(10)) for (const client of clients) client.send({ type: 'say', n });
  for (const client of clients) {
    for (const n of range(10)) expect(await client.next()).toEqual({ type: 'said', n });
  }
  for (const client of clients) await client.close();
  await broker.close();
  const arrived = arrivedOf(backend.posts);
  expect(arrived.size).toBe(40);
  for (const own of arrived.values()) expect(own).toEqual(expected(10));
  for (const { events } of backend.posts) {
    const keys = events.map(({ connection }) => connection['wskey']);
    expect(new Set(keys).size).toBe(keys.length);
  }
  const events = 40 * 12;
  expect(backend.posts.flatMap((post) => post.events)).toHaveLength(events);
  expect(backend.posts.length).toBeLessThan(events / 2);
  expect(broker.logs.messages('warn')).toEqual([]);
});

test('P135: a backend that says nothing of batches gets none, whatever waits', async () => {
  await using backend = await startBatchBackend(() => ({}));
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  const clients = await connectMany(broker.url, 30);
  for (const n of range(5)) for (const client of clients) client.send({ type: 'say', n });
  for (const client of clients) await client.close();
  await broker.close();
  expect(backend.posts).toHaveLength(30 * 7);
  expect(backend.posts.filter(({ isBatch }) => isBatch)).toEqual([]);
});

test('P140: what has waited for a backend comes in few POSTs, in order, when it is back', async () => {
  await using backend = await startBatchBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  const clients = await connectMany(broker.url, 300);
  while (backend.posts.flatMap(({ events }) => events).length < 300) await backend.next();
  await backend.stop();
  for (const n of range(8)) for (const client of clients) client.send({ type: 'say', n });
  await broker.logs.next(({ message }) => message.startsWith('! backend fails'));
  const before = backend.posts.length;
  await backend.start();
  await Promise.all(clients.map((client) => client.close()));
  await broker.close();
  const arrived = arrivedOf(backend.posts);
  expect(arrived.size).toBe(300);
  for (const own of arrived.values()) expect(own).toEqual(expected(8));
  const posts = backend.posts.slice(before);
  const events = posts.flatMap((post) => post.events);
  expect(events.length).toBeGreaterThan(2_000);
  // At most one of each slot goes on alone, since a free slot waits for nobody.
  expect(posts.length).toBeLessThan(events.length / 4);
});

test.each<[string, AnswerPost]>([
  ['nothing but `[]`', () => ({ headers: { 'wsbroker-batch': '100' } })],
  ['413', () => ({ status: 413, headers: { 'wsbroker-batch': '100' } })],
  ['400 without the header', () => ({ status: 400 })],
  ['500', () => ({ status: 500, headers: { 'wsbroker-batch': '100' } })],
])(
  'P139: a backend that answers batches with %s gets every event alone, and loses none',
  async (_what, toBatch) => {
    const single = takesBatches(100);
    const done: Post[] = [];
    await using backend = await startBatchBackend((post) => {
      if (post.isBatch) return toBatch(post);
      done.push(post);
      return single(post);
    });
    await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
    const clients = await connectMany(broker.url, 30);
    for (const n of range(5)) for (const client of clients) client.send({ type: 'say', n });
    for (const client of clients) await client.close();
    await broker.close();
    const arrived = arrivedOf(done);
    expect(arrived.size).toBe(30);
    for (const own of arrived.values()) expect(own).toEqual(expected(5));
    expect(broker.logs.messages('error')).toEqual([]);
    const batched = backend.posts.filter(({ isBatch }) => isBatch).flatMap(({ events }) => events);
    expect(batched.length).toBeGreaterThan(1);
    expect(new Set(batched.map(({ id }) => id)).size).toBe(batched.length);
  },
);

test('P140: a backend that is killed and restarted under load loses nothing, and gets nothing out of order', async () => {
  await using backend = await startBatchBackend(answeringEach(20, () => (Math.random() < 0.2 ? null : [])));
  await using broker = await startBroker({ backend: { url: backend.url }, ...quick });
  const clients = await connectMany(broker.url, 20);
  for (const n of range(40)) {
    for (const client of clients) client.send({ type: 'say', n });
    if (n % 10 === 5) await backend.stop();
    if (n % 10 === 8) await backend.start();
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  for (const client of clients) await client.close();
  await broker.close();
  const arrived = arrivedOf(backend.posts);
  expect(arrived.size).toBe(20);
  for (const own of arrived.values()) expect(own).toEqual(expected(40));
  expect(broker.logs.messages('error')).toEqual([]);
});
