import { Broker } from '@wsbroker/broker';
import { brokerStarter, connectRaw } from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { chat, type Chat } from '../test/chat.ts';
import { type RunningServer, servers } from '../test/servers.ts';
import { RejectEvent } from './backend-error.ts';
import { createBackend } from './backend.ts';
import { createBrokerClient } from './broker-client.ts';
import { custom, list, log, send, session } from './command.ts';
import type { EventFacts } from './context.ts';

const startBroker = brokerStarter(Broker);

const nothing = (): void => {};

/** A chat whose `say` first does what the test wants. */
const chatBackend = (onSay: (text: string, event: EventFacts) => void = nothing, onError = nothing) =>
  createBackend(chat, {
    onError,
    connect: (ctx) => ctx.session({ name: 'guest', room: 'lobby', tags: [] }),
    messages: {
      say(ctx, { text }) {
        onSay(text, ctx.event);
        const { name = '?', room = '?' } = ctx.connection;
        return [
          ctx.send({ type: 'said', who: name, text }, { match: { room } }),
          ctx.session({}, { add: { tags: text } }),
        ];
      },
      rename: (ctx, { name }) => [
        ctx.session({ name }),
        ctx.send({ type: 'joined', name, rooms: ['lobby'] }),
      ],
      move: nothing,
      typing: (ctx) => ctx.close({ code: 4500, reason: 'no typing' }),
    },
  });

const brokerBefore = (server: RunningServer, encoding: 'form' | 'json' = 'form') =>
  startBroker({ backend: { type: 'http', url: server.url, allow: ['127.0.0.1'], encoding } });

describe.each(Object.entries(servers))('%s behind a broker', (_name, start) => {
  test.each(['form', 'json'] as const)(
    'connect, message, reply, session and list, as %s',
    async (encoding) => {
      await using server = await start(chatBackend());
      await using broker = await brokerBefore(server, encoding);
      await using ada = await connectRaw(broker.url);
      await using bob = await connectRaw(broker.url);

      ada.send({ type: 'rename', name: 'Ada' });
      expect(await ada.next()).toEqual({ type: 'joined', name: 'Ada', rooms: ['lobby'] });
      bob.send({ type: 'rename', name: 'Bob' });
      expect(await bob.next()).toEqual({ type: 'joined', name: 'Bob', rooms: ['lobby'] });

      const text = 'grüß & dich 👋 +%20';
      ada.send({ type: 'say', text });
      expect(await ada.next()).toEqual({ type: 'said', who: 'Ada', text });
      expect(await bob.next()).toEqual({ type: 'said', who: 'Ada', text });

      const client = createBrokerClient<Chat>({ url: broker.httpUrl, encoding });
      expect(await client.list({ match: { name: 'ada' } })).toEqual([
        { ip: '127.0.0.1', wskey: expect.any(String) as string, name: 'Ada', room: 'lobby', tags: [text] },
      ]);
      expect(await client.list({ match: { room: 'lobby' }, fields: ['name'] })).toEqual([
        { name: 'Ada' },
        { name: 'Bob' },
      ]);
    },
  );
});

const start = servers['node:http']!;

test('a bad message is answered to the client, and the connection goes on', async () => {
  await using server = await start(chatBackend());
  await using broker = await brokerBefore(server);
  await using ada = await connectRaw(broker.url);
  ada.send({ type: 'say', text: '' });
  expect(await ada.next()).toMatchObject({
    type: 'broker-error',
    code: 'bad-message',
    text: expect.stringMatching(/^say is not valid: text: /) as string,
  });
  ada.send({ type: 'shout', text: 'x' });
  expect(await ada.next()).toEqual({
    type: 'broker-error',
    code: 'bad-message',
    text: 'shout is not known here: expected one of say, rename, move, typing',
  });
  ada.send({ type: 'say', text: 'hello' });
  expect(await ada.next()).toEqual({ type: 'said', who: 'guest', text: 'hello' });
});

test('an event whose handler throws once is tried again with the same id, and arrives once, in order', async () => {
  const events: EventFacts[] = [];
  const onError = vi.fn<(...args: unknown[]) => void>();
  const backend = chatBackend((_text, event) => {
    events.push(event);
    if (events.length === 1) throw new Error('a bug');
  }, onError);
  await using server = await start(backend);
  await using broker = await brokerBefore(server);
  await using ada = await connectRaw(broker.url);
  ada.send({ type: 'say', text: 'one' });
  ada.send({ type: 'say', text: 'two' });
  expect(await ada.next()).toMatchObject({ text: 'one' });
  expect(await ada.next()).toMatchObject({ text: 'two' });
  expect(ada.received).toHaveLength(2);
  expect(onError).toHaveBeenCalledOnce();
  expect(events.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
  expect(events[0]?.id).toBe(events[1]?.id);
  expect(events[1]?.id).not.toBe(events[2]?.id);
  expect(events[0]?.timestamp).toBeInstanceOf(Date);
});

test('a rejected event is dropped and its sender told, and the next one comes', async () => {
  const texts: string[] = [];
  const backend = chatBackend((text) => {
    texts.push(text);
    if (text === 'one') throw new RejectEvent('not wanted');
  });
  await using server = await start(backend);
  await using broker = await brokerBefore(server);
  await using ada = await connectRaw(broker.url);
  ada.send({ type: 'say', text: 'one' });
  ada.send({ type: 'say', text: 'two' });
  expect(await ada.next()).toMatchObject({ type: 'broker-error', code: 'refused' });
  expect(await ada.next()).toMatchObject({ text: 'two' });
  expect(texts).toEqual(['one', 'two']);
});

test('a handler closes its connection', async () => {
  await using server = await start(chatBackend());
  await using broker = await brokerBefore(server);
  await using ada = await connectRaw(broker.url);
  ada.send({ type: 'typing' });
  expect(await ada.closed).toEqual({ code: 4500, reason: 'no typing' });
});

test('a message of the application around the broker goes to onDirect', async () => {
  const received = Promise.withResolvers<unknown>();
  const backend = createBackend({}, { onDirect: (_ctx, message) => received.resolve(message) });
  await using server = await start(backend);
  await using broker = await brokerBefore(server);
  broker.sendBackendMessage({ type: 'tick', n: 1 });
  expect(await received.promise).toEqual({ type: 'tick', n: 1 });
});

test.each(['form', 'json'] as const)('createBrokerClient runs every command as %s', async (encoding) => {
  await using server = await start(chatBackend());
  await using broker = await brokerBefore(server, encoding);
  await using ada = await connectRaw(broker.url);
  await using bob = await connectRaw(broker.url);
  const client = createBrokerClient<Chat>({ url: broker.httpUrl, encoding });
  for (const [who, name] of [
    [ada, 'Ada'],
    [bob, 'Bob'],
  ] as const) {
    who.send({ type: 'rename', name });
    await who.next();
  }

  expect(
    await client.run([
      session({ room: 'cellar' }, { match: { name: 'Bob' } }),
      send({ type: 'said', who: 'me', text: 'hi' }, { match: { room: 'cellar' } }),
      list({ match: { room: '*' }, fields: ['name', 'room'] }),
      log('grüß dich'),
      custom('nobody-knows-this'),
      list({ count: true }),
    ]),
  ).toEqual([
    { matched: 1 },
    { matched: 1 },
    [
      { name: 'Ada', room: 'lobby' },
      { name: 'Bob', room: 'cellar' },
    ],
    null,
    { error: { code: 'unknown-command', message: expect.any(String) as string } },
    { count: 2 },
  ]);
  expect(await bob.next()).toEqual({ type: 'said', who: 'me', text: 'hi' });

  expect(await client.send({ type: 'cleared' }, { except: { name: 'Ada' } })).toEqual({ matched: 1 });
  expect(await bob.next()).toEqual({ type: 'cleared' });
  expect(await client.session({}, { match: {}, add: { tags: ['x', 'y'] } })).toEqual({ matched: 2 });
  const first = await client.list({ limit: 1, fields: ['tags'] });
  expect(first).toEqual({ connections: [{ tags: ['x', 'y'] }], cursor: expect.any(String) as string });
  expect(await client.list({ limit: 5, cursor: first.cursor ?? '', fields: ['name'] })).toEqual({
    connections: [{ name: 'Bob' }],
  });
  expect(await client.close({ match: { name: 'bob' }, code: 4501, reason: 'bye' })).toEqual({ matched: 1 });
  expect(await bob.closed).toEqual({ code: 4501, reason: 'bye' });
  expect(await client.list({ count: true })).toEqual({ count: 1 });
});

test('createBrokerClient says why a command is refused', async () => {
  await using broker = await startBroker({ backend: { type: 'function', handle: () => [] } });
  const client = createBrokerClient({ url: broker.httpUrl });
  await expect(client.list()).rejects.toMatchObject({
    name: 'BrokerClientError',
    code: 'forbidden',
    status: 403,
  });
});

test('createBrokerClient rejects a shortcut whose command is bad', async () => {
  await using server = await start(chatBackend());
  await using broker = await brokerBefore(server);
  const client = createBrokerClient({ url: broker.httpUrl });
  await expect(client.close({ match: {}, code: 7 })).rejects.toMatchObject({
    code: 'bad-command',
    status: 200,
  });
  await expect(client.session({ ip: 'x' }, { match: {} })).rejects.toMatchObject({ code: 'reserved-field' });
});
