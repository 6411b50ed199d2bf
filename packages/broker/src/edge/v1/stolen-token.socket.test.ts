/** Who gets in: a token alone gives nobody somebody else's connection. */
import { brokerStarter, connectV1, startFakeBackend, UpgradeRefused } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);

const page = 'http://127.0.0.1:3000';
const headers = { origin: page, cookie: 'user=ada; sid=1' };

test.each([
  ['other cookies', { origin: page, cookie: 'user=eve; sid=1' }],
  ['one cookie more', { origin: page, cookie: 'user=ada; sid=1; more=1' }],
  ['one cookie less', { origin: page, cookie: 'user=ada' }],
  ['no cookies', { origin: page }],
  ['a page on another port', { origin: 'http://127.0.0.1:4000', cookie: 'user=ada; sid=1' }],
  ['no origin', { cookie: 'user=ada; sid=1' }],
])(
  'who has stolen a token and comes with %s gets another connection, and the owner goes on',
  async (_what, stolen) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using owner = await connectV1(broker.url, { headers });
    const { token, connection } = owner.opened;

    await using thief = await connectV1(broker.url, { headers: stolen, token, received: 0 });
    expect(thief.opened).toMatchObject({ resumed: false, received: 0 });
    expect(thief.opened.connection).not.toBe(connection);
    expect(owner.raw.isOpen).toBe(true);
    broker.broadcast({ type: 'secret' }, { wskey: connection });
    expect(await owner.nextMessage()).toEqual({ type: 'secret' });
    expect(thief.messages).toEqual([]);

    await owner.terminate();
    await using back = await connectV1(broker.url, { headers, token, received: owner.received });
    expect(back.opened).toMatchObject({ resumed: true, connection });
  },
);

test('the origin is checked again: a foreign page with the right token and cookies gets no handshake', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using owner = await connectV1(broker.url, { headers });
  const { token } = owner.opened;
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
    const refused: unknown = await connectV1(broker.url, { headers: { ...headers, origin }, token }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(UpgradeRefused);
    expect((refused as UpgradeRefused).status).toBe(403);
  }
  await owner.terminate();
  await using back = await connectV1(broker.url, { headers, token, received: owner.received });
  expect(back.opened.resumed).toBe(true);
});

test('an old token is refused once its owner has shown that it has the next one, also with the right handshake', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using first = await connectV1(broker.url, { headers });
  await first.terminate();
  await using second = await connectV1(broker.url, { headers, token: first.opened.token, received: 0 });
  second.sendFrame(['ping']);
  await second.nextFrame('pong');
  await using thief = await connectV1(broker.url, { headers, token: first.opened.token, received: 0 });
  expect(thief.opened).toMatchObject({ resumed: false });
  expect(thief.opened.connection).not.toBe(first.opened.connection);
  expect(second.raw.isOpen).toBe(true);
});

test('what is no token of anybody gives a new connection', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using owner = await connectV1(broker.url, { headers });
  const { token, connection } = owner.opened;
  const guesses = [
    connection,
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    '__proto__',
    'x'.repeat(128),
    '*',
  ];
  for (const guess of guesses) {
    await using guesser = await connectV1(broker.url, { headers, token: guess, received: 0 });
    expect(guesser.opened).toMatchObject({ resumed: false });
    expect(guesser.opened.connection).not.toBe(connection);
  }
  expect(owner.raw.isOpen).toBe(true);
});
