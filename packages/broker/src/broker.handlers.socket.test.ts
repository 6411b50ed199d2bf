import { setTimeout as delay } from 'node:timers/promises';
import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { Broker, type CommandHandler, type Handlers } from './index.ts';

const startBroker = brokerStarter(Broker);
const thrown = new Error('the handler is broken');

const decisions: readonly [what: string, decide: () => unknown, isForwarded: boolean][] = [
  ['true', () => true, true],
  ['a truthy value', () => ({ yes: 1 }), true],
  ['a promise of true', () => Promise.resolve(true), true],
  ['a promise of a truthy value, later', () => delay(20, 'yes'), true],
  ['nothing', () => undefined, false],
  ['false', () => false, false],
  ['a promise of nothing', () => Promise.resolve(), false],
  ['a promise of false, later', () => delay(20, false), false],
];

describe.each(decisions)('a handler that returns %s', (_what, decide, isForwarded) => {
  test(`${isForwarded ? 'forwards' : 'keeps'} the connect event`, async () => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url }, onClientConnect: decide });
    const client = await connectRaw(broker.url);
    client.send({ type: 'hello' });
    await backend.next(({ message }) => message.type === 'client-hello');
    await client.close();
    await backend.next(({ message }) => message.type === 'session-disconnect');
    expect(backend.events.map(({ message }) => message.type)).toEqual([
      ...(isForwarded ? ['session-connect'] : []),
      'client-hello',
      'session-disconnect',
    ]);
  });

  test(`${isForwarded ? 'forwards' : 'keeps'} the message`, async () => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url }, onClientMessage: decide });
    const client = await connectRaw(broker.url);
    client.send({ type: 'hello', n: 1 });
    client.send({ type: 'hello', n: 2 });
    await client.close();
    await backend.next(({ message }) => message.type === 'session-disconnect');
    const hellos = backend.events.filter(({ message }) => message.type === 'client-hello');
    expect(hellos.map(({ message }) => message['n'])).toEqual(isForwarded ? [1, 2] : []);
  });

  test('of a disconnect changes nothing: the backend is told in any case', async () => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url }, onClientDisconnect: decide });
    const client = await connectRaw(broker.url);
    await client.close();
    await backend.next(({ message }) => message.type === 'session-disconnect');
  });
});

test('handlers get (connection, broker) and (message, connection, broker)', async () => {
  const onClientConnect = vi.fn<NonNullable<Handlers['onClientConnect']>>();
  const onClientMessage = vi.fn<NonNullable<Handlers['onClientMessage']>>();
  const onClientDisconnect = vi.fn<NonNullable<Handlers['onClientDisconnect']>>();
  await using broker = await startBroker({ onClientConnect, onClientMessage, onClientDisconnect });
  const client = await connectRaw(broker.url, { headers: { cookie: 'Name=Ada' } });
  client.send({ type: 'hello', content: 'there' });
  await client.close();
  await vi.waitFor(() => expect(onClientDisconnect).toHaveBeenCalledTimes(1));

  const connection = onClientConnect.mock.calls[0]?.[0];
  expect(onClientConnect.mock.calls).toEqual([[connection, broker]]);
  expect(onClientMessage.mock.calls).toEqual([[{ type: 'hello', content: 'there' }, connection, broker]]);
  expect(onClientDisconnect.mock.calls).toEqual([[connection, broker]]);
  expect(onClientDisconnect.mock.calls[0]?.[0]).toBe(connection);
  expect(connection).toMatchObject({
    sessionInfo: { ip: '127.0.0.1', name: 'Ada', wskey: expect.any(String) as string },
    cookieData: { name: 'Ada' },
    upgradeReq: { url: '/' },
  });
  expect(connection?.broker).toBe(broker);
});

test('a handler sends to its client and closes it, with an object, a string, a code and a reason', async () => {
  await using broker = await startBroker({
    onClientConnect(connection) {
      connection.send({ type: 'welcome', you: connection.sessionInfo.wskey });
      connection.send('as it is');
    },
    onClientMessage(_message, connection) {
      connection.close(4321, 'enough');
    },
  });
  await using client = await connectRaw(broker.url);
  expect(await client.next()).toEqual({ type: 'welcome', you: expect.any(String) as string });
  expect(await client.next()).toBe('as it is');
  client.send({ type: 'x' });
  expect(await client.closed).toEqual({ code: 4321, reason: 'enough' });
});

test('what a handler changes in the message is what the backend gets, also after an await', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    async onClientMessage(message) {
      message['first'] = true;
      await delay(5);
      message['second'] = true;
      message.type = 'changed';
      return true;
    },
  });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'hello' });
  const event = await backend.next(({ message }) => message.type !== 'session-connect');
  expect(event.message).toEqual({ type: 'client-changed', first: true, second: true });
});

test('what a handler sets in sessionInfo is in the events from then on', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    onClientConnect(connection) {
      connection.sessionInfo['room'] = 'lobby';
      return true;
    },
  });
  await using _ = await connectRaw(broker.url);
  expect((await backend.next()).connection).toMatchObject({ room: 'lobby' });
});

test('events keep their order however long each async handler takes', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    onClientMessage: (message) => delay(Number(message['takesMs']), true),
  });
  const client = await connectRaw(broker.url);
  const takesMs = [60, 0, 30, 1, 0, 20];
  for (const ms of takesMs) client.send({ type: 'say', takesMs: ms });
  await client.close();
  await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(backend.events.map(({ message }) => message['takesMs'] ?? message.type)).toEqual([
    'session-connect',
    ...takesMs,
    'session-disconnect',
  ]);
});

const failures: readonly [how: string, fail: () => unknown][] = [
  [
    'throws',
    () => {
      throw thrown;
    },
  ],
  ['rejects', () => Promise.reject(thrown)],
  [
    'throws what is no error',
    () => {
      throw 10n;
    },
  ],
  ['rejects with nothing', () => Promise.reject()],
];

describe.each(failures)('a handler that %s is logged and ends nothing', (_how, fail) => {
  test.each(['onClientConnect', 'onClientMessage', 'onClientDisconnect'] as const)('%s', async (name) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url }, [name]: fail });
    const client = await connectRaw(broker.url);
    client.send({ type: 'hello' });
    await client.close();
    await backend.next(({ message }) => message.type === 'session-disconnect');
    expect(broker.logs.messages('error')).toEqual([`! ${name} failed:`]);
    await using another = await connectRaw(broker.url);
    expect(another.isOpen).toBe(true);
    const kept = {
      onClientConnect: 'session-connect',
      onClientMessage: 'client-hello',
      onClientDisconnect: '',
    };
    expect(backend.events.map(({ message }) => message.type)).not.toContain(kept[name]);
  });

  test.each(['onBackendMessage', 'backendCommands'] as const)('%s', async (name) => {
    await using backend = await startFakeBackend(({ message }) =>
      message.type === 'client-hello'
        ? [{ type: 'custom' }, { type: 'send', message: { type: 'after' } }]
        : [],
    );
    await using broker = await startBroker({
      backend: { url: backend.url },
      ...(name === 'onBackendMessage' ? { onBackendMessage: fail } : { backendCommands: { custom: fail } }),
    });
    await using client = await connectRaw(broker.url);
    client.send({ type: 'hello' });
    expect(await client.next()).toEqual({ type: 'after' });
    expect(broker.logs.messages('error')).toEqual([expect.stringContaining('The command `custom` failed')]);
  });

  test('the callback of sendBackendMessage', async () => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    broker.sendBackendMessage({ type: 'tick' }, fail);
    broker.sendBackendMessage({ type: 'tock' });
    await backend.next(({ message }) => message.type === 'tock');
    await broker.logs.next(({ message }) => message.includes('callback of sendBackendMessage'));
  });
});

test.each([false, 'json', true] as const)(
  'a handler that throws what JSON cannot hold is logged with `log: %s` too',
  async (log) => {
    const lines: unknown[] = [];
    const print = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
    await using _ = { [Symbol.asyncDispose]: async () => print.mockRestore() };
    const cyclic: Record<string, unknown> = { big: 10n };
    cyclic['self'] = cyclic;
    await using broker = await startBroker({
      log,
      onClientMessage() {
        throw cyclic;
      },
    });
    await using client = await connectRaw(broker.url);
    client.send({ type: 'hello' });
    await vi.waitFor(() => expect(lines.join('\n')).toContain('onClientMessage failed'));
    expect(client.isOpen).toBe(true);
  },
);

test('a message that a handler made unencodable is logged, and the next one goes on', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    onClientMessage(message) {
      if (message['n'] === 1) message['big'] = 10n;
      return true;
    },
  });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'hello', n: 1 });
  client.send({ type: 'hello', n: 2 });
  expect((await backend.next(({ message }) => message.type === 'client-hello')).message['n']).toBe(2);
  expect(broker.logs.messages('error')).toEqual([expect.stringContaining('cannot be sent to the backend')]);
});

test('a sessionInfo that a handler made unencodable costs events of that connection alone, each with an error', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    onClientConnect(connection) {
      if (connection.upgradeReq.url === '/bad') connection.sessionInfo['big'] = 10n;
      return true;
    },
  });
  await using bad = await connectRaw(`${broker.url}bad`);
  await using good = await connectRaw(broker.url);
  bad.send({ type: 'lost' });
  good.send({ type: 'hello' });
  await backend.next(({ message }) => message.type === 'client-hello');
  const { message } = await broker.logs.next(({ level }) => level === 'error');
  expect(message).toContain('not delivered');
  expect(bad.isOpen).toBe(true);
});

test('a custom command gets (command, connection, broker), goes before a built-in of its name, and its result is the result', async () => {
  const close = vi.fn<CommandHandler>(() => 'not closed');
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-hello'
      ? [
          { type: 'close', why: 'no' },
          { type: 'send', message: { type: 'here' } },
        ]
      : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url }, backendCommands: { close } });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'hello' });
  await client.next();
  const [command, connection, itsBroker] = close.mock.calls[0] ?? [];
  expect(command).toEqual({ type: 'close', why: 'no' });
  expect(connection).toMatchObject({ sessionInfo: { ip: '127.0.0.1' } });
  expect(itsBroker).toBe(broker);
  expect(client.isOpen).toBe(true);
});

test('onBackendMessage gets (command, connection, broker) of commands that nobody knows, and of those alone', async () => {
  const onBackendMessage = vi.fn<NonNullable<Handlers['onBackendMessage']>>();
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-hello'
      ? [
          { type: 'log', text: 'known' },
          { type: 'confetti', n: 1 },
          { type: 'send', message: { type: 'here' } },
        ]
      : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url }, onBackendMessage });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'hello' });
  await client.next();
  expect(onBackendMessage.mock.calls).toEqual([[{ type: 'confetti', n: 1 }, expect.anything(), broker]]);
  expect(onBackendMessage.mock.calls[0]?.[1]).toMatchObject({ sessionInfo: { ip: '127.0.0.1' } });
});
