import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RetryAnswer, RetryPlan } from './retry-plan.ts';

const bounds = { retryMinMs: 100, retryMaxMs: 10_000, maxEventAgeMs: 300_000, maxPoisonAttempts: 8 };
const longest = (): number => 1;
const none = (): number => 0;

const retry: RetryAnswer = { outcome: 'retry', failure: 'status', reason: 'status 503' };
const briefly: RetryAnswer = { outcome: 'retry-briefly', failure: 'status', reason: 'status 404' };

/** While the backend is up, and no other event is delivered. */
const at = (nowMs: number, random: () => number) => ({ nowMs, random, successes: 0, isDown: false });

test('waits longer with each failure', () => {
  const plan = new RetryPlan(bounds, 0);
  expect([1, 2, 3, 4].map(() => plan.waitMs(retry, at(0, longest)))).toEqual([100, 200, 400, 800]);
});

test('waits as long as the backend asks for, when that is longer', () => {
  const plan = new RetryPlan(bounds, 0);
  expect(plan.waitMs({ ...retry, retryAfterMs: 5_000 }, at(0, longest))).toBe(5_000);
  expect(plan.waitMs({ ...retry, retryAfterMs: 50 }, at(0, longest))).toBe(200);
});

test('waits no longer than a minute, whatever the backend asks for', () => {
  expect(new RetryPlan(bounds, 0).waitMs({ ...retry, retryAfterMs: 3_600_000 }, at(0, none))).toBe(60_000);
});

test('gives up when the event would be too old at the next attempt, and not before', () => {
  const plan = new RetryPlan({ ...bounds, maxEventAgeMs: 1_000 }, 5_000);
  expect(plan.waitMs(retry, at(5_900, longest))).toBe(100);
  expect(plan.waitMs(retry, at(5_801, longest))).toBeUndefined();
  expect(plan.waitMs(retry, at(5_801, none))).toBe(0);
});

test('after a brief outcome gives up within a minute of the first', () => {
  const plan = new RetryPlan(bounds, 0);
  expect(plan.waitMs(briefly, at(10_000, none))).toBe(0);
  expect(plan.waitMs(briefly, at(69_999, none))).toBe(0);
  expect(plan.waitMs(briefly, at(70_001, none))).toBeUndefined();
});

test('another failure in between begins the minute anew', () => {
  const plan = new RetryPlan(bounds, 0);
  plan.waitMs(briefly, at(0, none));
  expect(plan.waitMs(retry, at(59_000, none))).toBe(0);
  expect(plan.waitMs(retry, at(100_000, none))).toBe(0);
  expect(plan.waitMs(briefly, at(100_000, none))).toBe(0);
  expect(plan.waitMs(briefly, at(160_000, none))).toBe(0);
  expect(plan.waitMs(briefly, at(160_001, none))).toBeUndefined();
});

test('a poison event: gives up at the eighth failure while others are delivered, the first counted', () => {
  const plan = new RetryPlan(bounds, 0);
  const waits = [0, 1, 2, 3, 4, 5, 6, 7].map((successes) =>
    plan.waitMs(retry, { ...at(0, none), successes }),
  );
  expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, undefined]);
});

test('failures while nothing else is delivered are not the event’s own', () => {
  const plan = new RetryPlan(bounds, 0);
  for (let n = 0; n < 100; n += 1) expect(plan.waitMs(retry, at(0, none))).toBe(0);
  // One of many before, and six more of its own.
  for (let n = 1; n <= 6; n += 1) expect(plan.waitMs(retry, { ...at(0, none), successes: n })).toBe(0);
  expect(plan.waitMs(retry, { ...at(0, none), successes: 7 })).toBeUndefined();
});

test('an event that did not even get there is not poison, whatever others do', () => {
  const plan = new RetryPlan(bounds, 0);
  const unreachable: RetryAnswer = { outcome: 'retry', failure: 'unreachable', reason: 'ECONNREFUSED' };
  for (let n = 1; n < 100; n += 1) expect(plan.waitMs(unreachable, { ...at(0, none), successes: n })).toBe(0);
});

test('while the backend is down there is no wait of its own, and none that would grow', () => {
  const plan = new RetryPlan(bounds, 0);
  const isDown = { ...at(0, longest), isDown: true };
  for (let n = 0; n < 5; n += 1) expect(plan.waitMs({ ...retry, retryAfterMs: 5_000 }, isDown)).toBe(0);
  expect(plan.waitMs(retry, at(0, longest))).toBe(100);
});

test('while the backend is down an event grows too old all the same', () => {
  const plan = new RetryPlan(bounds, 0);
  expect(plan.waitMs(retry, { ...at(300_001, none), isDown: true })).toBeUndefined();
  expect(new RetryPlan(bounds, -100).untilMs).toBe(299_900);
});

test('no wait ends after the event is too old', () => {
  const answer = fc.record({
    outcome: fc.constantFrom('retry' as const, 'retry-briefly' as const),
    failure: fc.constantFrom('unreachable' as const, 'cut' as const, 'no-answer' as const, 'status' as const),
    reason: fc.constant('x'),
    retryAfterMs: fc.option(fc.nat({ max: 200_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      fc.array(answer, { maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (answers, chance) => {
        const plan = new RetryPlan(bounds, 0);
        let nowMs = 0;
        for (const one of answers) {
          const waitMs = plan.waitMs(
            one,
            at(nowMs, () => chance),
          );
          if (waitMs === undefined) return;
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(one.retryAfterMs ?? 0, 60_000));
          expect(waitMs).toBeLessThanOrEqual(60_000);
          nowMs += waitMs;
          expect(nowMs).toBeLessThanOrEqual(bounds.maxEventAgeMs);
        }
      },
    ),
  );
});
