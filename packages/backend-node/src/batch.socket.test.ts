import { batchBody, type BodyEncoding, type Event, JsonText } from '@wsbroker/protocol';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test, vi } from 'vitest';
import { servers } from '../test/servers.ts';
import { secret, wrongSecret } from '../test/signed.ts';
import { storeSets } from '../test/stores.ts';
import { RejectEvent } from './backend-error.ts';
import { type Backend, createBackend } from './backend.ts';
import type { Context, EventFacts } from './context.ts';
import { EventBusy } from './dedupe-store.ts';
import type { BackendOptions } from './handlers.ts';
import { memoryStore } from './memory-store.ts';

const quiet = (): void => {};

interface Posted {
  readonly id: string;
  readonly message?: Partial<Event> & { readonly type: string; readonly [field: string]: unknown };
  readonly request?: number;
  readonly reason?: string;
}

const batchOf = (events: readonly Posted[], encoding: BodyEncoding = 'form') =>
  batchBody(
    encoding,
    events.map(({ id, message = { type: 'client-say', text: id }, ...facts }) => ({
      id,
      attempt: 1,
      messageJson: JSON.stringify(message),
      connection: new JsonText(JSON.stringify({ ip: '127.0.0.1', wskey: id.split('-')[0] })),
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333${id.length % 10}-01`,
      ...facts,
    })),
  );

const headersOf = (contentType: string, events: number, more: object = {}): Record<string, string> => ({
  'content-type': contentType,
  'webhook-id': 'batch-x-1',
  'webhook-timestamp': '1790000000',
  'wsbroker-batch': String(events),
  ...more,
});

/** Delivers several events as a broker does. */
const postBatch = async (url: string, events: readonly Posted[], encoding: BodyEncoding = 'form') => {
  const { contentType, text } = batchOf(events, encoding);
  const response = await fetch(url, {
    method: 'POST',
    headers: headersOf(contentType, events.length),
    body: text,
  });
  return {
    status: response.status,
    maxBatch: response.headers.get('wsbroker-batch'),
    body: JSON.parse(await response.text()) as unknown,
  };
};

type Say = (ctx: Context<object>, text: string) => unknown;

const backendOf = (say: Say, more: Partial<BackendOptions<object>> = {}): Backend =>
  createBackend(
    {},
    {
      onError: quiet,
      ...more,
      messages: { say: (ctx, message) => say(ctx, String(message['text'])) as never },
    },
  );

const echo: Say = (ctx, text) => ctx.log(text);

const start = servers['node:http']!;
const three = ['a-1', 'b-1', 'c-1'].map((id): Posted => ({ id }));
const logged = (...texts: string[]) => texts.map((text) => [{ type: 'log', text }]);

describe.each(Object.entries(servers))('%s', (_name, startServer) => {
  test.each(['form', 'json'] as const)(
    'answers several events in one POST, in order, as %s',
    async (encoding) => {
      await using server = await startServer(backendOf(echo));
      const { status, body, maxBatch } = await postBatch(server.url, three, encoding);
      expect({ status, body }).toEqual({ status: 200, body: logged('a-1', 'b-1', 'c-1') });
      expect(maxBatch).toBe('100');
    },
  );
});

test('handlers run side by side, and are told of each event what a single one would say', async () => {
  const facts: EventFacts[] = [];
  const all = Promise.withResolvers<void>();
  await using server = await start(
    backendOf(echo, {
      async connect(ctx) {
        facts.push(ctx.event);
        if (facts.length === 2) all.resolve();
        await all.promise;
      },
      disconnect(ctx) {
        facts.push(ctx.event);
        if (facts.length === 2) all.resolve();
      },
    }),
  );
  const { body } = await postBatch(server.url, [
    { id: 'a-1', message: { type: 'session-connect' } },
    { id: 'b-9', message: { type: 'session-disconnect' }, reason: 'client-left' },
  ]);
  expect(body).toEqual([[], []]);
  const timestamp = new Date(1_790_000_000_000);
  const traceparent = expect.stringMatching(/^00-/) as string;
  const common = { attempt: 1, timestamp, traceparent };
  expect(facts).toEqual([
    { type: 'session-connect', id: 'a-1', ...common, request: undefined, reason: undefined },
    { type: 'session-disconnect', id: 'b-9', ...common, request: undefined, reason: 'client-left' },
  ]);
});

test('requests are answered with their replies, and a message of no request is none', async () => {
  const backend = createBackend(
    {},
    { onError: quiet, requests: { ask: (ctx, { n }) => ctx.reply({ n, who: ctx.connection['wskey'] }) } },
  );
  await using server = await start(backend);
  const { body } = await postBatch(server.url, [
    { id: 'a-1', message: { type: 'client-ask', n: 1 }, request: 0 },
    { id: 'b-1', message: { type: 'client-ask', n: 2 }, request: 5 },
    { id: 'c-1', message: { type: 'client-ask', n: 3 } },
  ]);
  expect(body).toMatchObject([
    [{ type: 'reply', message: { n: 1, who: 'a' } }],
    [{ type: 'reply', message: { n: 2, who: 'b' } }],
    [{ type: 'send', message: { type: 'broker-error' } }],
  ]);
});

test('a handler that throws, rejects or is busy costs its own event: null, and `onError` is told of the first', async () => {
  const onError = vi.fn<(error: unknown, event: EventFacts | undefined) => void>();
  await using server = await start(
    backendOf(
      (ctx, text) => {
        if (text === 'throws-1') throw new Error('out of luck');
        if (text === 'rejects-1') throw new RejectEvent('never');
        if (text === 'busy-1') throw new EventBusy(text);
        if (text === 'odd-1') return 5;
        return ctx.log(text);
      },
      { onError },
    ),
  );
  const ids = ['a-1', 'throws-1', 'rejects-1', 'busy-1', 'odd-1', 'b-1'];
  const { status, body } = await postBatch(
    server.url,
    ids.map((id) => ({ id })),
  );
  expect(status).toBe(200);
  expect(body).toEqual([...logged('a-1'), null, null, null, null, ...logged('b-1')]);
  expect(onError.mock.calls.map(([error, event]) => [String(error), event?.id])).toEqual([
    ['Error: out of luck', 'throws-1'],
    [expect.stringContaining('no command') as string, 'odd-1'],
  ]);
});

describe.each(Object.entries(storeSets))('with %s', (_name, open) => {
  test('an event that comes again, alone or with others, gets the answer of the first time', async () => {
    using set = open();
    let calls = 0;
    const say: Say = (ctx, text) => {
      calls += 1;
      if (text === 'odd-1' && calls < 4) throw new Error('the first time');
      return ctx.log(`${text} ${calls}`);
    };
    const [first, second = first] = set.stores;
    await using one = await start(backendOf(say, { dedupe: first! }));
    await using other = await start(backendOf(say, { dedupe: second! }));
    const events = ['a-1', 'b-1', 'odd-1'].map((id): Posted => ({ id }));
    const { body } = await postBatch(one.url, events);
    const [a, b, odd] = body as unknown[];
    expect([a, b]).toMatchObject([[{ type: 'log' }], [{ type: 'log' }]]);
    expect(odd).toBeNull();
    expect(calls).toBe(3);
    const again = await postBatch(other.url, [...events].toReversed());
    expect(again.body).toEqual([[{ type: 'log', text: 'odd-1 4' }], b, a]);
    const { contentType, text } = {
      contentType: 'application/json',
      text: JSON.stringify({ message: { type: 'client-say', text: 'a-1' }, connection: {} }),
    };
    const single = await fetch(other.url, {
      method: 'POST',
      headers: { 'content-type': contentType, 'webhook-id': 'a-1' },
      body: text,
    });
    expect(await single.json()).toEqual(a);
    expect(calls).toBe(4);
  });

  test('a hundred at once are each handled once', async () => {
    using set = open();
    const say = vi.fn<Say>(async (ctx, text) => {
      await new Promise(setImmediate);
      return ctx.log(text);
    });
    await using server = await start(backendOf(say, { dedupe: set.stores[0]! }));
    const ids = Array.from({ length: 100 }, (_, n) => `k${n}-1`);
    const { body } = await postBatch(
      server.url,
      ids.map((id) => ({ id })),
    );
    expect(body).toEqual(logged(...ids));
    expect(say).toHaveBeenCalledTimes(100);
  });
});

describe('maxBatch', () => {
  test.each([
    [undefined, '100'],
    [7, '7'],
    [1, null],
  ])('of %s is told in the header `wsbroker-batch`, and 1 is not', async (maxBatch, header) => {
    await using server = await start(backendOf(echo, maxBatch === undefined ? {} : { maxBatch }));
    const { body, maxBatch: told } = await postBatch(server.url, three);
    expect(told).toBe(header);
    // A broker that has not heard of it yet is understood all the same.
    expect(body).toHaveLength(3);
  });

  test('is told with every answer to an event, also where its handler failed', async () => {
    await using server = await start(
      backendOf(() => {
        throw new Error('x');
      }),
    );
    const form = 'message=%7B%22type%22%3A%22client-say%22%7D&connection=%7B%7D';
    const response = await fetch(server.url, {
      method: 'POST',
      body: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([response.status, response.headers.get('wsbroker-batch')]).toEqual([500, '100']);
    await response.arrayBuffer();
  });

  test.each([0, -1, 1.5, Number.NaN])('of %d is refused', (maxBatch) => {
    expect(() => backendOf(echo, { maxBatch })).toThrow(/maxBatch is .*: expected a whole number above 0/);
  });
});

describe('a body of several events', () => {
  test.each([
    ['that is no JSON', 'events=x', 400, 'not-json'],
    ['that is no list', 'events={}', 400, 'bad-shape'],
    ['without an id', 'events=[{"attempt":1,"message":{"type":"x"},"connection":{}}]', 400, 'bad-shape'],
    ['that is of one event', 'message={"type":"x"}&connection={}', 400, 'bad-shape'],
  ])('%s is answered %i', async (_what, body, status, code) => {
    await using server = await start(backendOf(echo));
    const headers = headersOf('application/x-www-form-urlencoded', 1);
    const response = await fetch(server.url, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  test('larger than `maxBodyBytes` is answered 413', async () => {
    await using server = await start(backendOf(echo, { maxBodyBytes: 500 }));
    expect(await postBatch(server.url, three)).toMatchObject({ status: 413 });
    expect(await postBatch(server.url, three.slice(0, 1))).toMatchObject({ status: 200 });
  });

  test('of a web page is refused, and none of its handlers is called', async () => {
    const say = vi.fn<Say>(echo);
    await using server = await start(backendOf(say));
    const { contentType, text } = batchOf(three);
    const headers = headersOf(contentType, 3, { origin: 'http://127.0.0.1' });
    const response = await fetch(server.url, { method: 'POST', headers, body: text });
    expect(response.status).toBe(403);
    await response.arrayBuffer();
    expect(say).not.toHaveBeenCalled();
  });
});

describe('with a secret', () => {
  const signedBatch = async (url: string, key: string, change = (text: string): string => text) => {
    const { contentType, text } = batchOf(three);
    const now = new Date();
    const headers = headersOf(contentType, 3, {
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(key).sign('batch-x-1', now, text),
    });
    const response = await fetch(url, { method: 'POST', headers, body: change(text) });
    return [response.status, await response.json()];
  };

  test('a batch is signed as a whole, and one that is not calls no handler', async () => {
    const say = vi.fn<Say>(echo);
    await using server = await start(backendOf(say, { secret }));
    expect(await signedBatch(server.url, secret)).toEqual([200, logged('a-1', 'b-1', 'c-1')]);
    expect(say).toHaveBeenCalledTimes(3);
    expect(await signedBatch(server.url, wrongSecret)).toMatchObject([
      401,
      { error: { code: 'bad-signature' } },
    ]);
    const forged = await signedBatch(server.url, secret, (text) => text.replace('a-1', 'z-1'));
    expect(forged).toMatchObject([401, {}]);
    expect(say).toHaveBeenCalledTimes(3);
  });
});

describe('handle', () => {
  const events = three.map(({ id }) => ({
    id,
    attempt: 1,
    message: { type: 'client-say', text: id },
    connection: {},
  }));

  test.each([
    ['as values', events],
    ['as JSON text', JSON.stringify(events)],
  ])('takes the field `events` %s', async (_how, given) => {
    const answer = await backendOf(echo).handle({ events: given });
    expect(answer).toMatchObject({ status: 200, contentType: 'application/json', maxBatch: 100 });
    expect(JSON.parse(answer.text)).toEqual(logged('a-1', 'b-1', 'c-1'));
  });

  test('takes a raw body by its header, and never rejects', async () => {
    const backend = backendOf(echo, { dedupe: memoryStore() });
    const { contentType, text } = batchOf(three, 'json');
    const answer = await backend.handle({ rawBody: text, headers: headersOf(contentType, 3) });
    expect(JSON.parse(answer.text)).toEqual(logged('a-1', 'b-1', 'c-1'));
    for (const odd of [null, 5, {}, 'x', [null], [[]]]) {
      expect((await backend.handle({ events: odd })).status).toBe(400);
    }
  });
});

test('fetch says how many it takes', async () => {
  const { contentType, text } = batchOf(three);
  const request = new Request('http://127.0.0.1/', {
    method: 'POST',
    headers: headersOf(contentType, 3),
    body: text,
  });
  const response = await backendOf(echo, { maxBatch: 20 }).fetch(request);
  expect(response.headers.get('wsbroker-batch')).toBe('20');
  expect(await response.json()).toEqual(logged('a-1', 'b-1', 'c-1'));
});
