import { JsonText } from '@wsbroker/protocol';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Answer as FakeAnswer, startFakeBackend } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { httpBackendSchema } from '../options.ts';
import type { Delivery } from './backend.ts';
import { HttpBackend } from './http-backend.ts';

const delivery: Delivery = {
  id: 'k-1',
  attempt: 2,
  messageJson: '{"type":"client-say"}',
  connection: new JsonText('{"wskey":"k"}'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

const open = (): AbortSignal => new AbortController().signal;

const backendOf = (url: string, more: object = {}) => {
  const backend = new HttpBackend(httpBackendSchema.parse({ url, ...more }));
  return Object.assign(backend, { [Symbol.asyncDispose]: () => backend.close() });
};

const answerOf = async (answer: FakeAnswer, more: object = {}) => {
  await using fake = await startFakeBackend(answer);
  await using backend = backendOf(fake.url, more);
  return await backend.deliver(delivery, open());
};

describe('headers', () => {
  test('say which event it is, which attempt, and of which trace', async () => {
    await using fake = await startFakeBackend();
    await using backend = backendOf(fake.url);
    await backend.deliver(delivery, open());
    const { headers } = await fake.next();
    expect(headers).toMatchObject({
      'webhook-id': 'k-1',
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
      'wsbroker-attempt': '2',
      traceparent: delivery.traceparent,
    });
    expect(Object.keys(headers)).not.toContain('wsbroker-request');
    expect(Object.keys(headers)).not.toContain('wsbroker-reason');
  });

  test('say which request waits for a reply, and why a connection ended', async () => {
    await using fake = await startFakeBackend();
    await using backend = backendOf(fake.url);
    await backend.deliver({ ...delivery, request: 0, reason: 'connection-lost' }, open());
    const { headers } = await fake.next();
    expect(headers).toMatchObject({ 'wsbroker-request': '0', 'wsbroker-reason': 'connection-lost' });
  });
});

describe('a failure is told by its kind', () => {
  test.each<[string, FakeAnswer, object]>([
    ['a status that says not now', { status: 503 }, { outcome: 'retry', failure: 'status', status: 503 }],
    ['a redirect', 'redirect', { outcome: 'retry-briefly', failure: 'status', status: 302 }],
    ['what is no HTTP', 'garbage', { outcome: 'retry', failure: 'status' }],
    ['a reset', 'reset', { outcome: 'retry', failure: 'cut' }],
    ['a body that is cut off', 'truncate', { outcome: 'retry', failure: 'cut' }],
    [
      'a status that says never',
      { status: 422 },
      { outcome: 'dead-letter', status: 422, reason: 'status 422' },
    ],
  ])('%s', async (_what, answer, expected) => {
    expect(await answerOf(answer)).toMatchObject(expected);
  });

  test.each<FakeAnswer & string>(['hang', 'drip'])('no answer in time: %s', async (how) => {
    expect(await answerOf(how, { timeoutMs: 300 })).toEqual({
      outcome: 'retry',
      failure: 'no-answer',
      reason: 'no answer within 300 ms',
    });
  });

  test('nobody listens', async () => {
    const fake = await startFakeBackend();
    await fake.stop();
    await using backend = backendOf(fake.url);
    expect(await backend.deliver(delivery, open())).toMatchObject({
      outcome: 'retry',
      failure: 'unreachable',
    });
  });

  test('nobody listens on any of the addresses of a name', async () => {
    const fake = await startFakeBackend();
    await fake.stop();
    await using backend = backendOf(fake.url.replace('127.0.0.1', 'localhost'));
    expect(await backend.deliver(delivery, open())).toMatchObject({
      outcome: 'retry',
      failure: 'unreachable',
    });
  });

  test('a name that does not exist', async () => {
    await using backend = backendOf('http://does-not-exist.invalid/');
    expect(await backend.deliver(delivery, open())).toMatchObject({
      outcome: 'retry',
      failure: 'unreachable',
    });
  });

  test('a server that hangs up before it answers', async () => {
    await using server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using backend = backendOf(`http://127.0.0.1:${port}/`);
    expect(await backend.deliver(delivery, open())).toMatchObject({ outcome: 'retry', failure: 'cut' });
  });
});

test('twice `maxRequests` can be in flight: those that have stepped aside, and those that hold a slot', async () => {
  await using fake = await startFakeBackend('hang');
  await using backend = backendOf(fake.url, { maxRequests: 3 });
  const abort = new AbortController();
  const answers = Array.from({ length: 6 }, () => backend.deliver(delivery, abort.signal));
  for (const _ of answers) await fake.next();
  expect(fake.requestsInFlight).toBe(6);
  abort.abort();
  await Promise.all(answers);
});
