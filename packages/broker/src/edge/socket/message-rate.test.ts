import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MessageRate } from './message-rate.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('a burst is taken at once; then the bucket is empty until it has refilled, and its reader is told', () => {
  const rate = new MessageRate({ messagesPerSecond: 200, messageBurst: 400 });
  const resume = vi.fn();
  const bucket = rate.bucket({ resumeIfLow: resume });
  bucket.take(400);
  expect(bucket.isEmpty).toBe(false);
  bucket.take(10);
  expect(bucket.isEmpty).toBe(true);
  // Ten messages too many: 50 ms.
  vi.advanceTimersByTime(49);
  expect(resume).not.toHaveBeenCalled();
  vi.advanceTimersByTime(20);
  expect(resume).toHaveBeenCalledOnce();
  expect(bucket.isEmpty).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test('what was not used is kept up to one burst, and no further', () => {
  const rate = new MessageRate({ messagesPerSecond: 200, messageBurst: 400 });
  const bucket = rate.bucket({ resumeIfLow: () => {} });
  vi.advanceTimersByTime(3_600_000);
  bucket.take(400);
  expect(bucket.isEmpty).toBe(false);
  vi.advanceTimersByTime(1_000);
  bucket.take(200);
  expect(bucket.isEmpty).toBe(false);
  bucket.take(1);
  expect(bucket.isEmpty).toBe(true);
  bucket.end();
});

test('one timer serves all clients, and there is none while nobody waits or when they are gone', () => {
  const rate = new MessageRate({ messagesPerSecond: 10, messageBurst: 1 });
  const buckets = Array.from({ length: 100 }, () => rate.bucket({ resumeIfLow: () => {} }));
  expect(vi.getTimerCount()).toBe(0);
  for (const bucket of buckets) bucket.take(5);
  expect(vi.getTimerCount()).toBe(1);
  for (const bucket of buckets) bucket.end();
  expect(vi.getTimerCount()).toBe(0);
});

test('whenever messages come, at any time as many were read as a burst and the rate allow, and no fewer were let through', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 50 }))),
      (messagesPerSecond, messageBurst, slices) => {
        const rate = new MessageRate({ messagesPerSecond, messageBurst });
        const bucket = rate.bucket({ resumeIfLow: () => {} });
        let tokens = messageBurst;
        let atMs = performance.now();
        for (const [pauseMs, messages] of slices) {
          vi.advanceTimersByTime(pauseMs);
          // As the socket does: nothing is read meanwhile.
          while (bucket.isEmpty) vi.advanceTimersByTime(20);
          const nowMs = performance.now();
          tokens = Math.min(messageBurst, tokens + ((nowMs - atMs) / 1_000) * messagesPerSecond);
          atMs = nowMs;
          expect(tokens).toBeGreaterThan(-1e-6);
          tokens -= messages;
          bucket.take(messages);
          if (Math.abs(tokens) > 1e-6) expect(bucket.isEmpty).toBe(tokens < 0);
        }
        bucket.end();
      },
    ),
  );
});
