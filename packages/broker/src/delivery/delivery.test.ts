import { expect, test } from 'vitest';
import { briefly, delivered, inTurn, lost, refused, retry } from '../../test/fake-backend.ts';
import { settled } from '../../test/fake-clock.ts';
import { push, startDelivery } from '../../test/start-delivery.ts';
import type { Answer, Delivery as Attempt } from '../backend/backend.ts';
import type { EventQueue } from './event-queue.ts';

const never = new Promise<never>(() => {});

test('an event is attempted again, with the same id and the next attempt number, until the backend has it', async () => {
  const { backend, clock, open } = startDelivery({ answer: inTurn(retry(), retry(), retry(), delivered()) });
  const { queue } = open('k');
  push(queue, 'k-1');
  await clock.advance(1_000);
  expect(backend.log).toEqual(['k-1#1', 'k-1#2', 'k-1#3', 'k-1#4']);
  expect(queue.length).toBe(0);
  expect(clock.nextMs).toBeUndefined();
});

test('attempts are as far apart as the backoff says', async () => {
  const times: number[] = [];
  const { clock, open } = startDelivery({
    answer: () => {
      times.push(clock.nowMs());
      return retry();
    },
    settings: { retryMinMs: 10, retryMaxMs: 50 },
  });
  push(open('k').queue, 'k-1');
  await clock.advance(250);
  expect(times).toEqual([0, 10, 30, 70, 120, 170, 220]);
});

test('events of one connection keep their order, whatever has to be tried again', async () => {
  const failing = new Set(['k-1', 'k-3']);
  const arrived: string[] = [];
  const { clock, open } = startDelivery({
    answer: ({ id, attempt }) => {
      if (failing.has(id) && attempt < 4) return retry();
      arrived.push(id);
      return delivered();
    },
  });
  const { queue } = open('k');
  for (let n = 1; n <= 5; n += 1) push(queue, `k-${n}`);
  await clock.advance(10_000);
  expect(arrived).toEqual(['k-1', 'k-2', 'k-3', 'k-4', 'k-5']);
});

test('one event of a connection is in flight; those of others do not wait for it', async () => {
  const { backend, open } = startDelivery({
    answer: ({ id }) => (id.startsWith('slow') ? never : delivered()),
  });
  const slow = open('slow');
  const fast = open('fast');
  push(slow.queue, 'slow-1');
  push(slow.queue, 'slow-2');
  push(fast.queue, 'fast-1');
  push(fast.queue, 'fast-2');
  await settled();
  expect(backend.log.toSorted()).toEqual(['fast-1#1', 'fast-2#1', 'slow-1#1']);
});

test('no more than `maxRequests` are in flight; an event that waits to be tried again holds no slot', async () => {
  let inFlight = 0;
  let most = 0;
  const { backend, clock, open } = startDelivery({
    maxRequests: 2,
    answer: async ({ id, attempt }) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await settled();
      inFlight -= 1;
      return id === 'a-1' && attempt === 1 ? retry() : delivered();
    },
  });
  for (const key of ['a', 'b', 'c', 'd', 'e']) push(open(key).queue, `${key}-1`);
  for (let turn = 0; turn < 10; turn += 1) await settled();
  expect(most).toBe(2);
  expect(backend.log).toEqual(['a-1#1', 'b-1#1', 'c-1#1', 'd-1#1', 'e-1#1']);
  await clock.advance(100);
  expect(backend.log.at(-1)).toBe('a-1#2');
});

test('the connection is encoded at the moment of sending, at each attempt anew', async () => {
  const { backend, clock, open } = startDelivery({ answer: inTurn(retry(), delivered()) });
  const { queue, connection } = open('k', { room: 'a' });
  push(queue, 'k-1');
  await settled();
  connection.sessionInfo['room'] = 'b';
  await clock.advance(100);
  const rooms = backend.attempts.map(
    (attempt) => (JSON.parse(attempt.connection.json) as { room: string }).room,
  );
  expect(rooms).toEqual(['a', 'b']);
  expect(backend.attempts.map(({ messageJson }) => messageJson)).toEqual([
    '{"type":"client-x","id":"k-1"}',
    '{"type":"client-x","id":"k-1"}',
  ]);
});

test('a dead letter is logged with its id and never tried again, and the next event goes on', async () => {
  const { backend, clock, open, logs } = startDelivery({
    answer: ({ id }) => (id === 'k-1' ? refused() : delivered()),
  });
  const { queue } = open('k');
  push(queue, 'k-1');
  push(queue, 'k-2');
  await clock.advance(60_000);
  expect(backend.log).toEqual(['k-1#1', 'k-2#1']);
  expect(logs.entries.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      message: '! client-x was not delivered and is given up:',
      fields: { id: 'k-1', reason: 'status 400' },
    },
  ]);
});

test('an event is given up once it is too old, and the next one has its own age', async () => {
  const { backend, clock, open, logs } = startDelivery({
    answer: () => retry(),
    settings: { maxEventAgeMs: 1_000, retryMinMs: 300, retryMaxMs: 300 },
  });
  const { queue } = open('k');
  push(queue, 'k-1');
  await clock.advance(500);
  push(queue, 'k-2');
  await clock.advance(5_000);
  // The second waited behind the first since 500, and that counts.
  expect(backend.log).toEqual(['k-1#1', 'k-1#2', 'k-1#3', 'k-1#4', 'k-2#1', 'k-2#2', 'k-2#3']);
  const given = logs.entries.filter(({ level }) => level === 'error').map(({ fields }) => fields);
  expect(given).toEqual([
    { id: 'k-1', reason: 'status 503, tried 4 times' },
    { id: 'k-2', reason: 'status 503, tried 3 times' },
  ]);
  expect(queue.length).toBe(0);
});

test('a brief outcome is tried again for a minute, and then given up', async () => {
  const { clock, open, logs } = startDelivery({
    answer: () => briefly,
  });
  const { queue } = open('k');
  push(queue, 'k-1');
  await clock.advance(50_000);
  expect(queue.length).toBe(1);
  await clock.advance(10_000);
  expect(queue.length).toBe(0);
  expect(logs.messages('error')).toHaveLength(1);
});

test('Retry-After is honoured', async () => {
  const { backend, clock, open } = startDelivery({ answer: inTurn(retry('status 429', 5_000), delivered()) });
  push(open('k').queue, 'k-1');
  await clock.advance(4_999);
  expect(backend.log).toEqual(['k-1#1']);
  await clock.advance(1);
  expect(backend.log).toEqual(['k-1#1', 'k-1#2']);
});

test('an outage is told once, and once that it is over, however many events find out', async () => {
  let isUp = false;
  const { clock, open, logs } = startDelivery({
    answer: () => (isUp ? delivered() : lost('unreachable')),
  });
  for (const key of ['a', 'b', 'c']) push(open(key).queue, `${key}-1`);
  await clock.advance(1_000);
  isUp = true;
  await clock.advance(10_000);
  const warnings = logs.entries.filter(({ level }) => level === 'warn');
  expect(warnings.map(({ message, fields }) => [message, fields['reason']])).toEqual([
    ['! backend fails; events wait and are sent again:', 'unreachable'],
    ['! backend is back after 1.5 s', undefined],
  ]);
});

test('a sessionInfo that JSON cannot hold costs that event, and says nothing about the backend', async () => {
  const { backend, open, logs } = startDelivery({ answer: inTurn(delivered()) });
  const { queue, connection } = open('k');
  connection.sessionInfo['self'] = connection.sessionInfo;
  push(queue, 'k-1');
  await settled();
  delete connection.sessionInfo['self'];
  push(queue, 'k-2');
  await settled();
  expect(backend.log).toEqual(['k-2#1']);
  expect(logs.entries.filter(({ level }) => level === 'error').map(({ fields }) => fields['id'])).toEqual([
    'k-1',
  ]);
  expect(logs.messages('warn')).toEqual([]);
});

test('is full when all queues together hold too much, and tells when there is room again', async () => {
  const held: ((answer: Answer) => void)[] = [];
  const { delivery, open } = startDelivery({
    answer: () => new Promise((resolve) => held.push(resolve)),
    settings: { maxTotalQueuedBytes: 1_024 },
  });
  let rooms = 0;
  delivery.onRoom = () => {
    rooms += 1;
  };
  const [a, b] = [open('a'), open('b')];
  a.queue.push({ id: 'a-1', type: 'x', json: '{}' }, 600);
  expect(delivery.isFull).toBe(false);
  b.queue.push({ id: 'b-1', type: 'x', json: '{}' }, 600);
  expect(delivery.isFull).toBe(true);
  await settled();
  held.shift()?.(delivered());
  await settled();
  expect(delivery.isFull).toBe(false);
  expect(rooms).toBe(1);
});

test('onLeft runs after each event that left the queue', async () => {
  const { delivery, commands } = startDelivery();
  const { connection } = commands.connect('k');
  const lengths: number[] = [];
  const queue: EventQueue = delivery.open(connection, { eventLeft: () => void lengths.push(queue.length) });
  push(queue, 'k-1');
  push(queue, 'k-2');
  await settled();
  expect(lengths).toEqual([1, 0]);
});

test('nothing is lost, repeated or out of order while the backend fails at random', async () => {
  const arrived = new Map<string, number[]>();
  let seed = 7;
  const chance = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const take = ({ id }: Attempt): void => {
    const [key, n] = id.split('-') as [string, string];
    arrived.set(key, [...(arrived.get(key) ?? []), Number(n)]);
  };
  const { clock, open } = startDelivery({
    maxRequests: 3,
    answer: (attempt) => {
      const isBad = chance() < 0.4;
      if (!isBad) take(attempt);
      return isBad ? retry() : delivered();
    },
  });
  const numbers = [...Array(20).keys()];
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const { queue } = open(key);
    for (const n of numbers) push(queue, `${key}-${n}`);
  }
  await clock.advance(250_000);
  expect([...arrived.values()]).toEqual(Array.from({ length: 8 }, () => numbers));
});
