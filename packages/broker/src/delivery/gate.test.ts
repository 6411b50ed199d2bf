import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock, settled } from '../../test/fake-clock.ts';
import { names, startDownGate, startGate, status, unreachable } from '../../test/start-gate.ts';
import { Gate, type Pass, type RequestEnd } from './gate.ts';
import type { Turn } from './turn.ts';

describe('while all is well', () => {
  test('so many run at once, and the others in the order in which they came', async () => {
    const { begun, enter, end } = startGate();
    for (const name of names(5)) enter(name);
    await settled();
    expect(begun).toEqual(['0', '1']);
    await end('1');
    expect(begun).toEqual(['0', '1', '2']);
    await end('0');
    await end('2');
    expect(begun).toEqual(names(5));
  });

  test('one that comes when another ends does not go before those that wait', async () => {
    const { begun, enter, end } = startGate({ maxRequests: 1 });
    enter('first');
    enter('waited');
    await settled();
    const ended = end('first');
    enter('came later');
    await ended;
    expect(begun).toEqual(['first', 'waited']);
  });

  test('no timer runs', async () => {
    const { clock, enter, end } = startGate();
    for (const name of names(2)) enter(name);
    await settled();
    expect(clock.nextMs).toBeUndefined();
    await end('0');
    expect(clock.nextMs).toBeUndefined();
  });
});

describe('while the backend is down', () => {
  test('one request at a time goes out, when the backoff is over', async () => {
    const { begun, clock, enter, end } = await startDownGate();
    for (const name of names(5)) enter(name);
    await clock.advance(99);
    expect(begun).toEqual([]);
    await clock.advance(1);
    expect(begun).toEqual(['0']);
    await clock.advance(60_000);
    expect(begun).toEqual(['0']);
    await end('0', unreachable);
    await clock.advance(199);
    expect(begun).toEqual(['0']);
    await clock.advance(1);
    expect(begun).toEqual(['0', '1']);
  });

  test('each probe is of another connection: first of those that were never attempted, then in rotation', async () => {
    const { begun, clock, enter, end } = await startDownGate();
    for (const name of ['a', 'b']) enter(name, { isTried: true });
    for (const name of ['c', 'd']) enter(name);
    for (let n = 0; n < 8; n += 1) {
      await clock.advance(10_000);
      const probing = begun.at(-1) as string;
      await end(probing, n % 2 === 0 ? status : unreachable);
      enter(probing, { isTried: true });
    }
    expect(begun).toEqual(['c', 'd', 'a', 'b', 'c', 'd', 'a', 'b']);
  });

  test('a probe that is due goes out as soon as anything waits', async () => {
    const { begun, clock, enter } = await startDownGate();
    await clock.advance(5_000);
    enter('first');
    enter('second');
    await settled();
    expect(begun).toEqual(['first']);
  });

  test('a slow connection takes part in the rotation', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 1 });
    for (const name of ['slow', 'slow too', 'quick']) enter(name);
    await clock.advance(1_000);
    await end('slow', { failure: 'no-answer' });
    await end('slow too', { failure: 'no-answer' });
    for (const name of ['slow', 'slow too']) enter(name, { isTried: true });
    await settled();
    await end('quick', unreachable);
    enter('quick', { isTried: true });
    await clock.advance(1_000);
    await end('quick', unreachable);
    begun.length = 0;
    await clock.advance(10_000);
    expect(begun).toEqual(['slow too']);
  });

  test('who comes back after a probe waits no less than the others', async () => {
    const { begun, clock, enter, end } = await startDownGate();
    enter('only');
    await clock.advance(100);
    await end('only', status);
    enter('only', { isTried: true });
    await clock.advance(199);
    expect(begun).toEqual(['only']);
    await clock.advance(1);
    expect(begun).toEqual(['only', 'only']);
  });

  test('an event that grows too old leaves without an attempt, and so does one that was so when it came', async () => {
    const { begun, clock, denied, enter } = await startDownGate();
    enter('probe');
    await clock.advance(100);
    enter('old', { untilMs: 5_000 });
    enter('older', { untilMs: 3_000 });
    enter('young', { untilMs: 50_000 });
    await clock.advance(2_900);
    expect(denied).toEqual([]);
    await clock.advance(4_000);
    expect(denied).toEqual([
      ['older', 'too-old'],
      ['old', 'too-old'],
    ]);
    enter('too late', { untilMs: 6_000 });
    await settled();
    expect(denied.at(-1)).toEqual(['too late', 'too-old']);
    expect(begun).toEqual(['probe']);
  });
});

describe('when the backend is back', () => {
  test('the limit opens step by step, and those that were attempted go first', async () => {
    const { begun, clock, changes, enter, end, running } = await startDownGate({ maxRequests: 16 });
    for (const name of ['a', 'b']) enter(name, { isTried: true });
    for (const name of names(100)) enter(name);
    await clock.advance(100);
    const steps: number[] = [];
    while (running.size > 0 && steps.length < 7) {
      steps.push(running.size);
      for (const name of [...running.keys()]) await end(name);
    }
    expect(begun.slice(0, 3)).toEqual(['0', 'a', 'b']);
    expect(steps.slice(0, 2)).toEqual([1, 1]);
    expect(Math.max(...steps)).toBe(16);
    for (const [at, step] of steps.entries()) expect(step).toBeLessThanOrEqual(2 ** at);
    expect(changes).toEqual([true, false]);
  });

  test('it goes down again by one request that does not get through, and then sends only the probe', async () => {
    const { begun, clock, changes, enter, end } = await startDownGate({ maxRequests: 16 });
    for (const name of names(20)) enter(name);
    await clock.advance(100);
    for (const name of names(2)) await end(name);
    expect(begun).toEqual(names(4));
    await end('2', unreachable);
    await end('3', unreachable);
    expect(begun).toEqual(names(4));
    await clock.advance(60_000);
    expect(begun).toEqual(names(5));
    expect(changes).toEqual([true, false, true]);
  });

  test('also by the answer of a request from before, while the probe still waits for its own', async () => {
    const { begun, clock, changes, enter, end } = startGate({ maxRequests: 4 });
    for (const name of ['old', 'a', 'b', 'probe', 'next']) enter(name);
    await settled();
    for (const name of ['a', 'b']) await end(name, unreachable);
    await end('probe', unreachable);
    expect(changes).toEqual([true]);
    await clock.advance(100);
    expect(begun.at(-1)).toBe('next');
    await end('old');
    expect(changes).toEqual([true, false]);
  });

  test('requests from before the outage take no slot of the recovery', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 4 });
    for (const name of ['old', 'older', 'a', 'b']) enter(name);
    await settled();
    for (const name of ['a', 'b']) await end(name, unreachable);
    for (const name of ['probe', 'next', 'more']) enter(name);
    await clock.advance(100);
    await end('probe');
    expect(begun.slice(4)).toEqual(['probe', 'next']);
    await end('next');
    expect(begun.slice(4)).toEqual(['probe', 'next', 'more']);
  });

  test('a request that hangs does not hold up the recovery for longer than `slowRequestMs`', async () => {
    const { begun, clock, enter, end } = await startDownGate({ maxRequests: 4 });
    for (const name of ['probe', 'hangs', 'next']) enter(name);
    await clock.advance(100);
    await end('probe');
    expect(begun).toEqual(['probe', 'hangs']);
    await clock.advance(999);
    expect(begun).toEqual(['probe', 'hangs']);
    await clock.advance(1);
    expect(begun).toEqual(['probe', 'hangs', 'next']);
  });

  test('not even when only slow connections wait', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 4 });
    const slow = names(2, 'slow');
    for (const name of [...slow, 'a', 'b']) enter(name);
    await clock.advance(1_000);
    for (const name of slow) await end(name);
    for (const name of ['a', 'b']) await end(name, unreachable);
    begun.length = 0;
    for (const name of ['probe', ...slow]) enter(name);
    await clock.advance(100);
    await end('probe');
    expect(begun).toEqual(['probe', 'slow0']);
    await clock.advance(1_000);
    expect(begun).toEqual(['probe', 'slow0', 'slow1']);
  });

  test('nothing begins aside until all slots are open', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 4 });
    const slow = names(4, 'slow');
    for (const name of [...slow, 'a', 'b']) enter(name);
    await clock.advance(1_000);
    for (const name of slow) await end(name);
    for (const name of ['a', 'b']) await end(name, unreachable);
    begun.length = 0;
    for (const name of slow) enter(name);
    await clock.advance(100);
    await end('slow0');
    expect(begun).toEqual(['slow0', 'slow1']);
    await end('slow1');
    expect(begun).toEqual(slow);
  });

  test('slow connections come after the others until all slots are open, and are not forgotten', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 4 });
    for (const name of ['slow', 'a', 'b']) enter(name);
    await clock.advance(1_000);
    await end('slow');
    enter('slow');
    for (const name of ['a', 'b']) await end(name, unreachable);
    await end('slow', unreachable);
    enter('slow', { isTried: true });
    for (const name of ['c', 'd']) enter(name);
    begun.length = 0;
    await clock.advance(10_000);
    for (const name of ['c', 'd', 'slow']) await end(name);
    expect(begun).toEqual(['c', 'd', 'slow']);
  });
});

test('after a stop nobody gets in, those that wait are told, and no timer is left', async () => {
  const { gate, clock, begun, denied, enter } = startGate({ maxRequests: 1 });
  for (const name of names(3)) enter(name);
  await settled();
  gate.stop();
  enter('late');
  await settled();
  expect(begun).toEqual(['0']);
  expect(Object.fromEntries(denied)).toEqual({ 1: 'stopped', 2: 'stopped', late: 'stopped' });
  expect(clock.nextMs).toBeUndefined();
});

interface Visit extends Turn {
  readonly leave: (how: RequestEnd) => void;
}

const anyEnd = fc.oneof(
  { weight: 5, arbitrary: fc.constant<RequestEnd>('succeeded') },
  { weight: 1, arbitrary: fc.constant<RequestEnd>('dropped') },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('unreachable', 'cut', 'no-answer', 'status')
      .map((failure): RequestEnd => ({ failure: failure as 'cut' })),
  },
);

test('whatever happens: bounds hold, one request at a time while it is down, and everybody gets in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ how: anyEnd, tookMs: fc.constantFrom(0, 5, 200, 1_500, 30_000) }), {
        minLength: 1,
        maxLength: 80,
      }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(1, 1, 2, 7, 100),
      async (ends, maxRequests, maxEvents) => {
        const clock = new FakeClock();
        const gate = new Gate<Visit>({
          maxRequests,
          slowRequestMs: 1_000,
          retryMinMs: 100,
          retryMaxMs: 10_000,
          clock,
          random: () => 1,
          batch: () => ({ maxEvents, maxBytes: 10 }),
          begin: (pass) => void run(pass),
          onChange: (isDown) => {
            if (isDown) outages += 1;
          },
        });
        let outages = 0;
        const inFlight = new Set<Pass<Visit>>();
        const queue = [...ends];
        const { signal } = new AbortController();
        let done = 0;
        const run = async (pass: Pass<Visit>): Promise<void> => {
          inFlight.add(pass);
          expect(inFlight.size).toBeLessThanOrEqual(2 * maxRequests);
          expect(pass.turns.length).toBeLessThanOrEqual(maxEvents);
          expect(new Set(pass.turns.map(({ lane }) => lane)).size).toBe(pass.turns.length);
          if (pass.turns.length > 1) {
            expect(gate.isDown).toBe(false);
            expect(pass.turns.filter(({ isAlone, lane }) => isAlone || lane.pace !== 'quick')).toEqual([]);
          }
          const probes = [...inFlight].filter((other) => other.outages === outages);
          if (gate.isDown) expect(probes.length).toBeLessThanOrEqual(1);
          const { how, tookMs } = queue.pop() ?? { how: 'succeeded' as const, tookMs: 1 };
          await clock.wait(tookMs, signal);
          inFlight.delete(pass);
          gate.leave(pass, how);
          for (const turn of pass.turns) turn.leave(how);
        };
        const visitor = async (): Promise<void> => {
          const lane = gate.lane();
          for (let isTried = false; ; isTried = true) {
            const how = await new Promise<RequestEnd>((leave, deny) => {
              gate.enter({
                lane,
                isTried,
                isAlone: isTried,
                untilMs: Infinity,
                encode: () => 1,
                deny,
                leave,
              });
            });
            if (how !== 'succeeded') continue;
            done += 1;
            return;
          }
        };
        const visits = Array.from({ length: 20 }, visitor);
        for (let n = 0; n < 100 && done < visits.length; n += 1) await clock.advance(60_000);
        expect(done).toBe(visits.length);
        await Promise.all(visits);
        gate.stop();
        expect(clock.nextMs).toBeUndefined();
      },
    ),
    { numRuns: 60 },
  );
});
