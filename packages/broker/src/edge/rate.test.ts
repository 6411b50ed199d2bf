import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rate } from './rate.ts';

/** Takes whenever there is a token, at these moments. Gives how many it took at each. */
const takenAt = (rate: Rate, momentsMs: readonly number[], tries: number): number[] => {
  let fullAtMs = 0;
  return momentsMs.map((nowMs) => {
    let taken = 0;
    while (taken < tries && rate.waitMs(fullAtMs, nowMs) === 0) {
      fullAtMs = rate.taken(fullAtMs, nowMs);
      taken += 1;
    }
    return taken;
  });
};

test.each([
  [1, 1],
  [3, 7],
  [20, 200],
  [1_000, 5_000],
])(
  'at %i a second a bucket of %i holds just so many, and gets them back at that rate',
  (perSecond, burst) => {
    const rate = new Rate({ perSecond, burst });
    const startMs = 123_456.789;
    const fullMs = (burst / perSecond) * 1_000;
    const moments = [startMs, startMs + 1_000, startMs + 1_000 + 2 * fullMs];
    const back = Math.min(burst, perSecond);
    expect(takenAt(rate, moments, burst + 1)).toEqual([burst, back, burst]);
  },
);

test('says how long until there is a token, and then there is one', () => {
  const rate = new Rate({ perSecond: 4, burst: 2 });
  let fullAtMs = rate.taken(rate.taken(0, 1_000), 1_000);
  expect(rate.waitMs(fullAtMs, 1_000)).toBe(250);
  expect(rate.waitMs(fullAtMs, 1_200)).toBe(50);
  expect(rate.waitMs(fullAtMs, 1_250)).toBe(0);
  fullAtMs = rate.taken(fullAtMs, 1_250);
  expect(rate.waitMs(fullAtMs, 1_250)).toBe(250);
});

test('whenever and however often somebody comes, no stretch of time lets in more than the burst and the rate', () => {
  const steps = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 60 });
  const limits = fc.record({
    perSecond: fc.integer({ min: 1, max: 50 }),
    burst: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(limits, steps, fc.nat({ max: 60 }), (limit, stepsMs, tries) => {
      let nowMs = 0;
      const moments = stepsMs.map((step) => (nowMs += step));
      const taken = takenAt(new Rate(limit), moments, tries);
      for (const [from, fromMs] of moments.entries()) {
        let sum = 0;
        for (let to = from; to < moments.length; to += 1) {
          sum += taken[to] ?? 0;
          const seconds = ((moments[to] ?? 0) - fromMs) / 1_000;
          expect(sum).toBeLessThanOrEqual(Math.floor(limit.burst + limit.perSecond * seconds + 1e-3));
        }
      }
    }),
  );
});
