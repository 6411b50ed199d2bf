import { Server } from 'node:http';
import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { expect, test, vi } from 'vitest';
import { Broker, type BrokerOptions } from './index.ts';

const startBroker = brokerStarter(Broker);

test('`config` is the options object itself', async () => {
  const options: BrokerOptions = { port: 0, host: '127.0.0.1', log: false };
  await using broker = Broker(options);
  expect(broker.config).toBe(options);
  await broker.ready;
});

test('`websocketServer` is the server of `ws`: it has the clients and tells of connections', async () => {
  await using broker = await startBroker();
  const connected = vi.fn<() => void>();
  broker.websocketServer.on('connection', connected);
  await using _ = await connectRaw(broker.url);
  expect(broker.websocketServer.clients.size).toBe(1);
  expect(connected).toHaveBeenCalledTimes(1);
});

test('`httpServer` is the HTTP server that listens', async () => {
  await using broker = await startBroker();
  expect(broker.httpServer).toBeInstanceOf(Server);
  expect(broker.httpServer.address()).toMatchObject({ port: broker.port });
});

test('broadcast encodes an object and sends a string as it is, to everyone', async () => {
  await using broker = await startBroker();
  await using one = await connectRaw(broker.url);
  await using two = await connectRaw(broker.url);
  broker.broadcast({ type: 'hello', text: 'é😀' });
  broker.broadcast('a text, as it is');
  broker.broadcast('{"type":"encoded"}');
  for (const client of [one, two]) {
    await client.next(({ type }) => type === 'encoded');
    expect(client.received).toEqual([
      { type: 'hello', text: 'é😀' },
      'a text, as it is',
      { type: 'encoded' },
    ]);
  }
});

test.each([0, 1, 124, 125, 126, 127, 65_535, 65_536, 200_000])(
  'a broadcast of %i bytes arrives whole',
  async (bytes) => {
    await using broker = await startBroker();
    await using client = await connectRaw(broker.url);
    broker.broadcast('x'.repeat(bytes));
    expect(await client.next()).toBe('x'.repeat(bytes));
  },
);

test('broadcast with criteria reaches those that match, without regard to case, and `*` everyone', async () => {
  await using broker = await startBroker();
  await using inside = await connectRaw(broker.url, { headers: { cookie: 'room=Lobby' } });
  await using outside = await connectRaw(broker.url);
  broker.broadcast({ type: 'room' }, { room: 'LOBBY' });
  broker.broadcast({ type: 'any' }, { room: '*' });
  broker.broadcast({ type: 'none' }, { room: 'attic' });
  broker.broadcast({ type: 'end' }, {});
  await Promise.all([inside, outside].map((client) => client.next(({ type }) => type === 'end')));
  expect(inside.received.map(({ type }) => type)).toEqual(['room', 'any', 'end']);
  expect(outside.received.map(({ type }) => type)).toEqual(['any', 'end']);
});

test('broadcast of what JSON has not throws at the caller', async () => {
  await using broker = await startBroker();
  expect(() => broker.broadcast(undefined)).toThrow(TypeError);
  expect(() => broker.broadcast({ big: 10n })).toThrow(TypeError);
});

test('sendBackendMessage sends the message as it is, from the connection `direct`, and runs the answer', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'tick'
      ? [
          { type: 'send', message: { type: 'nobody' } },
          { type: 'send', match: {}, message: { type: 'tock' } },
        ]
      : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url);
  broker.sendBackendMessage({ type: 'tick', n: 1 });
  const event = await backend.next(({ message }) => message.type === 'tick');
  expect(event.message).toEqual({ type: 'tick', n: 1 });
  expect(event.connection).toEqual({ type: 'direct' });
  expect(await client.next()).toEqual({ type: 'tock' });
  // No connection caused it, so a command without `match` means nobody.
  expect(broker.logs.messages('warn')).toEqual([expect.stringContaining('no connection caused this')]);
});

test('the callback of sendBackendMessage gets the answer, and its commands do not run', async () => {
  await using backend = await startFakeBackend(() => [{ type: 'log', text: 'not run' }]);
  await using broker = await startBroker({ backend: { url: backend.url } });
  const answer = await new Promise((resolve) => broker.sendBackendMessage({ type: 'ask' }, resolve));
  expect(answer).toEqual([{ type: 'log', text: 'not run' }]);
  expect(broker.logs.text).not.toContain('not run');
});

test('the callback of sendBackendMessage may be answered any JSON; what is none is undefined there, and logged', async () => {
  const bodies = ['{"n":1}', '<html>'];
  await using backend = await startFakeBackend(() => ({ body: bodies.shift() }));
  await using broker = await startBroker({ backend: { url: backend.url } });
  const ask = () => new Promise((resolve) => broker.sendBackendMessage({ type: 'ask' }, resolve));
  expect(await ask()).toEqual({ n: 1 });
  expect(await ask()).toBeUndefined();
  expect(broker.logs.messages('warn')).toEqual([expect.stringContaining('not JSON')]);
});

test('messages of sendBackendMessage keep their order, and the ids of two brokers differ', async () => {
  await using backend = await startFakeBackend();
  const ids: string[][] = [];
  for (let round = 0; round < 2; round += 1) {
    await using broker = await startBroker({ backend: { url: backend.url } });
    for (let n = 0; n < 3; n += 1) broker.sendBackendMessage({ type: 'tick', n });
    const events = [await backend.next(), await backend.next(), await backend.next()];
    expect(events.map(({ message }) => message['n'])).toEqual([0, 1, 2]);
    ids.push(events.map(({ id }) => id));
  }
  // A backend that remembers ids would else take the second broker's messages for repeats.
  expect(new Set(ids.flat()).size).toBe(6);
  for (const id of ids.flat()) expect(id).toMatch(/^[A-Za-z0-9_-]+-[1-3]$/);
});

test('sendBackendMessage without a backend says so', async () => {
  await using broker = await startBroker();
  expect(() => broker.sendBackendMessage({ type: 'tick' })).toThrow(
    expect.objectContaining({ code: 'bad-option' }),
  );
});

test('`broker.log` writes as the command `log` does', async () => {
  await using broker = await startBroker();
  broker.log({ text: { any: ['thing'] } });
  expect(broker.logs.entries.at(-1)).toMatchObject({ level: 'info', fields: { text: { any: ['thing'] } } });
});
