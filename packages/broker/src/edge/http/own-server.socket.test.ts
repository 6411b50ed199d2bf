import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { brokerStarter, connectRaw, connectTcp, MemoryLogger, postCommands } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);

const backend: BrokerOptions['backend'] = { type: 'function', allow: ['127.0.0.1'], handle: () => [] };

const exchange = async (port: number, text: string): Promise<string> => {
  await using tcp = await connectTcp(port);
  tcp.write(text);
  await tcp.ended;
  return tcp.text;
};

const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

// Less than the 30 s after which Node cuts by itself.
describe(
  'a request that does not come to its end in time is answered 408 and cut',
  { timeout: 20_000 },
  () => {
    test.each([
      ['nothing at all', ''],
      ['half a request line', 'GET / HT'],
      ['a head without its end', upgrade],
      ['half a header', `${upgrade}Cookie: a=`],
    ])('after `handshakeTimeoutMs`: %s', async (_what, text) => {
      await using broker = await startBroker({ handshakeTimeoutMs: 300 });
      const answer = await exchange(broker.port, text);
      expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
      expect(answer).toMatch(/\r\n\r\nThe request took too long to arrive\.$/);
    });

    test('a head that drips, byte by byte', async () => {
      await using broker = await startBroker({ handshakeTimeoutMs: 500 });
      await using tcp = await connectTcp(broker.port);
      let sent = 0;
      const drip = setInterval(() => tcp.write(upgrade[sent++] ?? 'x'), 20);
      await tcp.ended;
      clearInterval(drip);
      expect(tcp.text).toMatch(/^HTTP\/1\.1 408 /);
    });

    test('after `requestTimeoutMs`: a command POST whose body does not come', async () => {
      await using broker = await startBroker({ backend, requestTimeoutMs: 400 });
      const head =
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[';
      expect(await exchange(broker.port, head)).toMatch(/^HTTP\/1\.1 408 /);
    });

    test('a `handshakeTimeoutMs` above `requestTimeoutMs` is no mistake: the smaller one holds', async () => {
      await using broker = await startBroker({ handshakeTimeoutMs: 600_000, requestTimeoutMs: 300 });
      expect(await exchange(broker.port, 'GET /')).toMatch(/^HTTP\/1\.1 408 /);
    });

    test('a WebSocket that is open is never cut by these', async () => {
      await using broker = await startBroker({
        handshakeTimeoutMs: 200,
        requestTimeoutMs: 200,
        onClientMessage: (message) => broker.broadcast(message),
      });
      await using client = await connectRaw(broker.url);
      expect(await exchange(broker.port, '')).toMatch(/408/);
      expect(await exchange(broker.port, '')).toMatch(/408/);
      client.send({ type: 'hello' });
      expect(await client.next()).toEqual({ type: 'hello' });
    });
  },
);

describe('what is no HTTP request is answered with a short 4xx, and the process goes on', () => {
  test.each([
    ['garbage', 'nonsense\r\n\r\n', '400 Bad Request'],
    ['zeros', '\0'.repeat(1_000), '400 Bad Request'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '400 Bad Request'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 Bad Request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n', '400 Bad Request'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n', '400 Bad Request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400 Bad Request',
    ],
    ['headers too large', `GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`, '431 '],
    ['a path too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431 '],
  ])('%s', async (_what, text, status) => {
    await using broker = await startBroker({ backend });
    const answer = await exchange(broker.port, text);
    expect(answer.startsWith(`HTTP/1.1 ${status}`)).toBe(true);
    expect(answer.length).toBeLessThan(400);
    await using client = await connectRaw(broker.url);
    expect(client.isOpen).toBe(true);
    expect(broker.logs.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  test('a peer that is gone before it is answered', async () => {
    await using broker = await startBroker();
    for (let n = 0; n < 50; n += 1) {
      const tcp = await connectTcp(broker.port);
      tcp.write('nonsense\r\n\r\n');
      tcp.socket.resetAndDestroy();
      await tcp.closed;
    }
    await using client = await connectRaw(broker.url);
    expect(client.isOpen).toBe(true);
  });
});

test('a broken request after an answered one is cut without a word: its answer could be taken for another', async () => {
  await using broker = await startBroker();
  const answer = await exchange(broker.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  expect(answer.match(/HTTP\/1\.1 \d+/g)?.length).toBeLessThanOrEqual(1);
});

test('however many headers come before it, the one of a proxy is seen', async () => {
  await using broker = await startBroker({ backend });
  const body = '[{"type":"list"}]';
  const many = 'a:\r\n'.repeat(3_000);
  const answer = await exchange(
    broker.port,
    `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n${many}X-Forwarded-For: 192.0.2.1\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
});

test('a `server` of the application keeps the limits that it was given', async () => {
  const server = createServer({ headersTimeout: 12_345, requestTimeout: 23_456 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const broker = Broker({ server, handshakeTimeoutMs: 100, log: new MemoryLogger(), backend });
  await broker.ready;
  const { headersTimeout, requestTimeout, maxHeadersCount } = server;
  expect({ headersTimeout, requestTimeout, maxHeadersCount }).toEqual({
    headersTimeout: 12_345,
    requestTimeout: 23_456,
    maxHeadersCount: null,
  });
  expect(server.listenerCount('clientError')).toBe(0);
  const { port } = server.address() as AddressInfo;
  expect(await postCommands(`http://127.0.0.1:${port}/`, [])).toMatchObject({ status: 200 });
  await broker.close();
  server.close();
});
