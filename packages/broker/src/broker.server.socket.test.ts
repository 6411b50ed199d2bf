import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  connectRaw,
  connectTcp,
  MemoryLogger,
  postCommands,
  postText,
  watchForLeaks,
} from '@wsbroker/testkit';
import { expect, test, vi } from 'vitest';
import { type BrokerOptions, Broker } from './index.ts';

/** A broker on a server of the application's, both closed and checked for leaks at the end. */
const startOn = async (server: Server, options: BrokerOptions = {}) => {
  const leaks = watchForLeaks();
  const logs = new MemoryLogger();
  const broker = Broker({ server, log: logs, ...options });
  if (!server.listening && options.port === undefined) server.listen(0, '127.0.0.1');
  await broker.ready;
  return {
    broker,
    logs,
    httpUrl: `http://127.0.0.1:${broker.port}/`,
    url: `ws://127.0.0.1:${broker.port}/`,
    async [Symbol.asyncDispose]() {
      await broker.close();
      await new Promise((resolve) => server.close(resolve));
      await leaks.assertNone();
    },
  };
};

const allowed = { backend: { type: 'function' as const, handle: () => [], allow: ['127.0.0.1'] } };

/** As an Express app does: answers everything, reads bodies, knows nothing of a broker. */
const application: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end(`app: ${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
  });
};

const get = (url: string) => fetch(url, { headers: { connection: 'close' } }).then((answer) => answer.text());

test.each(['before', 'after'])(
  'a request handler added %s the broker goes on serving GET and POST, and never sees a command',
  async (when) => {
    const seen: string[] = [];
    const listener: RequestListener = (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      application(request, response);
    };
    const server = createServer();
    if (when === 'before') server.on('request', listener);
    await using on = await startOn(server, allowed);
    if (when === 'after') server.on('request', listener);

    expect(await get(`${on.httpUrl}page?x=1`)).toBe('app: GET /page?x=1 ');
    expect(await get(on.httpUrl)).toBe('app: GET / ');
    expect((await postText(`${on.httpUrl}form`, 'a=b')).body).toBe('app: POST /form a=b');
    expect(await postCommands(on.httpUrl, [{ type: 'list' }])).toMatchObject({ status: 200, body: [[]] });
    await using client = await connectRaw(on.url);
    expect(client.isOpen).toBe(true);
    expect(seen).toEqual(['GET /page?x=1', 'GET /', 'POST /form']);
  },
);

test('a handler given to createServer() goes on working, its `once` and `off` included', async () => {
  const server = createServer(application);
  await using on = await startOn(server, allowed);
  const onceSeen = vi.fn<RequestListener>();
  server.once('request', onceSeen);
  await get(on.httpUrl);
  await get(on.httpUrl);
  expect(onceSeen).toHaveBeenCalledTimes(1);
  expect(server.listenerCount('request')).toBe(1);
});

test('with a `commandPath`, only POSTs there are commands', async () => {
  await using on = await startOn(createServer(application), { ...allowed, commandPath: '/commands' });
  expect(await postCommands(`${on.httpUrl}commands?key=1`, [])).toMatchObject({ status: 200, body: [] });
  expect((await postText(on.httpUrl, 'x')).body).toBe('app: POST / x');
});

test('a refused command does not reach the application either', async () => {
  const seen = vi.fn<RequestListener>(application);
  await using on = await startOn(createServer(seen));
  expect(await postCommands(on.httpUrl, [{ type: 'list' }])).toMatchObject({ status: 403 });
  expect(seen).not.toHaveBeenCalled();
});

test('a server without handlers of its own says what it is', async () => {
  await using on = await startOn(createServer());
  expect(await get(on.httpUrl)).toContain('wsbroker');
});

test('a server that listens already is used as it is', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using on = await startOn(server);
  expect(on.broker.port).toBe(port);
  expect(on.broker.httpServer).toBe(server);
  await using client = await connectRaw(on.url);
  expect(client.isOpen).toBe(true);
});

test('a server that its owner starts later makes the broker ready when it does', async () => {
  const server = createServer();
  let isReady = false;
  const broker = Broker({ server, log: new MemoryLogger() });
  const ready = broker.ready.then(() => (isReady = true));
  await new Promise(setImmediate);
  expect(isReady).toBe(false);
  server.listen(0, '127.0.0.1');
  await ready;
  expect(broker.port).toBe((server.address() as AddressInfo).port);
  await broker.close();
  await new Promise((resolve) => server.close(resolve));
});

test('with `server` and `port` the broker listens itself', async () => {
  await using on = await startOn(createServer(application), { port: 0, host: '127.0.0.1' });
  expect(on.broker.httpServer.listening).toBe(true);
  expect(await get(on.httpUrl)).toBe('app: GET / ');
});

test("a server of the owner's that cannot listen makes `ready` reject, and names its port", async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const server = createServer();
  const broker = Broker({ server, log: new MemoryLogger() });
  server.listen(port, '127.0.0.1');
  await expect(broker.ready).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining(`127.0.0.1:${port} is taken`) as string,
  });
  await broker.close();
  await new Promise((resolve) => taken.close(resolve));
});

test('close() leaves the server to its owner: it goes on listening and serving, without the broker', async () => {
  const server = createServer(application);
  await using on = await startOn(server, allowed);
  await on.broker.close();
  expect(server.listening).toBe(true);
  expect(await get(on.httpUrl)).toBe('app: GET / ');
  expect((await postCommands(on.httpUrl, [])).body).toBe('app: POST / data=%5B%5D');
  expect(Object.hasOwn(server, 'emit')).toBe(false);
  await expect(connectRaw(on.url)).rejects.toMatchObject({ status: 200 });
});

test("with a `path`, other upgrades are left to the server's other listeners", async () => {
  const server = createServer();
  await using on = await startOn(server, { path: '/ws' });
  server.on('upgrade', (request, stream) => {
    if (request.url === '/other')
      stream.end('HTTP/1.1 418 Other\r\nConnection: close\r\n\r\n', () => stream.destroy());
  });
  await using client = await connectRaw(`${on.url}ws?room=1`);
  expect(client.isOpen).toBe(true);
  await expect(connectRaw(`${on.url}other`)).rejects.toMatchObject({ status: 418 });
});

test('with a `path` and no other listener, other upgrades get a 404, and the connection ends', async () => {
  const server = createServer();
  await using on = await startOn(server, { path: '/ws' });
  await expect(connectRaw(`${on.url}other`)).rejects.toMatchObject({ status: 404 });
  // A peer that keeps its half open holds nothing here.
  await using tcp = await connectTcp(on.broker.port);
  tcp.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await tcp.ended;
  await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0), 10_000);
});

test('an upgrade for nobody whose peer resets the connection at that moment ends nothing', async () => {
  const server = createServer();
  await using on = await startOn(server, { path: '/ws' });
  for (let round = 0; round < 20; round += 1) {
    await using tcp = await connectTcp(on.broker.port);
    tcp.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    tcp.socket.resetAndDestroy();
  }
  await using client = await connectRaw(`${on.url}ws`);
  expect(client.isOpen).toBe(true);
});

test('two brokers share one server by path, and each leaves the other alone when it is closed', async () => {
  const server = createServer(application);
  await using first = await startOn(server, { ...allowed, path: '/a', commandPath: '/a' });
  await using second = await startOn(server, { ...allowed, path: '/b', commandPath: '/b' });
  await using client = await connectRaw(`${second.url}b`);
  const list = () => postCommands(`${second.httpUrl}b`, [{ type: 'list', count: true }]);
  expect((await list()).body).toEqual([{ count: 1 }]);
  expect(await postCommands(`${first.httpUrl}a`, [{ type: 'list', count: true }])).toMatchObject({
    body: [{ count: 0 }],
  });
  await first.broker.close();
  expect((await list()).body).toEqual([{ count: 1 }]);
  expect(client.isOpen).toBe(true);
  expect((await postText(`${first.httpUrl}a`, 'x')).body).toBe('app: POST /a x');
});

const connectionsOf = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
