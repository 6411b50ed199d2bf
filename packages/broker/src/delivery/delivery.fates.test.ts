import { describe, expect, test } from 'vitest';
import { briefly, delivered, inTurn, lost, refused, retry } from '../../test/fake-backend.ts';
import { settled } from '../../test/fake-clock.ts';
import { push, pushSettling, startDelivery } from '../../test/start-delivery.ts';
import type { Answer } from '../backend/backend.ts';

const minute = 60_000;

describe('the fate of an event', () => {
  test.each<[string, Answer[], Answer, object]>([
    ['2xx', [], delivered(), { outcome: 'delivered' }],
    ['2xx after failures', [retry(), lost('cut'), lost('no-answer')], delivered(), { outcome: 'delivered' }],
    [
      'a status that says never',
      [],
      refused(422),
      { outcome: 'dead-letter', code: 'refused', reason: 'status 422', status: 422 },
    ],
    [
      'a status that says never, after failures',
      [retry()],
      refused(410),
      { outcome: 'dead-letter', code: 'refused', reason: 'status 410', status: 410 },
    ],
  ])('%s', async (_what, first, last, fate) => {
    const [head, ...tail] = [...first, last];
    const { backend, clock, open } = startDelivery({ answer: inTurn(head, ...tail) });
    const fates = pushSettling(open('k').queue, { id: 'k-1' });
    await clock.advance(minute);
    expect(fates).toEqual([fate]);
    expect(backend.attempts).toHaveLength(first.length + 1);
  });

  test('404 for more than a minute: not delivered, with the status', async () => {
    const { clock, delivery, open } = startDelivery({ answer: () => briefly });
    const fates = pushSettling(open('k').queue, { id: 'k-1' });
    await clock.advance(2 * minute);
    expect(fates).toEqual([
      {
        outcome: 'dead-letter',
        code: 'not-delivered',
        reason: expect.stringMatching(/^status 404, tried \d+ times$/) as string,
        status: 404,
      },
    ]);
    expect(delivery.deadLetters).toBe(1);
  });

  test('404 for less than a minute: delivered', async () => {
    const { clock, open } = startDelivery({
      answer: () => (clock.nowMs() < 50_000 ? briefly : delivered()),
    });
    const fates = pushSettling(open('k').queue, { id: 'k-1' });
    await clock.advance(2 * minute);
    expect(fates).toEqual([{ outcome: 'delivered' }]);
  });

  test('no answer, again and again, until it is too old: not delivered', async () => {
    const { clock, open } = startDelivery({ answer: () => lost('no-answer') });
    const fates = pushSettling(open('k').queue, { id: 'k-1' });
    await clock.advance(4.5 * minute);
    expect(fates).toEqual([]);
    await clock.advance(minute);
    expect(fates).toEqual([
      {
        outcome: 'dead-letter',
        code: 'not-delivered',
        reason: expect.stringMatching(/^no-answer, tried \d+ times$/) as string,
      },
    ]);
  });

  test('an event that was old when it came is given up sooner', async () => {
    const { clock, open } = startDelivery({ answer: () => retry() });
    const fates = pushSettling(open('k').queue, { id: 'k-1', ageMs: 4 * minute });
    await clock.advance(0.5 * minute);
    expect(fates).toEqual([]);
    await clock.advance(minute);
    expect(fates).toHaveLength(1);
  });

  test('a sessionInfo that JSON cannot hold: not delivered', async () => {
    const { open } = startDelivery();
    const { queue, connection } = open('k');
    connection.sessionInfo['self'] = connection.sessionInfo;
    const fates = pushSettling(queue, { id: 'k-1' });
    await settled();
    expect(fates).toMatchObject([{ outcome: 'dead-letter', code: 'not-delivered' }]);
  });

  test('too old while the backend is down: not delivered, without another attempt, all that wait behind as well', async () => {
    const { backend, clock, delivery, open, logs } = startDelivery({ answer: () => lost('unreachable') });
    const queues = ['a', 'b', 'c'].map((key) => open(key).queue);
    const fates = queues.map((queue, at) => [1, 2, 3].map((n) => pushSettling(queue, { id: `${at}-${n}` })));
    await clock.advance(4.9 * minute);
    expect(fates.flat(2)).toEqual([]);
    await clock.advance(0.2 * minute);
    expect(fates.flat(2)).toHaveLength(9);
    for (const fate of fates.flat(2)) expect(fate).toMatchObject({ code: 'not-delivered' });
    // What was never attempted went without.
    expect(new Set(backend.attempts.map(({ id }) => id)).size).toBeLessThan(9);
    expect(delivery.deadLetters).toBe(9);
    expect(logs.messages('error')).toHaveLength(9);
  });

  test('is told after the commands of the answer have run, and before the next event is sent', async () => {
    const happened: string[] = [];
    const { open } = startDelivery({
      answer: ({ id }) => {
        happened.push(`sent ${id}`);
        return delivered([{ type: 'slow' }]);
      },
      config: {
        backendCommands: {
          async slow() {
            await settled();
            happened.push('ran');
          },
        },
      },
    });
    const { queue } = open('k');
    for (const id of ['k-1', 'k-2']) {
      queue.push({ id, type: 'x', json: '{}', onSettled: () => happened.push(`settled ${id}`) }, 1);
    }
    for (let n = 0; n < 5; n += 1) await settled();
    expect(happened).toEqual(['sent k-1', 'ran', 'settled k-1', 'sent k-2', 'ran', 'settled k-2']);
  });
});

test('an outage has one line, however many events fail for the first time while it lasts', async () => {
  const { clock, open, logs } = startDelivery({ answer: () => lost('unreachable') });
  for (const n of [1, 2, 3, 4, 5]) {
    push(open(`k${n}`).queue, `k${n}-1`);
    await clock.advance(5_000);
  }
  expect(logs.messages('warn')).toEqual([
    '! client-x failed and is sent again:',
    '! backend fails; events wait and are sent again:',
  ]);
});

test('while events fail one after the other, the log has one line a second, and says how many it left out', async () => {
  const { clock, open, logs } = startDelivery({
    answer: ({ attempt }) => (attempt === 1 ? retry() : delivered()),
  });
  for (let n = 0; n < 50; n += 1) {
    push(open(`k${n}`).queue, `k${n}-1`);
    await clock.advance(100);
  }
  const lines = logs.entries.filter(({ level }) => level === 'warn');
  expect(lines.map(({ fields }) => fields)).toEqual(
    [0, 10, 20, 30, 40].map((n) => ({
      id: `k${n}-1`,
      reason: 'status 503',
      ...(n === 0 ? {} : { more: 9 }),
    })),
  );
});

describe('the backend is asked whether a connection may be', () => {
  test.each([401, 403])('%i is an answer: refused at once', async (status) => {
    const { backend, open } = startDelivery({
      answer: () => ({ ...briefly, reason: `status ${status}`, status }),
    });
    const fates = pushSettling(open('k').queue, { id: 'k-1', isAuthorization: true });
    await settled();
    expect(fates).toEqual([{ outcome: 'dead-letter', code: 'refused', reason: `status ${status}`, status }]);
    expect(backend.log).toEqual(['k-1#1']);
  });

  test('404 is a deploy that is half done, as for other events', async () => {
    const { clock, open } = startDelivery({ answer: inTurn(briefly, delivered()) });
    const fates = pushSettling(open('k').queue, { id: 'k-1', isAuthorization: true });
    await clock.advance(minute);
    expect(fates).toEqual([{ outcome: 'delivered' }]);
  });

  test('403 for any other event is tried again', async () => {
    const { clock, open } = startDelivery({
      answer: inTurn(
        { outcome: 'retry-briefly', failure: 'status', reason: 'status 403', status: 403 },
        delivered(),
      ),
    });
    const fates = pushSettling(open('k').queue, { id: 'k-1' });
    await clock.advance(minute);
    expect(fates).toEqual([{ outcome: 'delivered' }]);
  });
});

test('onAnswer gets the commands before they run, and nothing of an answer that is no list', async () => {
  const happened: unknown[] = [];
  const { open } = startDelivery({
    answer: ({ id }) => delivered(id === 'k-1' ? [{ type: 'mark' }] : 'OK'),
    config: { backendCommands: { mark: () => void happened.push('ran') } },
  });
  const { queue } = open('k');
  for (const id of ['k-1', 'k-2']) {
    queue.push({ id, type: 'x', json: '{}', onAnswer: (commands) => happened.push(commands) }, 1);
  }
  for (let n = 0; n < 3; n += 1) await settled();
  expect(happened).toEqual([[{ type: 'mark' }], 'ran']);
});

test('onReply gets the first reply of an answer; a second one is an error of that command alone', async () => {
  const { open, logs } = startDelivery({
    answer: () =>
      delivered([
        { type: 'reply', message: { n: 1 } },
        { type: 'reply', message: { n: 2 } },
        { type: 'send', message: { n: 3 } },
      ]),
  });
  const { queue, socket } = open('k');
  const replies: unknown[] = [];
  const fates = pushSettling(queue, { id: 'k-1', request: 7, onReply: (message) => replies.push(message) });
  await settled();
  expect(replies).toEqual([{ n: 1 }]);
  expect(socket.messages).toEqual([{ n: 3 }]);
  expect(fates).toEqual([{ outcome: 'delivered' }]);
  expect(logs.messages('warn')).toEqual([expect.stringContaining('has its reply already')]);
});

test('a reply to an event that is no request is an error of that command alone', async () => {
  const { open, logs } = startDelivery({ answer: () => delivered([{ type: 'reply', message: 1 }]) });
  const fates = pushSettling(open('k').queue, { id: 'k-1' });
  await settled();
  expect(fates).toEqual([{ outcome: 'delivered' }]);
  expect(logs.messages('warn')).toEqual([expect.stringContaining('no request caused this')]);
});

test('the trace of an event is the same on every attempt, with another parent each time', async () => {
  const { backend, clock, open } = startDelivery({ answer: inTurn(retry(), retry(), delivered()) });
  const { queue } = open('k');
  push(queue, 'k-1');
  push(queue, 'k-2');
  await clock.advance(minute);
  const parts = backend.attempts.map(({ traceparent }) => traceparent.split('-'));
  expect(parts.map(([version, , , flags]) => [version, flags])).toEqual(parts.map(() => ['00', '01']));
  const traces = parts.map(([, trace]) => trace);
  expect(traces).toEqual([traces[0], traces[0], traces[0], traces[3]]);
  expect(traces[3]).not.toBe(traces[0]);
  expect(new Set(parts.map(([, , parent]) => parent)).size).toBe(4);
});

test('request and reason of an event are handed to the backend', async () => {
  const { backend, open } = startDelivery();
  pushSettling(open('k').queue, { id: 'k-1', request: 3, reason: 'client-left' });
  await settled();
  expect(backend.attempts[0]).toMatchObject({ request: 3, reason: 'client-left' });
});
