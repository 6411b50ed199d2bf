import { JsonText } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue, type QueueKeeper, type QueueOwner } from './event-queue.ts';
import type { Fate, QueuedEvent } from './queued-event.ts';
import { QueuedTotal } from './queued-total.ts';
import { settled } from '../../test/fake-clock.ts';

const delivered: Fate = { outcome: 'delivered' };

const event = (id: string): QueuedEvent => ({ id, type: 'client-x', json: '{}' });

const owner: QueueOwner = {
  subject: { sessionText: new JsonText('{}') },
  lane: { number: 1, pace: 'quick' },
};

interface Bounds {
  readonly maxEvents?: number;
  readonly maxBytes?: number;
}

/** A queue whose deliveries end when they are told to. */
const startQueue = ({ maxEvents = 4, maxBytes = 1_000 }: Bounds = {}) => {
  const begun: string[] = [];
  const facts: string[] = [];
  const ends: (() => void)[] = [];
  const total = new QueuedTotal(1_000_000, () => {});
  const ages: number[] = [];
  const clock = { nowMs: 0 };
  const keeper: QueueKeeper = {
    deliver: (_queue, one, queuedAtMs) => {
      begun.push(one.id);
      ages.push(queuedAtMs);
      return new Promise((resolve) => ends.push(() => resolve(delivered)));
    },
    nowMs: () => clock.nowMs,
    maxEvents,
    maxBytes,
    total,
    busy: () => void facts.push('busy'),
    idle: () => void facts.push('idle'),
  };
  const queue = new EventQueue(keeper, { ...owner, listener: { eventLeft: () => void facts.push('left') } });
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await settled();
  };
  return { queue, total, begun, facts, end, ages, clock };
};

test('delivers in order, one at a time', async () => {
  const { queue, begun, end } = startQueue();
  for (const id of ['a', 'b', 'c']) queue.push(event(id), 10);
  await settled();
  expect(begun).toEqual(['a']);
  await end();
  expect(begun).toEqual(['a', 'b']);
  await end();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('an event counts until it is delivered', async () => {
  const { queue, end } = startQueue();
  queue.push(event('a'), 10);
  await settled();
  expect(queue.length).toBe(1);
  await end();
  expect(queue.length).toBe(0);
});

test('an event whose handler still decides keeps its place', async () => {
  const { queue, begun, end } = startQueue();
  const decision = Promise.withResolvers<QueuedEvent | undefined>();
  queue.push(event('a'), 10);
  queue.push(decision.promise, 10);
  queue.push(event('c'), 10);
  await settled();
  await end();
  expect(begun).toEqual(['a']);
  decision.resolve(event('b'));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  await end();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('an event that its handler kept is passed over', async () => {
  const { queue, begun, facts, end } = startQueue();
  queue.push(Promise.resolve(undefined), 10);
  queue.push(event('b'), 10);
  await settled();
  expect(begun).toEqual(['b']);
  await end();
  expect(facts).toEqual(['busy', 'left', 'left', 'idle']);
});

test('tells when it gets busy, when an event has left, and when it is idle again', async () => {
  const { queue, facts, end } = startQueue();
  queue.push(event('a'), 10);
  queue.push(event('b'), 10);
  await settled();
  expect(facts).toEqual(['busy']);
  await end();
  expect(facts).toEqual(['busy', 'left']);
  await end();
  expect(facts).toEqual(['busy', 'left', 'left', 'idle']);
  queue.push(event('c'), 10);
  await settled();
  await end();
  expect(facts.slice(4)).toEqual(['busy', 'left', 'idle']);
});

test('the age of an event counts from when it came, not from when its turn came', async () => {
  const { queue, ages, clock, end } = startQueue();
  queue.push(event('a'), 10);
  clock.nowMs = 5;
  queue.push(event('b'), 10);
  clock.nowMs = 100;
  await settled();
  await end();
  expect(ages).toEqual([0, 5]);
});

/** An event, and the fates that it is told. */
const watched = (id: string): { readonly event: QueuedEvent; readonly fates: Fate[] } => {
  const fates: Fate[] = [];
  return { event: { ...event(id), onSettled: (fate) => void fates.push(fate) }, fates };
};
const abandoned: Fate = { outcome: 'abandoned' };

test('an event is told its fate when it has left, before the next is begun', async () => {
  const { queue, begun, end } = startQueue();
  const lengths: number[] = [];
  const told = { ...event('a'), onSettled: () => lengths.push(queue.length, begun.length) };
  queue.push(told, 10);
  queue.push(event('b'), 10);
  await settled();
  await end();
  expect(lengths).toEqual([1, 1]);
});

test('abandoned, it tells all that are here, in flight, behind, or still to be decided, and each that comes', async () => {
  const { queue, end } = startQueue();
  const [a, b, c, d] = [watched('a'), watched('b'), watched('c'), watched('d')];
  const decision = Promise.withResolvers<QueuedEvent | undefined>();
  queue.push(a.event, 10);
  queue.push(b.event, 10);
  queue.push(decision.promise, 10);
  queue.push(Promise.resolve(undefined), 10);
  await settled();
  queue.abandon();
  queue.push(d.event, 10);
  expect([a, b, c, d].map(({ fates }) => fates)).toEqual([[abandoned], [abandoned], [], [abandoned]]);
  decision.resolve(c.event);
  await settled();
  // What is delivered all the same is told nobody twice.
  for (const _ of [a, b, c]) await end();
  expect([a, b, c, d].map(({ fates }) => fates)).toEqual([a, b, c, d].map(() => [abandoned]));
  expect(queue.length).toBe(0);
});

test('is full at its bound of events, and low at half of it', async () => {
  const { queue, end } = startQueue({ maxEvents: 4 });
  for (const id of ['a', 'b', 'c']) queue.push(event(id), 0);
  expect([queue.isFull, queue.isLow]).toEqual([false, false]);
  queue.push(event('d'), 0);
  expect([queue.isFull, queue.isLow]).toEqual([true, false]);
  await settled();
  await end();
  expect([queue.isFull, queue.isLow]).toEqual([false, false]);
  await end();
  expect([queue.isFull, queue.isLow]).toEqual([false, true]);
});

test('is full at its bound of bytes, and low at half of it', async () => {
  const { queue, end } = startQueue({ maxBytes: 1_000 });
  queue.push(event('a'), 600);
  queue.push(event('b'), 399);
  expect([queue.isFull, queue.isLow]).toEqual([false, false]);
  queue.push(event('c'), 101);
  expect([queue.isFull, queue.isLow]).toEqual([true, false]);
  await settled();
  await end();
  expect([queue.isFull, queue.isLow]).toEqual([false, true]);
});

test('takes more than its bound and drops none: it is its owner who stops reading', async () => {
  const { queue, begun, end } = startQueue({ maxEvents: 1 });
  const ids = [...Array(20).keys()].map(String);
  for (const id of ids) queue.push(event(id), 10);
  await settled();
  for (const _ of ids) await end();
  expect(begun).toEqual(ids);
});

test('order is kept, nothing is lost and the total comes back to nothing, whatever is decided when', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ isAsync: fc.boolean(), isKept: fc.boolean(), bytes: fc.nat({ max: 500 }) }), {
        maxLength: 15,
      }),
      async (scheduler, items) => {
        const arrived: string[] = [];
        const total = new QueuedTotal(1, () => {});
        const idle = Promise.withResolvers<void>();
        if (items.length === 0) idle.resolve();
        const keeper: QueueKeeper = {
          deliver: async (_queue, { id }) => {
            await scheduler.schedule(Promise.resolve());
            arrived.push(id);
            return delivered;
          },
          nowMs: () => 0,
          maxEvents: 3,
          maxBytes: 1_000,
          total,
          busy: () => {},
          idle: () => idle.resolve(),
        };
        const queue = new EventQueue(keeper, owner);
        for (const [at, { isAsync, isKept, bytes }] of items.entries()) {
          const decided = isAsync && isKept ? undefined : event(String(at));
          if (isAsync) queue.push(scheduler.schedule(Promise.resolve(decided)), bytes);
          else queue.push(event(String(at)), bytes);
        }
        await scheduler.waitFor(idle.promise);
        const expected = [...items.entries()].filter(([, { isAsync, isKept }]) => !(isAsync && isKept));
        expect(arrived).toEqual(expected.map(([at]) => String(at)));
        expect(queue.length).toBe(0);
        expect(queue.isLow).toBe(true);
        expect(total.isFull).toBe(false);
      },
    ),
  );
});
