import { JsonText } from '@wsbroker/protocol';
import { describe, expect, test } from 'vitest';
import {
  allDelivered,
  batchLost,
  batchRefused,
  delivered,
  FakeBatches,
  lost,
  refused,
  retry,
} from '../../test/fake-backend.ts';
import { settled } from '../../test/fake-clock.ts';
import { push, pushSettling, type StartOptions, startDelivery } from '../../test/start-delivery.ts';
import type { BatchAnswer } from '../backend/backend.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** A delivery to a backend that takes batches, with a queue for each key. */
const start = (batches = new FakeBatches(), more: Omit<StartOptions, 'batches'> = {}) => {
  const started = startDelivery({ batches, ...more });
  const queues = new Map<string, ReturnType<typeof started.open>>();
  const connection = (key: string): ReturnType<typeof started.open> => {
    const own = queues.get(key) ?? started.open(key);
    queues.set(key, own);
    return own;
  };
  const send = (key: string, n = 1) => pushSettling(connection(key).queue, { id: `${key}-${n}` });
  return { ...started, batches, connection, send };
};

const deliveredFate = [{ outcome: 'delivered' }];

describe('events of several connections', () => {
  test('go in one request, and each gets its own commands', async () => {
    const batches = new FakeBatches((deliveries) => ({
      outcome: 'delivered',
      answers: deliveries.map(({ id }) => [{ type: 'send', message: { to: id } }]),
    }));
    const { backend, connection, send } = start(batches);
    const fates = ['a', 'b', 'c'].map((key) => send(key));
    await settled();
    expect(batches.log).toEqual([['a-1', 'b-1', 'c-1']]);
    expect(backend.log).toEqual([]);
    expect(fates).toEqual([deliveredFate, deliveredFate, deliveredFate]);
    expect(['a', 'b', 'c'].map((key) => connection(key).socket.messages)).toEqual([
      [{ to: 'a-1' }],
      [{ to: 'b-1' }],
      [{ to: 'c-1' }],
    ]);
  });

  test('bring what a single one does', async () => {
    const { batches, connection, send } = start();
    connection('a').queue.push(
      { id: 'a-1', type: 'client-x', json: '{"type":"client-x","n":1.0}', request: 7 },
      1,
    );
    connection('b').queue.push({ id: 'b-1', type: 'x', json: '{"type":"x"}', reason: 'client-left' }, 1);
    send('c');
    await settled();
    const [first, second] = batches.batches[0] ?? [];
    expect(first).toMatchObject({
      id: 'a-1',
      attempt: 1,
      messageJson: '{"type":"client-x","n":1.0}',
      request: 7,
    });
    expect(JSON.parse(first?.connection.json ?? '')).toMatchObject({ wskey: 'a' });
    expect(second).toMatchObject({ id: 'b-1', reason: 'client-left' });
    expect(first?.traceparent).not.toBe(second?.traceparent);
  });

  test('P140: are one of each connection, so that order holds', async () => {
    const { batches, send } = start();
    for (const n of range(3)) for (const key of ['a', 'b']) send(key, n);
    await settled();
    await settled();
    expect(batches.log).toEqual([
      ['a-0', 'b-0'],
      ['a-1', 'b-1'],
      ['a-2', 'b-2'],
    ]);
  });

  test('the commands of one have run before the next of its connection is encoded', async () => {
    const batches = new FakeBatches((deliveries) => ({
      outcome: 'delivered',
      answers: deliveries.map(({ id }) => [{ type: 'session', data: { last: id }, match: { wskey: 'b' } }]),
    }));
    const { connection, send } = start(batches);
    connection('b');
    for (const key of ['a', 'c']) for (const n of [1, 2]) send(key, n);
    await settled();
    send('b', 3);
    send('d', 3);
    await settled();
    // What one event of a batch has changed is seen by the events of others.
    const sent = batches.batches.flat().find(({ id }) => id === 'b-3');
    expect(JSON.parse(sent?.connection.json ?? '')).toMatchObject({ last: 'c-2' });
  });

  test('a single one goes as ever, and none goes in a batch while the backend takes none', async () => {
    const { backend, batches, send } = start();
    send('a');
    await settled();
    batches.maxEvents = 1;
    send('b');
    send('c');
    await settled();
    expect(backend.log).toEqual(['a-1#1', 'b-1#1', 'c-1#1']);
    expect(batches.log).toEqual([]);
  });

  test('P141: share a request up to the bytes that it may have, of message and connection', async () => {
    const { backend, batches, connection, send } = start();
    const { connection: one } = connection('a');
    const bytes = Buffer.byteLength(`{"type":"client-x"}${one.sessionText.json}`);
    batches.maxBytes = 2 * bytes + 1;
    for (const key of ['a', 'b', 'c']) send(key);
    await settled();
    expect(batches.log).toEqual([['a-1', 'b-1']]);
    expect(backend.log).toEqual(['c-1#1']);
    batches.maxBytes = 2 * bytes - 1;
    for (const key of ['a', 'b']) send(key, 2);
    await settled();
    expect(backend.log.slice(1)).toEqual(['a-2#1', 'b-2#1']);
  });

  test('with a `sessionInfo` that JSON cannot hold cost themselves alone', async () => {
    const { batches, connection, send } = start();
    const { connection: odd } = connection('odd');
    odd.sessionInfo['self'] = odd.sessionInfo;
    const fates = ['a', 'odd', 'b'].map((key) => send(key));
    await settled();
    expect(batches.log).toEqual([['a-1', 'b-1']]);
    expect(fates).toMatchObject([deliveredFate, [{ outcome: 'dead-letter' }], deliveredFate]);
  });

  test('of no connection are never in a batch: their answer may be no list', async () => {
    const { backend, batches, delivery, send } = start(new FakeBatches(), {
      answer: () => delivered({ any: 1 }),
    });
    const answers: unknown[] = [];
    const direct = delivery.open({ sessionText: new JsonText('{"type":"direct"}') });
    send('a');
    direct.push(
      { id: 'direct-1', type: 'x', json: '{"type":"x"}', whenDone: (answer) => answers.push(answer) },
      1,
    );
    send('b');
    send('c');
    await settled();
    expect(backend.log).toEqual(['a-1#1', 'direct-1#1']);
    expect(batches.log).toEqual([['b-1', 'c-1']]);
    expect(answers).toEqual([{ any: 1 }]);
  });

  test('whose answers authorize connections are told apart', async () => {
    const batches = new FakeBatches((deliveries) => ({
      outcome: 'delivered',
      answers: deliveries.map(({ id }) => (id === 'no-1' ? [{ type: 'close' }] : [])),
    }));
    const { connection } = start(batches);
    const answers = new Map<string, unknown>();
    for (const key of ['yes', 'no']) {
      connection(key).queue.push(
        {
          id: `${key}-1`,
          type: 'session-connect',
          json: '{"type":"session-connect"}',
          isAuthorization: true,
          onAnswer: (commands) => answers.set(key, commands),
        },
        1,
      );
    }
    await settled();
    expect(Object.fromEntries(answers)).toEqual({ yes: [], no: [{ type: 'close' }] });
  });

  test('that are requests get their own replies', async () => {
    const batches = new FakeBatches((deliveries) => ({
      outcome: 'delivered',
      answers: deliveries.map(({ id }) => [{ type: 'reply', message: { of: id } }]),
    }));
    const { connection } = start(batches);
    const replies: unknown[] = [];
    for (const key of ['a', 'b']) {
      const onReply = (message: unknown): void => void replies.push([key, message]);
      connection(key).queue.push({ id: `${key}-1`, type: 'x', json: '{"type":"x"}', request: 1, onReply }, 1);
    }
    await settled();
    expect(replies).toEqual([
      ['a', { of: 'a-1' }],
      ['b', { of: 'b-1' }],
    ]);
  });
});

describe('an event of a batch that is not done', () => {
  test('null: is sent again at once, alone, and the others are not', async () => {
    const batches = new FakeBatches((deliveries) => ({
      outcome: 'delivered',
      answers: deliveries.map(({ id }) => (id === 'b-1' ? null : [])),
    }));
    const { backend, clock, send, delivery } = start(batches);
    const fates = ['a', 'b', 'c'].map((key) => send(key));
    await settled();
    expect(batches.log).toEqual([['a-1', 'b-1', 'c-1']]);
    expect(backend.log).toEqual(['b-1#2']);
    expect(fates).toEqual([deliveredFate, deliveredFate, deliveredFate]);
    expect(clock.nextMs).toBeUndefined();
    expect(delivery.isBackendDown).toBe(false);
  });

  test('null says nothing about the backend, also where all are: alone each gets a status, such as a refusal', async () => {
    const { backend, delivery, logs, send } = start(
      new FakeBatches((deliveries) => ({ outcome: 'delivered', answers: deliveries.map(() => null) })),
      { answer: () => refused(422) },
    );
    const changes: boolean[] = [];
    delivery.onBackendChange = (isDown) => changes.push(isDown);
    const fates = range(20).map((n) => send(`k${n}`));
    await settled();
    expect(backend.log).toHaveLength(20);
    expect(fates).toMatchObject(fates.map(() => [{ outcome: 'dead-letter', status: 422 }]));
    expect(changes).toEqual([]);
    expect(logs.messages('warn')).toEqual([]);
  });

  test('null of all while the backend fails: a few attempts alone find the outage', async () => {
    const { backend, delivery, send } = start(
      new FakeBatches((deliveries) => ({ outcome: 'delivered', answers: deliveries.map(() => null) })),
      { answer: () => retry('status 500') },
    );
    for (const n of range(100)) send(`k${n}`);
    await settled();
    expect(delivery.isBackendDown).toBe(true);
    // One for each slot, and those that took the places of the first.
    expect(backend.log.length).toBeLessThanOrEqual(40);
  });

  test.each<[string, BatchAnswer]>([
    ['refused', batchRefused],
    ['failed', { outcome: 'retry', failure: 'status', reason: 'status 500', status: 500 }],
    ['cut', batchLost('cut')],
    ['not answered', batchLost('no-answer')],
  ])(
    '%s as a whole: each is sent again alone, none in a batch, and nothing is lost',
    async (_what, answer) => {
      const batches = new FakeBatches(() => answer);
      const { backend, clock, send, delivery } = start(batches);
      const fates = range(20).map((n) => send(`k${n}`));
      await clock.advance(60_000);
      expect(batches.log).toHaveLength(1);
      expect(backend.log.toSorted()).toEqual(
        range(20)
          .map((n) => `k${n}-1#2`)
          .toSorted(),
      );
      for (const own of fates) expect(own).toEqual(deliveredFate);
      expect(delivery.deadLetters).toBe(0);
    },
  );

  test('that never got there may go in a batch again: it is not what the batch failed by', async () => {
    let isUp = false;
    const batches = new FakeBatches((deliveries) =>
      isUp ? allDelivered(deliveries) : batchLost('unreachable'),
    );
    const { backend, clock, send } = start(batches);
    const fates = ['a', 'b', 'c'].map((key) => send(key));
    await settled();
    isUp = true;
    await clock.advance(1_000);
    expect(batches.log).toEqual([
      ['a-1', 'b-1', 'c-1'],
      ['a-1', 'b-1', 'c-1'],
    ]);
    expect(batches.batches[1]?.map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
    expect(backend.log).toEqual([]);
    expect(fates).toEqual(fates.map(() => deliveredFate));
  });

  test('refused as a whole: again at once, with a line in the log for the batch and none for each', async () => {
    const { backend, clock, logs, send } = start(new FakeBatches(() => batchRefused));
    for (const n of range(20)) send(`k${n}`);
    await settled();
    expect(backend.log).toHaveLength(20);
    expect(clock.nextMs).toBeUndefined();
    const warnings = logs.entries.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message, fields }) => [message, fields['reason'], fields['events']])).toEqual([
      ['! backend did not take several events as one; each is sent again alone:', 'status 413', 20],
    ]);
  });

  test('failed as a whole: waits as after a failed attempt, and no longer than the backend asks for', async () => {
    const batches = new FakeBatches(() => ({ ...batchLost('status'), retryAfterMs: 5_000 }) as BatchAnswer);
    const { backend, clock, send } = start(batches);
    for (const key of ['a', 'b']) send(key);
    await clock.advance(4_999);
    expect(backend.log).toEqual([]);
    await clock.advance(1);
    expect(backend.log).toEqual(['a-1#2', 'b-1#2']);
  });

  test('is no dead letter by what the batch was answered, even where one failure of its own would be enough', async () => {
    let answer: BatchAnswer = batchRefused;
    const { backend, clock, send, delivery } = start(new FakeBatches(() => answer), {
      settings: { maxPoisonAttempts: 1 },
    });
    const fates = [];
    for (const next of [batchRefused, batchLost('cut'), batchLost('no-answer'), batchLost('status')]) {
      answer = next;
      fates.push(send('a'), send('b'));
      await clock.advance(20_000);
      // So that there are successes between the failures.
      send('c');
      await clock.advance(20_000);
    }
    expect(fates).toEqual(fates.map(() => deliveredFate));
    expect(delivery.deadLetters).toBe(0);
    expect(backend.log.filter((id) => id.endsWith('#2')).length).toBe(8);
  });

  test('which makes every batch fail that it is in: is found, and costs the others one attempt', async () => {
    const hasPoison = (deliveries: readonly { id: string }[]) => deliveries.some(({ id }) => id === 'p-1');
    const batches = new FakeBatches((deliveries) =>
      hasPoison(deliveries) ? batchLost('status') : allDelivered(deliveries),
    );
    const { backend, clock, send, delivery } = start(batches, {
      answer: ({ id }) => (id === 'p-1' ? retry('status 500') : delivered()),
    });
    const poison = send('p');
    const next = send('p', 2);
    const others = range(10).map((n) => send(`k${n}`));
    for (const n of range(600)) {
      send(`c${n % 20}`, n);
      send(`d${n % 20}`, n);
      await clock.advance(100);
    }
    expect(poison).toMatchObject([{ outcome: 'dead-letter', reason: 'status 500, tried 9 times' }]);
    expect(next).toEqual(deliveredFate);
    for (const own of others) expect(own).toEqual(deliveredFate);
    expect(batches.batches.filter(hasPoison)).toHaveLength(1);
    expect(backend.log.filter((id) => id.startsWith('k'))).toEqual(range(10).map((n) => `k${n}-1#2`));
    expect(delivery.isBackendDown).toBe(false);
  });

  test('alone it gets its own outcome, such as a refusal', async () => {
    const batches = new FakeBatches((deliveries) => ({
      outcome: 'delivered',
      answers: deliveries.map(({ id }) => (id === 'b-1' ? null : [])),
    }));
    const { send } = start(batches, { answer: () => refused(422) });
    const fates = ['a', 'b'].map((key) => send(key));
    await settled();
    expect(fates).toMatchObject([deliveredFate, [{ outcome: 'dead-letter', code: 'refused', status: 422 }]]);
  });
});

describe('an outage', () => {
  test('a batch that does not get through counts once', async () => {
    let isUp = false;
    const { backend, clock, send, delivery, batches } = start(
      new FakeBatches((deliveries) => (isUp ? allDelivered(deliveries) : batchLost('cut'))),
      { answer: () => (isUp ? delivered() : lost('unreachable')) },
    );
    for (const n of range(50)) send(`k${n}`);
    await settled();
    expect(batches.log).toHaveLength(1);
    expect(delivery.isBackendDown).toBe(false);
    await clock.advance(1_000);
    expect(delivery.isBackendDown).toBe(true);
    const found = backend.log.length;
    await clock.advance(20_000);
    // One probe at a time, and alone.
    expect(backend.log.length - found).toBeLessThanOrEqual(12);
    expect(batches.log).toHaveLength(1);
    isUp = true;
  });

  test('what waited for its end comes in batches, through one slot at first', async () => {
    let isUp = false;
    const batches = new FakeBatches(async (deliveries) => {
      await settled();
      return isUp ? allDelivered(deliveries) : batchLost('cut');
    });
    const { backend, clock, send, delivery } = start(batches, {
      answer: () => (isUp ? delivered() : lost('unreachable')),
    });
    batches.maxEvents = 1;
    for (const key of ['x', 'y']) send(key);
    await clock.advance(200);
    expect(delivery.isBackendDown).toBe(true);
    batches.maxEvents = 100;
    const fates = range(2_000).map((n) => send(`k${n % 500}`, n));
    await clock.advance(3_000);
    expect(batches.log).toEqual([]);
    isUp = true;
    const before = backend.log.length;
    await clock.advance(3_000);
    for (let turn = 0; turn < 50; turn += 1) await settled();
    for (const own of fates) expect(own).toEqual(deliveredFate);
    const posts = batches.log.length + backend.log.length - before;
    expect(posts).toBeLessThanOrEqual(30);
    expect(batches.log[0]).toHaveLength(100);
    const arrived = Map.groupBy(batches.log.flat(), (id) => id.split('-')[0]);
    for (const own of arrived.values()) {
      const numbers = own.map((id) => Number(id.split('-')[1]));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });
});

describe('a stop', () => {
  test('waits for a batch that is under way, and its commands run', async () => {
    const { promise, resolve } = Promise.withResolvers<BatchAnswer>();
    const { delivery, connection, send, logs } = start(new FakeBatches(() => promise));
    const fates = ['a', 'b'].map((key) => send(key));
    await settled();
    const stopped = delivery.stop({ drainMs: 5_000 });
    await settled();
    resolve({ outcome: 'delivered', answers: [[{ type: 'send', message: 1 }], []] });
    await stopped;
    expect(fates).toEqual([deliveredFate, deliveredFate]);
    expect(connection('a').socket.messages).toEqual([1]);
    expect(logs.messages('error')).toEqual([]);
  });

  test('breaks off batches that take too long: their events are abandoned, and are no outage', async () => {
    const batches = new FakeBatches(
      (_deliveries, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve(batchLost('cut')), { once: true }),
        ),
    );
    const { delivery, clock, send, logs, backend } = start(batches);
    const changes: boolean[] = [];
    delivery.onBackendChange = (isDown) => changes.push(isDown);
    const fates = [];
    for (const [one, other] of ['ab', 'cd', 'ef'] as const) {
      fates.push(send(one as string), send(other as string));
      await settled();
    }
    expect(batches.log).toHaveLength(3);
    const stopped = delivery.stop({ drainMs: 1_000 });
    await clock.advance(1_000);
    await stopped;
    expect(fates).toEqual(fates.map(() => [{ outcome: 'abandoned' }]));
    expect(logs.messages('error')).toEqual(['! 6 events were not delivered before the broker closed']);
    expect(changes).toEqual([]);
    expect(backend.log).toEqual([]);
    expect(clock.nextMs).toBeUndefined();
  });

  test('in the turn of the event loop in which events come: they are abandoned, none is sent', async () => {
    const { delivery, send, backend, batches } = start();
    const fates = ['a', 'b'].map((key) => send(key));
    const stopped = delivery.stop({ drainMs: 0 });
    await settled();
    await stopped;
    expect(fates.flat().length).toBe(2);
    const sent = batches.log.flat().length + backend.log.length;
    expect(fates.flat().filter(({ outcome }) => outcome === 'delivered')).toHaveLength(sent);
  });
});

test('no event is settled before the commands of its answer have run', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const batches = new FakeBatches((deliveries) => ({
    outcome: 'delivered',
    answers: deliveries.map(({ id }) => (id === 'a-1' ? [{ type: 'wait' }] : [])),
  }));
  const { send } = start(batches, { config: { backendCommands: { wait: () => promise } } });
  const [a, b] = [send('a'), send('b')];
  await settled();
  expect([a, b]).toEqual([[], deliveredFate]);
  resolve();
  await settled();
  expect(a).toEqual(deliveredFate);
});

test('while a handler or a command of one takes its time, the others of its batch go on', async () => {
  const never = new Promise<never>(() => {});
  const batches = new FakeBatches((deliveries) => ({
    outcome: 'delivered',
    answers: deliveries.map(({ id }) => (id === 'a-1' ? [{ type: 'forever' }] : [])),
  }));
  const { connection, send } = start(batches, { config: { backendCommands: { forever: () => never } } });
  for (const n of [1, 2, 3]) for (const key of ['a', 'b', 'c']) push(connection(key).queue, `${key}-${n}`);
  await settled();
  await settled();
  expect(batches.log).toEqual([
    ['a-1', 'b-1', 'c-1'],
    ['b-2', 'c-2'],
    ['b-3', 'c-3'],
  ]);
  expect(send('b', 4)).toEqual([]);
});
