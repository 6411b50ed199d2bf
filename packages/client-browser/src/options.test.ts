import { expect, test } from 'vitest';
import { type ClientOptions, resolveOptions } from './options.ts';

const url = 'ws://a.example/';

test('fills in the defaults that the documentation names', () => {
  const { url: _url, firstMessages, onError, ...values } = resolveOptions({ url });
  expect(values).toEqual({
    minMs: 500,
    maxMs: 20_000,
    stableAfterMs: 5_000,
    connectTimeoutMs: 10_000,
    heartbeatTimeoutMs: 10_000,
    maxQueuedMessages: 256,
    maxQueuedBytes: 1_048_576,
    maxMessageBytes: 65_536,
    maxBufferedMessages: 1_024,
    random: Math.random,
  });
  expect(firstMessages()).toEqual([]);
  expect(onError).toBeTypeOf('function');
});

test('takes undefined for not given', () => {
  const options = resolveOptions({ url, backoff: { minMs: undefined, maxMs: 9 }, maxQueuedBytes: undefined });
  expect(options).toMatchObject({ minMs: 500, maxMs: 9, maxQueuedBytes: 1_048_576 });
});

test('takes 0 for a queue', () => {
  expect(resolveOptions({ url, maxQueuedMessages: 0 }).maxQueuedMessages).toBe(0);
});

test.each([
  ['minMs', { backoff: { minMs: 0 } }],
  ['maxMs', { backoff: { maxMs: Infinity } }],
  ['stableAfterMs', { backoff: { stableAfterMs: -1 } }],
  ['heartbeatTimeoutMs', { heartbeatTimeoutMs: 0 }],
  ['connectTimeoutMs', { connectTimeoutMs: NaN }],
  ['maxQueuedMessages', { maxQueuedMessages: -1 }],
  ['maxQueuedBytes', { maxQueuedBytes: 'lots' as unknown as number }],
  ['maxMessageBytes', { maxMessageBytes: 2 ** 31 }],
  ['maxBufferedMessages', { maxBufferedMessages: -1 }],
] satisfies [string, Partial<ClientOptions>][])('refuses a %s that cannot work', (name, options) => {
  expect(() => resolveOptions({ url, ...options })).toThrow(
    expect.objectContaining({ code: 'bad-option', message: expect.stringContaining(name) as string }),
  );
});
