import { brokerStarter, connectRaw, connectV1, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);

test('P57: a client that asks for wsbroker.v1 is told who it is, and what it may do', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, resumeGraceMs: 5_000 });
  await using client = await connectV1(broker.url);
  expect(client.raw.socket.protocol).toBe('wsbroker.v1');
  const connect = await backend.next();
  expect(client.opened).toEqual({
    connection: connect.connection['wskey'],
    token: expect.stringMatching(/^[\w-]{22}$/) as string,
    received: 0,
    resumed: false,
    gap: false,
    graceMs: 5_000,
    maxMessageBytes: 65_536,
    replayMessages: 100,
    pingIntervalMs: 25_000,
  });
});

test.each([
  ['a message', '{"type":"hello"}'],
  ['another frame', '["ping"]'],
  ['an `open` of another shape', '["open",{"token":7}]'],
  ['no JSON', '[open'],
])('P57: %s before `open` is a protocol error', async (_what, text) => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url, { protocols: 'wsbroker.v1' });
  client.send(text);
  expect(await client.closed).toEqual({
    code: 4501,
    reason: 'protocol-error: the first frame is not `open`',
  });
  expect(backend.events).toEqual([]);
});

test.each([
  ['a frame that there is none of', '["hello",1]'],
  ['a second `open`', '["open",{}]'],
  ['an `ack` of frames that were never sent', '["ack",1]'],
  ['a list', '[]'],
  ['no JSON', '[1,'],
])('P56: %s is a protocol error', async (_what, text) => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectV1(broker.url);
  client.sendFrame(text);
  expect(await client.closed).toMatchObject({
    code: 4501,
    reason: expect.stringMatching(/^protocol-error: /) as string,
  });
});

test('P74: `ping` is answered with `pong`', async () => {
  await using broker = await startBroker();
  await using client = await connectV1(broker.url);
  client.sendFrame(['ping']);
  expect(await client.nextFrame('pong')).toEqual(['pong']);
});

test('a plain client and one of wsbroker.v1 are told the same messages', async () => {
  await using broker = await startBroker();
  await using plain = await connectRaw(broker.url);
  await using client = await connectV1(broker.url);
  broker.broadcast({ type: 'news', n: 1 });
  expect(await plain.next()).toEqual({ type: 'news', n: 1 });
  expect(await client.nextMessage()).toEqual({ type: 'news', n: 1 });
});

test('P56: a message that is a list is no frame: a space stands before it', async () => {
  await using broker = await startBroker();
  await using plain = await connectRaw(broker.url);
  await using client = await connectV1(broker.url);
  const texts: string[] = [];
  client.raw.socket.on('message', (data) => texts.push((data as Buffer).toString()));
  broker.broadcast('["delivered",7]');
  broker.broadcast({ type: 'end' });
  await client.nextMessage(({ type }) => type === 'end');
  expect(texts).toEqual([' ["delivered",7]', '{"type":"end"}']);
  expect(await plain.next()).toEqual(['delivered', 7]);
});
