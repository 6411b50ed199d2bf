import { setTimeout as delay } from 'node:timers/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  brokerStarter,
  connectRaw,
  connectTcp,
  MemoryLogger,
  postCommands,
  startFakeBackend,
  watchForLeaks,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from './index.ts';

const startBroker = brokerStarter(Broker);
const local = { port: 0, host: '127.0.0.1' };

const takenPort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

test('`port: 0` takes a free port, and `broker.port` tells which; before `ready` it is 0', async () => {
  const broker = Broker({ ...local, log: new MemoryLogger() });
  await using _ = broker;
  expect(broker.port).toBe(0);
  await broker.ready;
  expect(broker.port).toBeGreaterThan(0);
  await using client = await connectRaw(`ws://127.0.0.1:${broker.port}/`);
  expect(client.isOpen).toBe(true);
});

test('a given port is the one that is listened on', async () => {
  const { port } = await (async () => {
    await using free = await takenPort();
    return { port: free.port };
  })();
  await using broker = await startBroker({ port });
  expect(broker.port).toBe(port);
});

test('`ready` rejects with port-taken, naming address and port, when another program listens there', async () => {
  await using taken = await takenPort();
  await using broker = Broker({ ...local, port: taken.port, log: new MemoryLogger() });
  await expect(broker.ready).rejects.toMatchObject({
    name: 'BrokerError',
    code: 'port-taken',
    message: expect.stringContaining(`127.0.0.1:${taken.port} is taken`) as string,
  });
});

test('a taken port is one error in the log, and no unhandled rejection when nobody asks for `ready`', async () => {
  await using taken = await takenPort();
  const logs = new MemoryLogger();
  await using broker = Broker({ ...local, port: taken.port, log: logs });
  const entry = await logs.next(({ level }) => level === 'error');
  expect(entry.fields['err']).toMatchObject({ code: 'port-taken' });
  await broker.close();
  expect(logs.messages('error')).toHaveLength(1);
});

test('a broker whose port was taken leaves nothing behind, though nobody closes it', async () => {
  await using taken = await takenPort();
  const leaks = watchForLeaks();
  const broker = Broker({ ...local, port: taken.port, log: new MemoryLogger() });
  await expect(broker.ready).rejects.toMatchObject({ code: 'port-taken' });
  await leaks.assertNone();
});

test('an address that this machine has not is said so', async () => {
  await using broker = Broker({ port: 0, host: '192.0.2.1', log: new MemoryLogger() });
  await expect(broker.ready).rejects.toMatchObject({
    code: 'listen-failed',
    message: expect.stringContaining('192.0.2.1') as string,
  });
});

test('close() ends clients with 1001, and the port is free again', async () => {
  const leaks = watchForLeaks();
  const broker = Broker({ ...local, log: new MemoryLogger() });
  await broker.ready;
  const { port } = broker;
  await using client = await connectRaw(`ws://127.0.0.1:${port}/`);
  await broker.close();
  expect(await client.closed).toEqual({ code: 1001, reason: 'the broker is closing' });
  await using again = await startBroker({ port });
  expect(again.port).toBe(port);
  await client[Symbol.asyncDispose]();
  await again.close();
  await leaks.assertNone();
});

test('close() twice, and together with `await using`, closes once', async () => {
  const logs = new MemoryLogger();
  {
    await using broker = Broker({ ...local, log: logs });
    await broker.ready;
    await Promise.all([broker.close(), broker.close()]);
    await broker.close();
  }
  expect(logs.messages('info').filter((line) => line.includes('closed'))).toHaveLength(1);
});

test('`await using` closes the broker', async () => {
  let url;
  {
    await using broker = Broker({ ...local, log: new MemoryLogger() });
    await broker.ready;
    url = `ws://127.0.0.1:${broker.port}/`;
  }
  await expect(connectRaw(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('closing before it is ready leaves nothing listening', async () => {
  const leaks = watchForLeaks();
  const broker = Broker({ ...local, log: new MemoryLogger() });
  await broker.close();
  expect(broker.httpServer.listening).toBe(false);
  await leaks.assertNone();
});

test('closing while the given server has not begun to listen resolves, and `ready` rejects with closed', async () => {
  const leaks = watchForLeaks();
  const server = createServer();
  const broker = Broker({ server, log: new MemoryLogger() });
  await broker.close();
  await expect(broker.ready).rejects.toMatchObject({ name: 'BrokerError', code: 'closed' });
  expect(server.eventNames()).toEqual(createServer().eventNames());
  await leaks.assertNone();
});

test('close() does not wait for TCP connections that never asked for anything, or only half', async () => {
  await using broker = await startBroker();
  await using silent = await connectTcp(broker.port);
  await using half = await connectTcp(broker.port);
  half.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nno more');
  await using handshake = await connectTcp(broker.port);
  handshake.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n');
  await broker.close();
  await Promise.all([silent.ended, half.ended, handshake.ended]);
});

test('close() does not wait for a client that never completes the closing handshake', async () => {
  await using broker = await startBroker();
  await using client = await connectRaw(broker.url);
  client.pause();
  await broker.close();
  client.resume();
  expect(broker.websocketServer.clients.size).toBe(0);
});

test.each([
  ['as long as it does by default', {}],
  ['for ever', { drainMs: Infinity }],
])(
  'a command POST that runs while the broker closes gets its results, when that may wait %s',
  async (_what, options) => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: answer, resolve: answerNow } = Promise.withResolvers<void>();
    await using backend = await startFakeBackend();
    await using broker = await startBroker({
      backend: { type: 'http', url: backend.url, allow: ['127.0.0.1'] },
      backendCommands: {
        async slow() {
          ask();
          await answer;
          return 'done';
        },
      },
    });
    const posted = postCommands(broker.httpUrl, [{ type: 'slow' }]);
    await asked;
    const closed = broker.close(options);
    // Longer than 1 ms, after which a timer fires that is set too far ahead for Node.
    await delay(20);
    answerNow();
    expect(await posted).toMatchObject({ status: 200, body: ['done'] });
    await closed;
  },
);

test('P120: a handshake that comes while the broker closes is refused with 503 and Retry-After', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  await using backend = await startFakeBackend(async () => {
    await held;
    return [];
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using _ = {
    [Symbol.asyncDispose]: async () => void (await new Promise((done) => server.close(done))),
  };
  const broker = Broker({ server, log: new MemoryLogger(), backend: { type: 'http', url: backend.url } });
  await broker.ready;
  const url = `ws://127.0.0.1:${broker.port}/`;
  await using client = await connectRaw(url);
  const closed = broker.close();
  await client.closed;
  await expect(connectRaw(url)).rejects.toMatchObject({
    status: 503,
    body: 'The broker is closing.',
    headers: { 'retry-after': '1' },
  });
  release();
  await closed;
});
