import {
  brokerStarter,
  connectRaw,
  connectTcp,
  postCommands,
  startFakeBackend,
  Disposables,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** The sessionInfo of a client that connects with these headers. */
const infoOf = async (headers: Record<string, string>, options: BrokerOptions = {}) => {
  const infos: Record<string, unknown>[] = [];
  await using broker = await startBroker({
    ...options,
    onClientConnect: ({ sessionInfo }) => void infos.push(sessionInfo),
  });
  await using _ = await connectRaw(broker.url, { headers });
  return infos[0] ?? {};
};

describe('ip', () => {
  test.each([
    ['no header', '', '127.0.0.1'],
    ['one hop', '203.0.113.7', '203.0.113.7'],
    ['a proxy of ours on the right', '203.0.113.7, 127.0.0.9', '203.0.113.7'],
    ['a forged hop on the left', '6.6.6.6, 203.0.113.7', '203.0.113.7'],
    ['two proxies of ours', '203.0.113.7, 127.0.0.9,127.0.0.8', '203.0.113.7'],
    ['a port', '203.0.113.7:5678', '203.0.113.7'],
    ['IPv6 with a port', '[2001:DB8::1]:80', '2001:db8::1'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['a mapped address', '::ffff:203.0.113.7', '203.0.113.7'],
    ['garbage', '<script>', '127.0.0.1'],
    ['garbage on the left', 'unknown, 203.0.113.7', '203.0.113.7'],
    ['garbage on the right', '203.0.113.7, unknown', '127.0.0.1'],
    ['proxies of ours alone', '127.0.0.5', '127.0.0.5'],
    ['a thousand hops', `203.0.113.7${', 127.0.0.9'.repeat(1_000)}`, '127.0.0.9'],
  ])('of a trusted proxy: %s', async (_what, forwarded, ip) => {
    const headers: Record<string, string> = forwarded === '' ? {} : { 'x-forwarded-for': forwarded };
    expect((await infoOf(headers))['ip']).toBe(ip);
  });

  test('of a peer that is no trusted proxy is its own, whatever it says', async () => {
    const forged = {
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
      forwarded: 'for=203.0.113.7',
    };
    for (const trustedProxies of [[], ['10.0.0.0/8'], ['::1']]) {
      expect((await infoOf(forged, { trustedProxies }))['ip']).toBe('127.0.0.1');
    }
  });

  test('of an IPv4 client of a broker that listens on both families is plain', async () => {
    await using broker = await startBroker({ host: '::' });
    const ips: unknown[] = [];
    broker.websocketServer.on('connection', () => ips.push(1));
    await using _four = await connectRaw(`ws://127.0.0.1:${broker.port}/`);
    await using _six = await connectRaw(`ws://[::1]:${broker.port}/`);
    broker.broadcast({ type: 'x' }, { ip: '127.0.0.1' });
    broker.broadcast({ type: 'y' }, { ip: '::1' });
    expect([await _four.next(), await _six.next()]).toEqual([{ type: 'x' }, { type: 'y' }]);
  });
});

test('wskey is the broker’s own and unique, though clients send the same Sec-WebSocket-Key', async () => {
  const keys: string[] = [];
  await using broker = await startBroker({
    onClientConnect: ({ sessionInfo }) => void keys.push(sessionInfo.wskey),
  });
  await using sockets = new Disposables();
  const sameKey = '0aCw4LH5MR7bIacx5PtEtA==';
  for (let n = 0; n < 10; n += 1) {
    const tcp = sockets.use(await connectTcp(broker.port));
    tcp.write(
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${sameKey}\r\n\r\n`,
    );
    await tcp.receiving(/^HTTP\/1\.1 101 /);
  }
  expect(new Set(keys).size).toBe(10);
  for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

describe('cookies', () => {
  test('fill fields under names in lower case, values as they came', async () => {
    expect(await infoOf({ cookie: 'PHPSESSID=28jg1m5u; name="Ada L"; empty=; a=b=c; p=%41+' })).toEqual({
      ip: '127.0.0.1',
      wskey: expect.any(String) as string,
      phpsessid: '28jg1m5u',
      name: '"Ada L"',
      empty: '',
      a: 'b=c',
      p: '%41+',
    });
  });

  test('never fill a reserved name, however it is written, nor a prototype', async () => {
    const cookie =
      'ip=6.6.6.6; IP=6.6.6.6; wskey=mine; WsKey=mine; __proto__=x; __PROTO__=x; constructor=y; toString=z';
    const info = await infoOf({ cookie });
    expect(info['ip']).toBe('127.0.0.1');
    expect(info['wskey']).not.toBe('mine');
    expect(Object.getPrototypeOf(info)).toBe(Object.prototype);
    expect(info).toMatchObject({ constructor: 'y', tostring: 'z' });
  });

  test('`cookies: false` fills none, a list fills those named', async () => {
    const cookie = 'room=1; Name=Ada; other=x';
    expect(Object.keys(await infoOf({ cookie }, { cookies: false })).toSorted()).toEqual(['ip', 'wskey']);
    expect(await infoOf({ cookie }, { cookies: ['NAME', 'wskey', 'absent'] })).toEqual({
      ip: '127.0.0.1',
      wskey: expect.stringMatching(/^.{22}$/) as string,
      name: 'Ada',
    });
  });

  test('of one name twice, the first counts; of a hundred, fifty are kept; garbage is none', async () => {
    expect(await infoOf({ cookie: 'a=1; A=2; a=3' })).toMatchObject({ a: '1' });
    const many = Array.from({ length: 100 }, (_, n) => `c${n}=x`).join('; ');
    expect(Object.keys(await infoOf({ cookie: many }))).toHaveLength(52);
    expect(Object.keys(await infoOf({ cookie: ';;; = ;=x; é; ,' }))).toEqual(
      expect.arrayContaining(['ip', 'wskey']),
    );
  });
});

test('`session` merges objects field by field, replaces all else, and goes before a cookie of the same name', async () => {
  const changes: object[] = [
    { room: 'set', user: { name: 'Ada', tags: ['a', 'b'] } },
    { user: { age: 36, tags: ['c'] }, other: null },
    { user: { name: null }, room: { a: 1 } },
  ];
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-next' ? [{ type: 'session', data: changes[Number(message['n'])] }] : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url, { headers: { cookie: 'room=cookie; kept=yes' } });
  const seen = [];
  for (const n of [0, 1, 2]) {
    client.send({ type: 'next', n });
    client.send({ type: 'seen' });
    const { connection } = await backend.next(({ message }) => message.type === 'client-seen');
    const { ip: _ip, wskey: _wskey, ...rest } = connection;
    seen.push(rest);
  }
  expect(seen).toEqual([
    { kept: 'yes', room: 'set', user: { name: 'Ada', tags: ['a', 'b'] } },
    { kept: 'yes', room: 'set', user: { name: 'Ada', age: 36, tags: ['c'] }, other: null },
    { kept: 'yes', room: { a: 1 }, user: { name: null, age: 36, tags: ['c'] }, other: null },
  ]);
});

test('what the backend sets in the connect answer is in the next event, and in session-disconnect though the client has left', async () => {
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  await using backend = await startFakeBackend(async ({ message }) => {
    if (message.type !== 'session-connect') return [];
    await left;
    return [
      { type: 'session', data: { user: 'Ada' }, add: { rooms: 'lobby' } },
      { type: 'send', message: { type: 'too late' } },
      { type: 'close' },
    ];
  });
  await using broker = await startBroker({ backend: { url: backend.url, allow: ['127.0.0.1'] } });
  const client = await connectRaw(broker.url);
  client.send({ type: 'hello' });
  await client.close();
  await broker.logs.next(({ message }) => message.startsWith('← connection closed'));
  leave();
  const hello = await backend.next(({ message }) => message.type === 'client-hello');
  const gone = await backend.next(({ message }) => message.type === 'session-disconnect');
  expect(hello.connection).toMatchObject({ user: 'Ada', rooms: ['lobby'] });
  expect(gone.connection).toEqual(hello.connection);
  expect(broker.logs.messages('error')).toEqual([]);
  expect((await postCommands(broker.httpUrl, [{ type: 'list' }])).body).toEqual([[]]);
});
