import { JsonText } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { delivered } from '../../test/fake-backend.ts';
import { settled } from '../../test/fake-clock.ts';
import { push, startDelivery } from '../../test/start-delivery.ts';

test('the commands of an answer have run before the next event is sent', async () => {
  const { backend, open } = startDelivery({
    answer: ({ id }) =>
      delivered(id === 'k-1' ? [{ type: 'wait' }, { type: 'session', data: { seen: id } }] : []),
    config: { backendCommands: { wait: settled } },
  });
  const { queue } = open('k');
  push(queue, 'k-1');
  push(queue, 'k-2');
  await settled();
  expect(backend.log).toEqual(['k-1#1']);
  await settled();
  await settled();
  expect(backend.log).toEqual(['k-1#1', 'k-2#1']);
  expect(JSON.parse(backend.attempts[1]!.connection.json)).toMatchObject({ seen: 'k-1' });
});

test('commands without match are meant for the connection of the event', async () => {
  const { open } = startDelivery({
    answer: ({ id }) => delivered([{ type: 'send', message: { to: id } }]),
  });
  const [a, b] = [open('a'), open('b')];
  push(a.queue, 'a-1');
  push(b.queue, 'b-1');
  await settled();
  expect([a.socket.messages, b.socket.messages]).toEqual([[{ to: 'a-1' }], [{ to: 'b-1' }]]);
});

const direct = { sessionText: new JsonText('{"type":"direct"}') };

test('commands without match in the answer to no connection are told, and those with match run', async () => {
  const { backend, delivery, open, logs } = startDelivery({
    answer: () =>
      delivered([
        { type: 'send', message: 1 },
        { type: 'send', message: 2, match: {} },
      ]),
  });
  const { socket } = open('a');
  push(delivery.open(direct), 'direct-1');
  await settled();
  expect(backend.attempts[0]!.connection.json).toBe('{"type":"direct"}');
  expect(socket.messages).toEqual([2]);
  expect(logs.messages('warn')).toEqual([expect.stringContaining('no connection caused this')]);
});

test('an answer that the callback takes runs no commands', async () => {
  const { delivery, open } = startDelivery({
    answer: () => delivered([{ type: 'send', message: 1, match: {} }]),
  });
  const { socket } = open('a');
  const answers: unknown[] = [];
  const queue = delivery.open(direct);
  queue.push({ id: 'direct-1', type: 'x', json: '{}', whenDone: (answer) => answers.push(answer) }, 10);
  await settled();
  expect(answers).toEqual([[{ type: 'send', message: 1, match: {} }]]);
  expect(socket.messages).toEqual([]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('boom');
    },
  ],
  ['rejects', () => Promise.reject(new Error('boom'))],
])('a callback that %s is logged, and the next event goes on', async (_what, whenDone) => {
  const { backend, delivery, logs } = startDelivery();
  const queue = delivery.open(direct);
  queue.push({ id: 'direct-1', type: 'x', json: '{}', whenDone }, 10);
  push(queue, 'direct-2');
  await settled();
  expect(backend.log).toEqual(['direct-1#1', 'direct-2#1']);
  expect(logs.messages('error')).toEqual(['! the callback of sendBackendMessage failed:']);
});

test.each([
  ['an object', { type: 'log' }, 'its answer is a JSON object'],
  ['null', null, 'its answer is null'],
  ['a text', 'ok', 'its answer is a JSON string'],
])('an answer that is %s is one line in the log, and is not asked for again', async (_what, answer, why) => {
  const { backend, clock, open, logs } = startDelivery({ answer: () => delivered(answer) });
  push(open('k').queue, 'k-1');
  await clock.advance(60_000);
  expect(backend.log).toEqual(['k-1#1']);
  expect(logs.messages('warn')).toEqual([
    expect.stringMatching(`^! backend answered client-x, but ${why}: expected a JSON list of commands`),
  ]);
});

test('why an answer could not be read is told', async () => {
  const { open, logs } = startDelivery({
    answer: () => ({ outcome: 'delivered', answer: undefined, problem: 'its answer is not JSON: <html>' }),
  });
  push(open('k').queue, 'k-1');
  await settled();
  expect(logs.messages('warn')[0]).toContain('client-x, but its answer is not JSON: <html>');
});

test('a command of an answer that fails leaves the event delivered', async () => {
  const { backend, clock, open } = startDelivery({
    answer: () => delivered([{ type: 'breaks' }]),
    config: {
      backendCommands: {
        breaks: () => {
          throw new Error('boom');
        },
      },
    },
  });
  const { queue } = open('k');
  push(queue, 'k-1');
  push(queue, 'k-2');
  await clock.advance(60_000);
  expect(backend.log).toEqual(['k-1#1', 'k-2#1']);
});
