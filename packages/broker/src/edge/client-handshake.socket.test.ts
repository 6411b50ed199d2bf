import { createServer, type IncomingMessage, type ServerOptions } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { brokerStarter, connectRaw } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker, type Connection } from '../index.ts';
import { ClientHandshake } from './client-handshake.ts';
import { SharedTexts } from './shared-texts.ts';

const startBroker = brokerStarter(Broker);

const head = [
  'GET /chat?room=4%202&x HTTP/1.1',
  'Host: example.com',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Cookie: a=1; B=2',
  'Cookie: c=3',
  'X-Twice: one',
  'x-twice: two',
  'User-Agent: caf\u00e9',
  'User-Agent: another',
  'X-Empty:',
  'Set-Cookie: not=for-servers',
  '',
  '',
].join('\r\n');

/** Runs with a handshake as a server gets it. */
const withRequest = async (
  run: (request: IncomingMessage) => void | Promise<void>,
  options: ServerOptions = {},
): Promise<void> => {
  const server = createServer(options).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
    client.write(head, 'latin1'),
  );
  client.on('error', () => {});
  const [request, stream] = (await once(server, 'upgrade')) as [IncomingMessage, Socket];
  try {
    await run(request);
  } finally {
    stream.destroy();
    client.destroy();
    server.close();
  }
};

/** All that a handler can read of a request. */
const factsOf = (request: IncomingMessage) => ({
  method: request.method,
  url: request.url,
  version: [request.httpVersion, request.httpVersionMajor, request.httpVersionMinor],
  headers: request.headers,
  headersDistinct: request.headersDistinct,
  rawHeaders: request.rawHeaders,
  trailers: request.trailers,
  complete: request.complete,
  upgrade: (request as { upgrade?: boolean }).upgrade,
  keys: Object.keys(request).toSorted(),
});

test('a request that was folded is made anew as it was, once', () =>
  withRequest((request) => {
    const handshake = new ClientHandshake(request, '127.0.0.1');
    const before = factsOf(request);
    handshake.fold(new SharedTexts());
    const { upgradeReq } = handshake;
    expect(upgradeReq).not.toBe(request);
    expect(factsOf(upgradeReq)).toEqual(before);
    expect(upgradeReq).toBeInstanceOf(request.constructor);
    expect(upgradeReq.socket).toBe(request.socket);
    expect(handshake.cookieData).toEqual({ a: '1', b: '2', c: '3' });
    handshake.fold(new SharedTexts());
    expect(handshake.upgradeReq).toBe(upgradeReq);
    expect(handshake.cookieData).toBe(handshake.cookieData);
  }));

test('what the application has had in its hands stays the same object', () =>
  withRequest((request) => {
    const handshake = new ClientHandshake(request, '127.0.0.1');
    const { upgradeReq, cookieData } = handshake;
    handshake.fold(new SharedTexts());
    expect([upgradeReq, handshake.upgradeReq]).toEqual([request, request]);
    expect(handshake.upgradeReq).toBe(request);
    expect(handshake.cookieData).toBe(cookieData);
  }));

test('a request on which another listener has put something is kept', () =>
  withRequest((request) => {
    Object.assign(request, { session: { user: 'Ada' } });
    const handshake = new ClientHandshake(request, '127.0.0.1');
    handshake.fold(new SharedTexts());
    expect(handshake.upgradeReq).toBe(request);
  }));

test('headers that the server makes in its own way are kept', () =>
  withRequest(
    (request) => {
      const handshake = new ClientHandshake(request, '127.0.0.1');
      handshake.fold(new SharedTexts());
      expect(handshake.upgradeReq.headers['user-agent']).toBe('caf\u00e9, another');
    },
    { joinDuplicateHeaders: true },
  ));

test('a handler sees the handshake of a connection however late it asks, also when the client is gone', async () => {
  const seen: [IncomingMessage, Connection['cookieData']][] = [];
  let isConnected = false;
  await using broker = await startBroker({
    onClientConnect: () => void (isConnected = true),
    onClientMessage: (_message, { upgradeReq, cookieData }) => void seen.push([upgradeReq, cookieData]),
    onClientDisconnect: ({ upgradeReq, cookieData }) => void seen.push([upgradeReq, cookieData]),
  });
  const client = await connectRaw(new URL('/here?a=b', broker.url).href, {
    headers: { cookie: 'Name=Ada', 'x-mine': '1' },
  });
  client.send({ type: 'hello' });
  client.send({ type: 'hello' });
  await client.close();
  await expect.poll(() => seen.length).toBe(3);
  expect(isConnected).toBe(true);
  const [first] = seen;
  for (const [upgradeReq, cookieData] of seen) {
    expect(upgradeReq).toBe(first?.[0]);
    expect(cookieData).toBe(first?.[1]);
  }
  expect(first?.[0].url).toBe('/here?a=b');
  expect(first?.[0].headers).toMatchObject({ 'x-mine': '1', cookie: 'Name=Ada' });
  expect(first?.[0].socket.remoteAddress).toBe('127.0.0.1');
  expect(first?.[1]).toEqual({ name: 'Ada' });
});
