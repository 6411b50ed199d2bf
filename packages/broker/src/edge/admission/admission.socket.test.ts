import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  brokerStarter,
  connectRaw,
  connectTcp,
  connectV1,
  Disposables,
  type RawClientOptions,
  startFakeBackend,
  type UpgradeRefused,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);

/** Of a client that is behind a proxy on this machine. */
const from = (address: string): RawClientOptions => ({ headers: { 'x-forwarded-for': address } });

/** What the handshake was answered with. */
const refusalOf = (connecting: Promise<unknown>): Promise<UpgradeRefused> =>
  connecting.then(
    () => {
      throw new Error('the handshake was taken');
    },
    (error: unknown) => error as UpgradeRefused,
  );

const seconds = (refused: UpgradeRefused): number => Number(refused.headers['retry-after']);

const noRoom = 'The broker has no room for more connections.';
const noRoomForAddress = 'Too many connections from your address.';
const tooManyAtOnce = 'Too many clients are connecting at once.';
const tooManyFromAddress = 'Too many handshakes from your address.';

test('P120, P122: past `maxConnections` a handshake is 503 with Retry-After and the reason; who leaves makes room', async () => {
  await using broker = await startBroker({ maxConnections: 3 });
  await using clients = new Disposables();
  const first = clients.use(await connectRaw(broker.url));
  clients.use(await connectV1(broker.url));
  clients.use(await connectRaw(broker.url, from('192.0.2.1')));
  const refused = await refusalOf(connectRaw(broker.url));
  expect(refused).toMatchObject({ status: 503, body: noRoom });
  expect(seconds(refused)).toBeGreaterThan(0);
  await first.close();
  clients.use(await connectRaw(broker.url));
  expect(await refusalOf(connectRaw(broker.url))).toMatchObject({ status: 503 });
});

test('P123: past `maxConnectionsPerAddress` an address is refused, and others are not', async () => {
  await using broker = await startBroker({ maxConnectionsPerAddress: 2 });
  await using clients = new Disposables();
  for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.3']) {
    clients.use(await connectRaw(broker.url, from(address)));
  }
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    expect(await refusalOf(connectRaw(broker.url, from(address)))).toMatchObject({
      status: 503,
      body: noRoomForAddress,
      headers: { 'retry-after': '5' },
    });
  }
  clients.use(await connectRaw(broker.url, from('192.0.2.3')));
});

test('P123: without trusted proxies the peer counts, whatever it forwards', async () => {
  await using broker = await startBroker({ maxConnectionsPerAddress: 1, trustedProxies: [] });
  await using clients = new Disposables();
  clients.use(await connectRaw(broker.url, from('192.0.2.1')));
  expect(await refusalOf(connectRaw(broker.url, from('192.0.2.2')))).toMatchObject({
    body: noRoomForAddress,
  });
  clients.use(await connectRaw(broker.url, { ws: { localAddress: '127.0.0.2' } }));
});

test('P123: an address of IPv6 counts as its /64, and IPv4 within IPv6 as IPv4', async () => {
  await using broker = await startBroker({ maxConnectionsPerAddress: 1 });
  await using clients = new Disposables();
  clients.use(await connectRaw(broker.url, from('2001:db8:0:1::1')));
  expect(await refusalOf(connectRaw(broker.url, from('2001:db8:0:1:ffff::9')))).toMatchObject({
    status: 503,
  });
  clients.use(await connectRaw(broker.url, from('2001:db8:0:2::1')));
  clients.use(await connectRaw(broker.url, from('192.0.2.1')));
  expect(await refusalOf(connectRaw(broker.url, from('::ffff:192.0.2.1')))).toMatchObject({ status: 503 });
});

test('P123: a trusted proxy stands for nobody: only what holds in all holds for those whom it does not name', async () => {
  await using broker = await startBroker({
    maxConnectionsPerAddress: 1,
    handshakesPerSecondPerAddress: 1,
    handshakeBurstPerAddress: 1,
    maxConnections: 10,
  });
  await using clients = new Disposables();
  const own: RawClientOptions[] = [{}, from('127.0.0.1'), from('::1, 127.0.0.9'), from('no address')];
  for (let n = 0; n < 10; n += 1) clients.use(await connectRaw(broker.url, own[n % own.length] ?? {}));
  expect(await refusalOf(connectRaw(broker.url))).toMatchObject({ body: noRoom });
});

test('P121: handshakes past `handshakeBurstPerAddress` are 503, and after Retry-After one gets in', async () => {
  await using broker = await startBroker({ handshakesPerSecondPerAddress: 1, handshakeBurstPerAddress: 2 });
  for (let n = 0; n < 2; n += 1) await (await connectRaw(broker.url, from('192.0.2.1'))).close();
  const refused = await refusalOf(connectRaw(broker.url, from('192.0.2.1')));
  expect(refused).toMatchObject({ status: 503, body: tooManyFromAddress });
  await (await connectRaw(broker.url, from('192.0.2.2'))).close();
  // What a client does that takes the answer at its word.
  await delay(seconds(refused) * 1_000);
  await (await connectRaw(broker.url, from('192.0.2.1'))).close();
});

test('P121: handshakes past `handshakeBurst` are 503 for everybody, and after Retry-After one gets in', async () => {
  await using broker = await startBroker({ handshakesPerSecond: 1, handshakeBurst: 3 });
  const began = performance.now();
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => connectRaw(broker.url, from(`192.0.2.${n}`))),
  );
  const tookSeconds = Math.ceil((performance.now() - began) / 1_000);
  const taken = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as UpgradeRefused] : []));
  expect(taken.length).toBeGreaterThanOrEqual(3);
  expect(taken.length).toBeLessThanOrEqual(3 + tookSeconds);
  expect(new Set(refused.map(({ status, body }) => `${status} ${body}`))).toEqual(
    new Set([`503 ${tooManyAtOnce}`]),
  );
  for (const client of taken) await client.close();
  await delay(Math.max(...refused.map(seconds)) * 1_000);
  await (await connectRaw(broker.url, from('192.0.2.99'))).close();
});

test('P121: a handshake of a foreign page counts too, and one that is refused counts nowhere', async () => {
  await using broker = await startBroker({ handshakesPerSecondPerAddress: 1, handshakeBurstPerAddress: 3 });
  const foreign = { headers: { 'x-forwarded-for': '192.0.2.1', origin: 'https://evil.example' } };
  const statuses: number[] = [];
  let last: UpgradeRefused | undefined;
  for (let n = 0; n < 30 && last?.status !== 503; n += 1) {
    last = await refusalOf(connectRaw(broker.url, foreign));
    statuses.push(last.status);
  }
  expect(statuses.slice(0, 3)).toEqual([403, 403, 403]);
  expect(last).toMatchObject({ status: 503, body: tooManyFromAddress, headers: { 'retry-after': '1' } });
});

test('P120: the log tells of refusals once, and not at each', async () => {
  await using broker = await startBroker({ maxConnections: 1, maxConnectionsPerAddress: 1 });
  await using client = await connectRaw(broker.url, from('192.0.2.1'));
  for (let n = 0; n < 10; n += 1) await refusalOf(connectRaw(broker.url, from('192.0.2.1')));
  expect(broker.logs.entries.filter(({ level }) => level === 'warn')).toEqual([
    {
      level: 'warn',
      message: `! refused a client: ${noRoom} (\`maxConnections\` is 1)`,
      fields: { address: '192.0.2.1' },
    },
  ]);
  expect(client.isOpen).toBe(true);
});

test('one warning says that a proxy is not trusted: its clients would all count as one address', async () => {
  await using broker = await startBroker({ trustedProxies: ['192.0.2.1'] });
  for (let n = 0; n < 3; n += 1) await (await connectRaw(broker.url, from('198.51.100.1'))).close();
  expect(broker.logs.entries.filter(({ level }) => level === 'warn')).toEqual([
    { level: 'warn', message: expect.stringContaining('`trustedProxies`'), fields: { peer: '127.0.0.1' } },
  ]);
});

test('no such warning where the proxy is trusted, or there is none', async () => {
  await using broker = await startBroker();
  await (await connectRaw(broker.url, from('198.51.100.1'))).close();
  await (await connectRaw(broker.url)).close();
  expect(broker.logs.messages('warn')).toEqual([]);
});

test('P122: a connection that waits for its client keeps its place until its time is over', async () => {
  await using broker = await startBroker({ maxConnections: 2, resumeGraceMs: 500 });
  await using lost = await connectV1(broker.url);
  await using other = await connectRaw(broker.url);
  await lost.terminate();
  expect(await refusalOf(connectRaw(broker.url))).toMatchObject({ status: 503, body: noRoom });
  await expect
    .poll(() => connectRaw(broker.url).then((client) => client.close()), { timeout: 20_000 })
    .toBeTruthy();
  expect(other.isOpen).toBe(true);
});

test('P122, P125: what a former process has left counts in all, for no address, and goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-admission-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  await using backend = await startFakeBackend();
  const options = { backend: { url: backend.url }, journal: join(folder, 'events.db') };
  const broker = await startBroker(options);
  await using first = await connectV1(broker.url, from('192.0.2.1'));
  await using second = await connectV1(broker.url, from('192.0.2.1'));
  await first.deliveredUpTo(first.send({ type: 'one' }));
  await second.deliveredUpTo(second.send({ type: 'one' }));
  await broker[Symbol.asyncDispose]();

  await using next = await startBroker({ ...options, maxConnections: 3, maxConnectionsPerAddress: 1 });
  await using other = await connectRaw(next.url, from('192.0.2.1'));
  expect(await refusalOf(connectRaw(next.url))).toMatchObject({ status: 503, body: noRoom });
  for (const { opened, received } of [first, second]) {
    await using again = await connectV1(next.url, { ...from('192.0.2.1'), token: opened.token, received });
    expect(again.opened).toMatchObject({ resumed: true, connection: opened.connection });
    await again.close(1000);
  }
  // They had no address while they waited, and have left no count of it.
  await other.close();
  await expect
    .poll(() => connectRaw(next.url, from('192.0.2.1')).then((client) => client.close()), { timeout: 20_000 })
    .toBeTruthy();
});

test('P124: with no room left, a client of wsbroker.v1 that wants a new connection is closed with 4002', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, maxConnections: 1 });
  await using client = await connectRaw(broker.url);
  await backend.next();
  for (const open of ['["open",{}]', '["open",{"token":"unknown","received":3}]']) {
    await using late = await connectRaw(broker.url, { protocols: 'wsbroker.v1' });
    late.send(open);
    late.send('["open",{}]');
    late.send('{"type":"hello"}');
    expect(await late.closed).toEqual({ code: 4002, reason: 'overloaded' });
    expect(late.received).toEqual([]);
  }
  await client.close();
  await using next = await connectV1(broker.url);
  expect(next.opened.resumed).toBe(false);
  await backend.next(({ message }) => message.type === 'session-connect');
  expect(backend.events.map(({ message }) => message.type)).toEqual([
    'session-connect',
    'session-disconnect',
    'session-connect',
  ]);
});

test('P124: the same when its address has no more, and others get in', async () => {
  await using broker = await startBroker({ maxConnectionsPerAddress: 1 });
  await using first = await connectV1(broker.url, from('192.0.2.1'));
  await using late = await connectRaw(broker.url, { ...from('192.0.2.1'), protocols: 'wsbroker.v1' });
  late.send('["open",{}]');
  expect(await late.closed).toEqual({ code: 4002, reason: 'overloaded' });
  expect(await refusalOf(connectRaw(broker.url, from('192.0.2.1')))).toMatchObject({
    body: noRoomForAddress,
  });
  await using other = await connectV1(broker.url, from('192.0.2.2'));
  expect([first.raw.isOpen, other.raw.isOpen]).toEqual([true, true]);
});

test('P125: a client that goes on gets in though every place is taken, and its address has no more either', async () => {
  await using broker = await startBroker({ maxConnections: 3, maxConnectionsPerAddress: 1 });
  await using first = await connectV1(broker.url, from('192.0.2.1'));
  await using second = await connectRaw(broker.url);
  await using third = await connectRaw(broker.url);
  await first.terminate();
  expect(await refusalOf(connectRaw(broker.url))).toMatchObject({ status: 503 });
  await using again = await connectV1(broker.url, {
    ...from('192.0.2.1'),
    token: first.opened.token,
    received: first.received,
  });
  expect(again.opened).toMatchObject({ resumed: true, connection: first.opened.connection });
  expect(await refusalOf(connectRaw(broker.url))).toMatchObject({ status: 503 });
  expect([second.isOpen, third.isOpen]).toEqual([true, true]);
});

test('P125: the same when its former socket is still open, which then is cut', async () => {
  await using broker = await startBroker({ maxConnections: 2, maxConnectionsPerAddress: 1 });
  await using first = await connectV1(broker.url, from('192.0.2.1'));
  await using other = await connectRaw(broker.url);
  first.raw.pause();
  await using again = await connectV1(broker.url, {
    ...from('192.0.2.1'),
    token: first.opened.token,
    received: first.received,
  });
  expect(again.opened.resumed).toBe(true);
  expect(await refusalOf(connectRaw(broker.url))).toMatchObject({ status: 503 });
  await again.close(1000);
  // The former one has answered nothing: its place would be held for as long as a closing handshake may take.
  await using next = await connectRaw(broker.url);
  first.raw.resume();
  expect((await first.closed).code).toBe(4003);
  expect([other.isOpen, next.isOpen]).toEqual([true, true]);
});

test('P122: a place is given back however a client leaves, and by handshakes that come to nothing', async () => {
  const max = 4;
  await using broker = await startBroker({
    maxConnections: max,
    maxConnectionsPerAddress: max,
    resumeGraceMs: 0,
    handshakeTimeoutMs: 300,
  });
  const same = from('192.0.2.1');
  const handshake = (headers: readonly string[]): string =>
    ['GET / HTTP/1.1', 'Host: x', 'X-Forwarded-For: 192.0.2.1', ...headers, '', ''].join('\r\n');
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
  const leaving: (() => Promise<unknown>)[] = [
    () => connectRaw(broker.url, same).then((client) => client.close()),
    () => connectRaw(broker.url, same).then((client) => client.terminate()),
    () => connectV1(broker.url, same).then((client) => client.close()),
    () => connectV1(broker.url, same).then((client) => client.terminate()),
    // Says nothing, or something else.
    () => connectRaw(broker.url, { ...same, protocols: 'wsbroker.v1' }).then(({ closed }) => closed),
    () =>
      connectRaw(broker.url, { ...same, protocols: 'wsbroker.v1' }).then((client) => {
        client.send('{}');
        return client.closed;
      }),
    // Refused by `ws`: without a key.
    () =>
      connectTcp(broker.port).then(async (tcp) => {
        tcp.write(handshake([...upgrade, 'Sec-WebSocket-Version: 13']));
        await tcp.receiving(/^HTTP\/1\.1 400 /);
        await tcp[Symbol.asyncDispose]();
      }),
    // Gone before the answer.
    () =>
      connectTcp(broker.port).then(async (tcp) => {
        const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
        tcp.write(handshake([...upgrade, 'Sec-WebSocket-Version: 13', key]));
        tcp.socket.resetAndDestroy();
        await tcp.closed;
      }),
  ];
  for (const leave of leaving) {
    for (let n = 0; n < max; n += 1) await leave();
    // Some are noticed a moment later.
    await expect
      .poll(() => fill(broker.url, max, same).catch((error: unknown) => error), { timeout: 20_000 })
      .toBe('just so many');
  }
});

/** Fills every place at once, sees that there is not one more, and leaves. */
const fill = async (url: string, max: number, options: RawClientOptions): Promise<string> => {
  await using clients = new Disposables();
  for (let n = 0; n < max; n += 1) clients.use(await connectRaw(url, options));
  const { body } = await refusalOf(connectRaw(url, options));
  return body === noRoom ? 'just so many' : body;
};
