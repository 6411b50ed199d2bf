import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const bounds = { minMs: 100, maxMs: 10_000 };

test('doubles from the least to the most', () => {
  const longest = Array.from({ length: 9 }, (_, failed) => backoffMs(failed, bounds, () => 1));
  expect(longest).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

test('has full jitter: anything from nothing to that', () => {
  expect(backoffMs(4, bounds, () => 0)).toBe(0);
  expect(backoffMs(4, bounds, () => 0.5)).toBe(800);
});

test('is never negative, never more than the most, and never shrinks with more failures', () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  const anyBounds = fc
    .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 600_000 }))
    .map(([minMs, maxMs]) => ({ minMs, maxMs }));
  fc.assert(
    fc.property(fc.nat(), anyBounds, random, (failed, { minMs, maxMs }, chance) => {
      const waitMs = backoffMs(failed, { minMs, maxMs }, () => chance);
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(maxMs);
      expect(waitMs).toBeLessThanOrEqual(minMs * 2 ** Math.min(failed, 60));
      expect(backoffMs(failed + 1, { minMs, maxMs }, () => chance)).toBeGreaterThanOrEqual(waitMs);
    }),
  );
});
