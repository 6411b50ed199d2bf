import type { MemoryLogger } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { type Answering, FakeBackend } from '../../test/fake-backend.ts';
import { FakeClock, settled } from '../../test/fake-clock.ts';
import { type Config, FakeCommands } from '../../test/fake-commands.ts';
import { takenMessage } from '../../test/taken-message.ts';
import { Delivery } from '../delivery/delivery.ts';
import { settingsFrom } from '../settings.ts';
import type { BrokerOptions } from '../api.ts';
import { ClientEvents } from './client-events.ts';
import { PlainReceipts } from './receipts.ts';

const stored = { tokenHashes: [], fingerprint: '' };

interface StartOptions {
  readonly config?: Config;
  readonly answer?: Answering;
  readonly settings?: Partial<BrokerOptions>;
  readonly hasBackend?: boolean;
}

const startEvents = ({ config = {}, answer, settings, hasBackend = true }: StartOptions = {}) => {
  const backend = new FakeBackend(answer);
  const commands = new FakeCommands(config);
  const { broker, log } = commands.context;
  const delivery = new Delivery({
    backend,
    commands: commands.context,
    settings: settingsFrom({ port: 0, ...settings }),
    maxRequests: 32,
    log,
    clock: new FakeClock(),
  });
  const { connection, socket } = commands.connect('k');
  const context = {
    handlerTimeoutMs: 30_000,
    broker,
    log,
    delivery: hasBackend ? delivery : undefined,
    journal: undefined,
  };
  const events = new ClientEvents(context, {
    connection,
    owner: { receipts: new PlainReceipts(connection), eventLeft: () => {} },
  });
  return { backend, broker, events, connection, socket, logs: commands.logs };
};

const typesAt = (backend: FakeBackend): string[] =>
  backend.attempts.map(({ messageJson }) => (JSON.parse(messageJson) as { type: string }).type);

const errorsIn = (logs: MemoryLogger): string[] => logs.messages('error');

test('without handlers everything becomes an event, in order and numbered', async () => {
  const { backend, events } = startEvents();
  events.connected(stored);
  events.messaged(takenMessage({ type: 'hello', n: 1 }), 20);
  events.messaged(takenMessage({ type: 'client-hello' }), 20);
  events.messaged(takenMessage({ text: 'no type' }), 20);
  events.messaged(takenMessage({ type: 'session-connect' }), 20);
  events.disconnected('client-left');
  await settled();
  await settled();
  await settled();
  expect(backend.attempts.map(({ id, messageJson }) => [id, JSON.parse(messageJson) as unknown])).toEqual([
    ['k-1', { type: 'session-connect' }],
    ['k-2', { type: 'client-hello', n: 1 }],
    ['k-3', { type: 'client-hello' }],
    ['k-4', { type: 'client-message', text: 'no type' }],
    ['k-5', { type: 'client-session-connect' }],
    ['k-6', { type: 'session-disconnect' }],
  ]);
});

const truthy: [string, () => unknown][] = [
  ['returns true', () => true],
  ['returns a truthy value', () => 'yes'],
  ['resolves to a truthy value', () => Promise.resolve(1)],
];
const falsy: [string, () => unknown][] = [
  ['returns nothing', () => {}],
  ['returns false', () => false],
  ['resolves to nothing', async () => {}],
];

test.each(truthy)('a handler that %s also tells the backend', async (_what, handler) => {
  const { backend, events } = startEvents({ config: { onClientConnect: handler, onClientMessage: handler } });
  events.connected(stored);
  events.messaged(takenMessage({ type: 'hello' }), 20);
  await settled();
  expect(typesAt(backend)).toEqual(['session-connect', 'client-hello']);
});

test.each(falsy)('a handler that %s keeps the event to itself', async (_what, handler) => {
  const { backend, events } = startEvents({ config: { onClientConnect: handler, onClientMessage: handler } });
  events.connected(stored);
  events.messaged(takenMessage({ type: 'hello' }), 20);
  events.disconnected('client-left');
  await settled();
  expect(typesAt(backend)).toEqual(['session-disconnect']);
});

test.each([...truthy, ...falsy])(
  'the backend is told of the disconnect, though its handler %s',
  async (_what, handler) => {
    const { backend, events } = startEvents({ config: { onClientDisconnect: handler } });
    events.disconnected('client-left');
    await settled();
    expect(typesAt(backend)).toEqual(['session-disconnect']);
  },
);

test('handlers get what the page of the seed says', () => {
  const calls: unknown[][] = [];
  const { broker, events, connection } = startEvents({
    config: {
      onClientConnect: (...args) => calls.push(args),
      onClientMessage: (...args) => calls.push(args),
      onClientDisconnect: (...args) => calls.push(args),
    },
  });
  events.connected(stored);
  events.messaged(takenMessage({ type: 'hello' }), 20);
  events.disconnected('client-left');
  expect(calls).toEqual([
    [connection, broker],
    [{ type: 'hello' }, connection, broker],
    [connection, broker],
  ]);
});

test('a handler may change the message before it is forwarded', async () => {
  const { backend, events } = startEvents({
    config: {
      async onClientMessage(message) {
        message['user'] = 'ada';
        message.type = 'renamed';
        await settled();
        message['late'] = true;
        return true;
      },
    },
  });
  events.messaged(takenMessage({ type: 'hello' }), 20);
  await settled();
  await settled();
  expect(JSON.parse(backend.attempts[0]!.messageJson)).toEqual({
    type: 'client-renamed',
    user: 'ada',
    late: true,
  });
});

test('events keep their order and their numbers grow, however long a handler takes to decide', async () => {
  const slow = Promise.withResolvers<boolean>();
  const { backend, events } = startEvents({
    config: {
      onClientMessage: ({ type }) => (type === 'slow' ? slow.promise : type !== 'kept'),
    },
  });
  for (const type of ['a', 'slow', 'kept', 'b']) events.messaged(takenMessage({ type }), 20);
  await settled();
  expect(typesAt(backend)).toEqual(['client-a']);
  slow.resolve(true);
  await settled();
  expect(typesAt(backend)).toEqual(['client-a', 'client-slow', 'client-b']);
  expect(backend.attempts.map(({ id }) => id)).toEqual(['k-1', 'k-2', 'k-3']);
});

const thrower = () => {
  throw new Error('boom');
};

/* oxlint-disable unicorn/no-thenable */
test.each<[string, () => unknown]>([
  ['throws', thrower],
  ['rejects', () => Promise.reject(new Error('boom'))],
  ['returns something whose `then` throws', () => ({ then: thrower })],
  [
    'returns something whose `then` cannot be read',
    () => ({
      get then() {
        return thrower();
      },
    }),
  ],
  /* oxlint-enable unicorn/no-thenable */
])('a handler that %s is logged, and costs that event alone', async (_what, handler) => {
  let isBroken = true;
  const once = (): unknown => (isBroken ? handler() : true);
  const { backend, events, logs } = startEvents({
    config: { onClientConnect: once, onClientMessage: once, onClientDisconnect: once },
  });
  events.connected(stored);
  events.messaged(takenMessage({ type: 'lost' }), 20);
  isBroken = false;
  events.messaged(takenMessage({ type: 'hello' }), 20);
  isBroken = true;
  events.disconnected('client-left');
  await settled();
  expect(typesAt(backend)).toEqual(['client-hello', 'session-disconnect']);
  expect(errorsIn(logs)).toEqual([
    '! onClientConnect failed:',
    '! onClientMessage failed:',
    '! onClientDisconnect failed:',
  ]);
});

test.each<[string, (message: Record<string, unknown>) => void]>([
  ['an object within itself', (message) => (message['self'] = message)],
  ['a number too large', (message) => (message['n'] = 1n)],
  ['a type that is no text', (message) => (message['type'] = 7)],
])('a handler that puts %s into the message costs that event alone', async (_what, spoil) => {
  for (const isAsync of [false, true]) {
    const { backend, events, logs } = startEvents({
      config: {
        onClientMessage(message) {
          if (message.type === 'bad') spoil(message);
          return isAsync ? Promise.resolve(true) : true;
        },
      },
    });
    events.messaged(takenMessage({ type: 'bad' }), 20);
    events.messaged(takenMessage({ type: 'good' }), 20);
    await settled();
    expect(typesAt(backend)).toEqual(['client-good']);
    expect(errorsIn(logs)).toEqual(['! the message cannot be sent to the backend:']);
  }
});

test('is full when its own queue is, and low at half of it', async () => {
  const { events } = startEvents({ answer: () => new Promise(() => {}), settings: { maxQueuedEvents: 2 } });
  expect([events.isFull, events.isLow, events.waiting]).toEqual([false, true, 0]);
  events.messaged(takenMessage({ type: 'a' }), 20);
  events.messaged(takenMessage({ type: 'b' }), 20);
  expect([events.isFull, events.isLow, events.waiting]).toEqual([true, false, 2]);
  await settled();
});

test('is full when all queues together are', () => {
  const { events } = startEvents({
    answer: () => new Promise(() => {}),
    settings: { maxTotalQueuedBytes: 1_024 },
  });
  events.messaged(takenMessage({ type: 'a' }), 1_000);
  expect([events.isFull, events.isLow]).toEqual([true, false]);
});

test('an event holds more than its text: many small ones fill the queue too', () => {
  const { events } = startEvents({
    answer: () => new Promise(() => {}),
    settings: { maxQueuedBytes: 1_024 },
  });
  for (let n = 0; n < 4; n += 1) events.messaged(takenMessage({}), 2);
  expect(events.isFull).toBe(true);
});

test('an undecided event counts as waiting', async () => {
  const { events } = startEvents({
    config: { onClientMessage: () => new Promise(() => {}) },
    settings: { maxQueuedEvents: 1 },
  });
  events.messaged(takenMessage({ type: 'a' }), 20);
  await settled();
  expect([events.waiting, events.isFull]).toEqual([1, true]);
});

test('without a backend handlers run, and nothing waits', async () => {
  const seen: unknown[] = [];
  const { events } = startEvents({
    hasBackend: false,
    config: {
      onClientMessage(message) {
        seen.push(message);
        return true;
      },
    },
  });
  events.connected(stored);
  events.messaged(takenMessage({ type: 'hello' }), 20);
  events.disconnected('client-left');
  await settled();
  expect(seen).toEqual([{ type: 'hello' }]);
  expect([events.waiting, events.isFull, events.isLow]).toEqual([0, false, true]);
});
