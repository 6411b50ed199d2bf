import { expect, test } from 'vitest';
import { delivered, hang, lost, retry } from '../../test/fake-backend.ts';
import { settled } from '../../test/fake-clock.ts';
import type { FakeCommands } from '../../test/fake-commands.ts';
import { push, pushSettling, startDelivery } from '../../test/start-delivery.ts';
import type { Answer } from '../backend/backend.ts';

const minute = 60_000;
const never = new Promise<never>(() => {});

test('stop delivers what waits, and closes the backend last', async () => {
  const held: ((answer: Answer) => void)[] = [];
  const { backend, delivery, open, logs } = startDelivery({
    answer: () => new Promise((resolve) => held.push(resolve)),
  });
  const { queue } = open('k');
  push(queue, 'k-1');
  push(queue, 'k-2');
  await settled();
  const stopped = delivery.stop({ drainMs: 5_000 });
  for (let n = 0; n < 2; n += 1) {
    await settled();
    expect(backend.isClosed).toBe(false);
    held.shift()?.(delivered());
  }
  await stopped;
  expect(backend.log).toEqual(['k-1#1', 'k-2#1']);
  expect(backend.isClosed).toBe(true);
  expect(logs.messages('error')).toEqual([]);
  expect(delivery.isStopped).toBe(true);
});

test('stop with nothing to do is done at once', async () => {
  const { backend, delivery, clock } = startDelivery();
  await delivery.stop({ drainMs: 5_000 });
  expect(backend.isClosed).toBe(true);
  expect(clock.nextMs).toBeUndefined();
});

const lossOf = (logs: FakeCommands['logs']): string[] =>
  logs.messages('error').filter((message) => message.includes('before the broker closed'));

test('stop gives up what is not delivered in time, breaks off waits and requests, and counts', async () => {
  const { backend, clock, delivery, open, logs } = startDelivery({
    answer: (attempt, signal) => (attempt.id.startsWith('hang') ? hang(attempt, signal) : retry()),
    settings: { retryMinMs: 60_000, retryMaxMs: 60_000 },
  });
  for (const key of ['hang', 'down']) {
    const { queue } = open(key);
    for (let n = 1; n <= 3; n += 1) push(queue, `${key}-${n}`);
  }
  await settled();
  const stopped = delivery.stop({ drainMs: 2_000 });
  await clock.advance(1_999);
  expect(backend.isClosed).toBe(false);
  await clock.advance(1);
  await stopped;
  expect(backend.log).toEqual(['hang-1#1', 'down-1#1']);
  expect(lossOf(logs)).toEqual(['! 6 events were not delivered before the broker closed']);
  expect(clock.nextMs).toBeUndefined();
});

test('an event that waits for a slot is not sent after the stop', async () => {
  const { backend, clock, delivery, open, logs } = startDelivery({ answer: hang, maxRequests: 1 });
  push(open('a').queue, 'a-1');
  push(open('b').queue, 'b-1');
  await settled();
  const stopped = delivery.stop({ drainMs: 900 });
  await clock.advance(900);
  await stopped;
  expect(backend.log).toEqual(['a-1#1']);
  expect(lossOf(logs)).toEqual(['! 2 events were not delivered before the broker closed']);
});

test('what is behind a handler or a command that never ends is counted too, and holds up nothing for long', async () => {
  const { backend, clock, delivery, open, logs } = startDelivery({
    answer: () => delivered([{ type: 'forever' }]),
    config: { backendCommands: { forever: () => never } },
  });
  const { queue } = open('a');
  push(queue, 'a-1');
  push(queue, 'a-2');
  const undecided = open('b');
  undecided.queue.push(never, 10);
  const stopped = delivery.stop({ drainMs: 1_000 });
  await clock.advance(3_000);
  await stopped;
  expect(backend.isClosed).toBe(true);
  expect(lossOf(logs)).toEqual(['! 3 events were not delivered before the broker closed']);
});

test('stop tells each event that is not delivered that it is abandoned, once, those queued behind included', async () => {
  const { clock, delivery, open } = startDelivery({
    answer: (attempt, signal) => (attempt.id.startsWith('hang') ? hang(attempt, signal) : retry()),
  });
  const fates = ['hang', 'wait'].flatMap((key) => {
    const { queue } = open(key);
    return [1, 2, 3].map((n) => pushSettling(queue, { id: `${key}-${n}` }));
  });
  await settled();
  const stopped = delivery.stop({ drainMs: 500 });
  await clock.advance(500);
  await stopped;
  expect(fates).toEqual(fates.map(() => [{ outcome: 'abandoned' }]));
  expect(delivery.deadLetters).toBe(0);
});

test('a request that stop breaks off is no failure: of an event that is too old by now, either', async () => {
  const { clock, delivery, open, logs } = startDelivery({ answer: hang, settings: { maxEventAgeMs: 400 } });
  const fates = ['a', 'b', 'c'].map((key) => pushSettling(open(key).queue, { id: `${key}-1` }));
  await settled();
  const stopped = delivery.stop({ drainMs: 500 });
  await clock.advance(500);
  await stopped;
  expect(fates).toEqual(fates.map(() => [{ outcome: 'abandoned' }]));
  expect(logs.messages('warn')).toEqual([]);
});

test('stop tells so also of what is behind a command that never ends, and of what comes later', async () => {
  const { clock, delivery, open } = startDelivery({
    answer: () => delivered([{ type: 'forever' }]),
    config: { backendCommands: { forever: () => never } },
  });
  const { queue } = open('k');
  const fates = [1, 2].map((n) => pushSettling(queue, { id: `k-${n}` }));
  const promised: unknown[] = [];
  const onSettled = (fate: unknown): void => void promised.push(fate);
  queue.push(Promise.resolve({ id: 'k-3', type: 'x', json: '{}', onSettled }), 1);
  const stopped = delivery.stop({ drainMs: 500 });
  await clock.advance(2_000);
  await stopped;
  fates.push(pushSettling(queue, { id: 'k-4' }));
  // Long after, the command is given up and the queue goes on.
  await clock.advance(10 * minute);
  expect([...fates, promised]).toEqual([1, 2, 3, 4].map(() => [{ outcome: 'abandoned' }]));
});

test('with a journal stop does not wait for a backend that is down, and says that nothing is lost', async () => {
  const { clock, delivery, open, logs } = startDelivery({ answer: () => lost('unreachable') });
  const fates = ['a', 'b'].map((key) => pushSettling(open(key).queue, { id: `${key}-1` }));
  await settled();
  expect(delivery.isBackendDown).toBe(true);
  await delivery.stop({ drainMs: 5_000, isDurable: true });
  expect(clock.nowMs()).toBe(0);
  expect(fates).toEqual(fates.map(() => [{ outcome: 'abandoned' }]));
  expect(logs.messages('error')).toEqual([]);
  expect(logs.messages('warn').at(-1)).toBe(
    '! 2 events stay in the journal, to be delivered after the next start',
  );
  expect(clock.nextMs).toBeUndefined();
});

test('with a journal stop ends its wait as soon as the backend goes down', async () => {
  let isUp = true;
  const { clock, delivery, open } = startDelivery({
    answer: async () => {
      await clock.wait(1_000, new AbortController().signal);
      return isUp ? delivered() : lost('unreachable');
    },
  });
  for (const key of ['a', 'b']) for (const n of [1, 2, 3]) push(open(`${key}${n}`).queue, `${key}${n}-1`);
  await settled();
  const stopped = delivery.stop({ drainMs: 60_000, isDurable: true });
  isUp = false;
  await clock.advance(1_000);
  await stopped;
  expect(clock.nowMs()).toBe(1_000);
});

test('without a journal stop waits for the backend to come back, and delivers', async () => {
  let isUp = false;
  const { clock, delivery, open } = startDelivery({
    answer: () => (isUp ? delivered() : lost('unreachable')),
  });
  const fates = ['a', 'b'].map((key) => pushSettling(open(key).queue, { id: `${key}-1` }));
  await settled();
  const stopped = delivery.stop({ drainMs: 5_000 });
  isUp = true;
  await clock.advance(1_000);
  await stopped;
  expect(fates).toEqual(fates.map(() => [{ outcome: 'delivered' }]));
});
