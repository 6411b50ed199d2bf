import { brokerStarter, connectRaw, connectTcp } from '@wsbroker/testkit';
import { expect, test, vi } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);

const standard: Readonly<Record<string, string>> = {
  Host: 'x',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': '0aCw4LH5MR7bIacx5PtEtA==',
};

const handshake = (
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET / HTTP/1.1',
): string =>
  [
    line,
    ...Object.entries({ ...standard, ...headers }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    ),
    '',
    '',
  ].join('\r\n');

test.each<[what: string, request: string, answer: RegExp]>([
  [
    'version 12',
    handshake({ 'Sec-WebSocket-Version': '12' }),
    /^HTTP\/1\.1 400 .*Sec-WebSocket-Version: 13/s,
  ],
  ['no version', handshake({ 'Sec-WebSocket-Version': undefined }), /^HTTP\/1\.1 400 /],
  ['no key', handshake({ 'Sec-WebSocket-Key': undefined }), /^HTTP\/1\.1 400 /],
  ['a short key', handshake({ 'Sec-WebSocket-Key': 'abc' }), /^HTTP\/1\.1 400 /],
  ['an upgrade to something else', handshake({ Upgrade: 'h2c' }), /^HTTP\/1\.1 400 /],
  ['a protocol that is no token', handshake({ 'Sec-WebSocket-Protocol': 'a,,b' }), /^HTTP\/1\.1 400 /],
  ['POST', handshake({}, 'POST / HTTP/1.1'), /^HTTP\/1\.1 (400|405) /],
  ['what is no HTTP', 'hello?\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', /^HTTP\/1\.1 400 /],
  ['headers without end', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(10_000)}`, /^HTTP\/1\.1 431 /],
])('a handshake with %s is refused, and the connection ends', async (_what, request, answer) => {
  const onClientConnect = vi.fn<() => void>();
  await using broker = await startBroker({ onClientConnect });
  await using tcp = await connectTcp(broker.port);
  tcp.write(Buffer.from(request, 'latin1'));
  await tcp.receiving(answer);
  await tcp.ended;
  expect(onClientConnect).not.toHaveBeenCalled();
  await using client = await connectRaw(broker.url);
  expect(client.isOpen).toBe(true);
});

test('a handshake is answered as RFC 6455 has it, and any path will do by default', async () => {
  await using broker = await startBroker();
  await using tcp = await connectTcp(broker.port);
  tcp.write(handshake({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }, 'GET /any/path?x=1 HTTP/1.1'));
  await tcp.receiving(/^HTTP\/1\.1 101 .*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n$/s);
  expect(tcp.text).not.toContain('permessage-deflate');
});

test('compression is not taken, though the client offers it', async () => {
  await using broker = await startBroker();
  await using client = await connectRaw(broker.url, { ws: { perMessageDeflate: true } });
  expect(client.socket.extensions).toBe('');
});

test('a frame in the same packet as the handshake is read', async () => {
  const { promise: received, resolve } = Promise.withResolvers<unknown>();
  await using broker = await startBroker({ onClientMessage: resolve });
  await using tcp = await connectTcp(broker.port);
  // Masked with zeros: `{"type":"early"}`.
  const text = Buffer.from('{"type":"early"}');
  tcp.write(
    Buffer.concat([Buffer.from(handshake()), Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]),
  );
  expect(await received).toEqual({ type: 'early' });
});

test('handshakes that are reset at any moment end nothing', async () => {
  await using broker = await startBroker();
  const text = handshake();
  for (const share of [0.1, 0.5, 0.9, 1, 1]) {
    await using tcp = await connectTcp(broker.port);
    tcp.write(text.slice(0, text.length * share));
    if (share === 1) tcp.write(Buffer.from([0x81]));
    tcp.socket.resetAndDestroy();
  }
  await using refused = await connectTcp(broker.port);
  refused.write(handshake({ Origin: 'https://evil.com' }));
  refused.socket.resetAndDestroy();
  await using client = await connectRaw(broker.url);
  expect(client.isOpen).toBe(true);
});

test('a refused peer that keeps its half open holds nothing here', async () => {
  await using broker = await startBroker();
  await using tcp = await connectTcp(broker.port);
  tcp.write(handshake({ Origin: 'https://evil.com' }));
  await tcp.receiving(/^HTTP\/1\.1 403 /);
  await tcp.ended;
  const connections = () =>
    new Promise((resolve) => broker.httpServer.getConnections((_error, count) => resolve(count)));
  await vi.waitFor(async () => expect(await connections()).toBe(0), 10_000);
});
