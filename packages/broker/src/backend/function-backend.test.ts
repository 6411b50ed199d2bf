import { JsonText } from '@wsbroker/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FunctionBackendOptions } from '../options.ts';
import type { Delivery } from './backend.ts';
import { FunctionBackend } from './function-backend.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const delivery: Delivery = {
  id: 'k-1',
  attempt: 1,
  messageJson: '{"type":"client-say","list":[1]}',
  connection: new JsonText('{"wskey":"k","room":{"name":"lobby"}}'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

type Handle = FunctionBackendOptions['handle'];

const deliverTo = (handle: unknown, signal = new AbortController().signal) =>
  new FunctionBackend({
    type: 'function',
    handle: handle as Handle,
    maxRequests: 32,
    timeoutMs: 1_000,
  }).deliver(delivery, signal);

const commands = [{ type: 'log', text: 'x' }];

test.each([
  ['returns', () => commands],
  ['resolves to', () => Promise.resolve(commands)],
])('a function that %s a list of commands has the event', async (_how, handle) => {
  expect(await deliverTo(handle)).toEqual({ outcome: 'delivered', answer: commands });
});

test.each([
  ['returns nothing', () => {}],
  ['resolves to nothing', async () => {}],
  ['returns null', () => null],
])('a function that %s has the event, and orders nothing', async (_how, handle) => {
  expect(await deliverTo(handle)).toEqual({ outcome: 'delivered', answer: [] });
});

test('what is no list is handed on as it is, to be told', async () => {
  expect(await deliverTo(() => 'ok')).toEqual({ outcome: 'delivered', answer: 'ok' });
});

test('the function gets the event, the connection, and what else is known', async () => {
  const handle = vi.fn<Handle>();
  await deliverTo(handle);
  expect(handle.mock.calls).toEqual([
    [
      { type: 'client-say', list: [1] },
      { wskey: 'k', room: { name: 'lobby' } },
      { id: 'k-1', attempt: 1 },
    ],
  ]);
});

test('the function is told which request waits for a reply, and why a connection ended', async () => {
  const handle = vi.fn<Handle>();
  await new FunctionBackend({ type: 'function', handle, maxRequests: 32, timeoutMs: 1_000 }).deliver(
    { ...delivery, attempt: 3, request: 7, reason: 'client-left' },
    new AbortController().signal,
  );
  expect(handle.mock.calls[0]?.[2]).toEqual({ id: 'k-1', attempt: 3, request: 7, reason: 'client-left' });
});

test('each attempt gets copies of its own', async () => {
  const seen: unknown[][] = [];
  const handle: Handle = (event, connection) => {
    seen.push([structuredClone(event), structuredClone(connection)]);
    event['list'] = 'changed';
    (connection['room'] as { name: string }).name = 'changed';
  };
  await deliverTo(handle);
  await deliverTo(handle);
  expect(seen[1]).toEqual(seen[0]);
});

test.each<[string, () => unknown, string]>([
  [
    'throws',
    () => {
      throw new Error('boom');
    },
    'boom',
  ],
  ['rejects', () => Promise.reject(new Error('boom')), 'boom'],
  ['rejects with nothing', () => Promise.reject(), 'undefined'],
])('a function that %s is tried again', async (_how, handle, reason) => {
  expect(await deliverTo(handle)).toEqual({ outcome: 'retry', failure: 'status', reason });
});

test('a function that takes too long is tried again', async () => {
  const answer = deliverTo(() => new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toEqual({
    outcome: 'retry',
    failure: 'no-answer',
    reason: 'no answer within 1000 ms',
  });
});

test('a function that fails after its time is over ends nothing', async () => {
  const late = Promise.withResolvers<never>();
  const answer = deliverTo(() => late.promise);
  await vi.advanceTimersByTimeAsync(1_000);
  await answer;
  late.reject(new Error('too late to matter'));
  await vi.advanceTimersByTimeAsync(1);
});

test('a broker that stops does not wait for the function', async () => {
  const stop = new AbortController();
  const answer = deliverTo(() => new Promise(() => {}), stop.signal);
  stop.abort();
  expect(await answer).toMatchObject({ outcome: 'retry', reason: 'the broker is closing' });
});

test('no timer is left, however it ended', async () => {
  await deliverTo(() => commands);
  await deliverTo(() => Promise.reject(new Error('boom')));
  await deliverTo(() => {
    throw new Error('boom');
  });
  expect(vi.getTimerCount()).toBe(0);
});
