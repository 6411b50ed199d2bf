import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  maxFailing,
  maxProbeWaitMs,
  maxRetryAfterMs,
  type OutageCircumstances,
  type OutageEvent,
  type OutageState,
  outageTransition,
  upState,
} from './outage.ts';

const circumstances: OutageCircumstances = {
  nowMs: 1_000,
  random: 1,
  retryMinMs: 100,
  retryMaxMs: 10_000,
  maxRequests: 8,
};

/** Where a series of events leads, from `up`. */
const after = (events: readonly OutageEvent[], more: Partial<OutageCircumstances> = {}): OutageState =>
  events.reduce(
    (state, event) => outageTransition(state, event, { ...circumstances, ...more }),
    upState(more.maxRequests ?? circumstances.maxRequests),
  );

const succeeded: OutageEvent = { type: 'succeeded' };
const probe: OutageEvent = { type: 'probe-began' };
const lost = (outages = 0, retryAfterMs?: number): OutageEvent => ({ type: 'lost', outages, retryAfterMs });
const failed = (connection: number, outages = 0, more: object = {}): OutageEvent => ({
  type: 'failed',
  connection,
  outages,
  othersSucceeded: false,
  ...more,
});
const failures = (count: number): OutageEvent[] =>
  Array.from({ length: count }, (_, connection) => failed(connection));
const down = [lost(), lost()];
const recovering = [...down, probe, succeeded];

describe('goes down', () => {
  test('when two requests in a row did not get through, and not after one', () => {
    expect(after([lost()]).name).toBe('up');
    expect(after([lost(), lost()]).name).toBe('down');
  });

  test('when the requests of five connections in a row failed, and not after four', () => {
    expect(after(failures(maxFailing - 1)).name).toBe('up');
    expect(after(failures(maxFailing)).name).toBe('down');
  });
});

describe('stays up', () => {
  test('when a success came between two requests that did not get through', () => {
    expect(after([lost(), succeeded, lost(), succeeded, lost()]).name).toBe('up');
  });

  test('when a success came between the failures of connections', () => {
    expect(after([...failures(4), succeeded, ...failures(4)]).name).toBe('up');
  });

  test('however often the requests of the same few connections fail', () => {
    expect(after([...failures(4), ...failures(4), ...failures(4)]).name).toBe('up');
  });

  test('when others were answered while the requests that failed ran', () => {
    const failing = Array.from({ length: 20 }, (_, connection) =>
      failed(connection, 0, { othersSucceeded: true }),
    );
    expect(after(failing).name).toBe('up');
  });
});

describe('while it is down', () => {
  test('the first probe is due within the least backoff', () => {
    expect(after(down).probeAtMs).toBe(1_100);
    expect(after(down, { random: 0 }).probeAtMs).toBe(1_000);
  });

  test('each failed probe doubles the wait for the next, up to the most', () => {
    const waits: number[] = [];
    let state = after(down);
    for (let n = 0; n < 10; n += 1) {
      waits.push((state.probeAtMs ?? NaN) - circumstances.nowMs);
      state = outageTransition(state, probe, circumstances);
      expect(state.probeAtMs).toBeUndefined();
      state = outageTransition(state, n % 2 === 0 ? lost(1) : failed(n, 1), circumstances);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000, 2_000]);
  });

  test('`Retry-After` is honoured, up to a minute', () => {
    expect(after([...down, probe, failed(1, 1, { retryAfterMs: 5_000 })]).probeAtMs).toBe(6_000);
    expect(after([...down, probe, failed(1, 1, { retryAfterMs: 3_600_000 })]).probeAtMs).toBe(61_000);
  });

  test('requests that began before it went down change nothing by failing', () => {
    const state = after([...down, probe]);
    for (const late of [lost(0), failed(9, 0)])
      expect(outageTransition(state, late, circumstances)).toBe(state);
  });

  test('a probe that was not sent leaves its turn to the next, at once', () => {
    expect(after([...down, probe, { type: 'dropped', outages: 1 }]).probeAtMs).toBe(1_000);
  });

  test('any success ends it, also that of a request from before', () => {
    expect(after([...down, succeeded]).name).toBe('recovering');
    expect(after([...down, probe, succeeded]).name).toBe('recovering');
  });
});

describe('while it recovers', () => {
  test('the limit doubles with each round of successes, until all slots are open', () => {
    const limits: number[] = [];
    let state = after(recovering);
    while (state.name === 'recovering') {
      limits.push(state.limit);
      state = outageTransition(state, succeeded, circumstances);
    }
    expect(limits).toEqual([1, 2, 2, 4, 4, 4, 4]);
    expect(state).toEqual(upState(8, 1));
  });

  test('with one slot it is up at once', () => {
    expect(after(recovering, { maxRequests: 1 })).toEqual(upState(1, 1));
  });

  test('one request that does not get through takes it down again', () => {
    expect(after([...recovering, lost(1)]).name).toBe('down');
  });

  test('a failed status takes it down no sooner than in `up`', () => {
    expect(after([...recovering, failed(1, 1), failed(1, 1)]).name).toBe('recovering');
    expect(after([...recovering, ...[1, 2, 3, 4, 5].map((n) => failed(n, 1))]).name).toBe('down');
  });

  test('requests that began before it went down change nothing by failing', () => {
    const state = after(recovering);
    for (const late of [lost(0), failed(9, 0)])
      expect(outageTransition(state, late, circumstances)).toBe(state);
  });
});

test('a success while all is well gives the same state', () => {
  const state = upState(8);
  expect(outageTransition(state, succeeded, circumstances)).toBe(state);
});

const ended = {
  // How many outages ago the request began.
  ago: fc.nat({ max: 2 }),
  retryAfterMs: fc.option(fc.nat({ max: 200_000 }), { nil: undefined }),
};
const anyStep = fc.record({
  event: fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('succeeded' as const) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('lost' as const), ...ended }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('failed' as const),
        connection: fc.nat({ max: 7 }),
        othersSucceeded: fc.boolean(),
        ...ended,
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('dropped' as const), ...ended }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('probe-began' as const) }) },
  ),
  afterMs: fc.nat({ max: 20_000 }),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('its invariants hold after every event, in whatever order they come', () => {
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 120 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 20_000 }),
      (steps, maxRequests, retryMinMs, retryMaxMs) => {
        let state = Object.freeze(upState(maxRequests));
        let nowMs = 0;
        let sinceSuccess: OutageEvent[] = [];
        for (const { event: drawn, afterMs, random } of steps) {
          const { ago = 0, ...rest } = drawn as { ago?: number; type: OutageEvent['type'] };
          const event = { ...rest, outages: Math.max(0, state.outages - ago) } as OutageEvent;
          nowMs += afterMs;
          // As the gate does: no second probe, and none before it is due.
          const isDue = state.name === 'down' && state.probeAtMs !== undefined && nowMs >= state.probeAtMs;
          if (event.type === 'probe-began' && !isDue) continue;
          const before = state;
          const frozen = JSON.stringify(before);
          state = outageTransition(before, event, { nowMs, random, retryMinMs, retryMaxMs, maxRequests });
          Object.freeze(state);
          if (event.type === 'succeeded') sinceSuccess = [];
          else sinceSuccess.push(event);

          // 8
          expect(JSON.stringify(before)).toBe(frozen);
          if (JSON.stringify(state) === frozen) expect(state).toBe(before);
          // 1
          if (state.name === 'up') expect(state.limit).toBe(maxRequests);
          if (state.name === 'down') expect(state.limit).toBe(0);
          if (state.name === 'recovering') {
            expect(state.limit).toBeGreaterThanOrEqual(1);
            expect(state.limit).toBeLessThan(maxRequests);
          }
          // 2
          if (state.name !== 'down') expect(state.probeAtMs).toBeUndefined();
          if (event.type === 'probe-began') expect(state.probeAtMs).toBeUndefined();
          // 3 and 6
          const isNew = 'outages' in event && event.outages === before.outages;
          if (before.name !== 'down' && state.name === 'down') {
            expect(isNew).toBe(true);
            expect(state.outages).toBe(before.outages + 1);
            const counted = sinceSuccess.filter((one) => 'outages' in one && one.outages === before.outages);
            const lostCount = counted.filter(({ type }) => type === 'lost').length;
            const connections = new Set(
              counted.flatMap((one) => (one.type === 'failed' && !one.othersSucceeded ? one.connection : [])),
            );
            const isEnough = before.name === 'up' ? lostCount >= 2 : lostCount >= 1;
            expect(isEnough || connections.size >= maxFailing).toBe(true);
          }
          if (before.name === 'up') expect(state.name).not.toBe('recovering');
          if (before.name === 'recovering' && state.name === 'up') {
            expect(event.type).toBe('succeeded');
            expect(before.limit * 2).toBeGreaterThanOrEqual(maxRequests);
          }
          // 4
          if (!isNew && event.type !== 'succeeded' && event.type !== 'probe-began')
            expect(state).toBe(before);
          if (event.type === 'failed' && event.othersSucceeded && before.name !== 'down') {
            expect(state).toBe(before);
          }
          // 5
          if (before.name === 'down') expect(state.name === 'down').toBe(event.type !== 'succeeded');
          // 7
          if (state.probeAtMs !== undefined && state !== before) {
            const waitMs = state.probeAtMs - nowMs;
            const askedMs = Math.min(('retryAfterMs' in event && event.retryAfterMs) || 0, maxRetryAfterMs);
            const ceilingMs = Math.min(
              retryMaxMs,
              maxProbeWaitMs,
              retryMinMs * 2 ** Math.min(state.failedProbes, 30),
            );
            expect(waitMs).toBeLessThanOrEqual(Math.max(ceilingMs, askedMs));
            if (event.type !== 'dropped') expect(waitMs).toBeGreaterThanOrEqual(askedMs);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});
