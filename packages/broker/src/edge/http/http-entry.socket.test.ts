import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brokerStarter, connectRaw, MemoryLogger, postCommands, watchForLeaks } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const backend = { type: 'function' as const, handle: () => [], allow: ['127.0.0.1'] };

const answerOf = async (url: string, method: string) => {
  const answer = await fetch(url, { method, headers: { connection: 'close' } });
  await answer.text();
  return [answer.status, answer.headers.get('allow')];
};

describe('P104: what is neither a WebSocket nor a command is answered with 405 and what is allowed', () => {
  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s', async (method) => {
    await using broker = await startBroker({ backend });
    expect(await answerOf(broker.httpUrl, method)).toEqual([405, 'GET, HEAD, POST']);
  });

  test('a POST elsewhere than to `commandPath`', async () => {
    await using broker = await startBroker({ backend, commandPath: '/commands' });
    expect(await answerOf(broker.httpUrl, 'POST')).toEqual([405, 'GET, HEAD']);
    expect(await answerOf(`${broker.httpUrl}commands`, 'PUT')).toEqual([405, 'GET, HEAD, POST']);
  });
});

/** Brokers on one server, which nobody else listens to. */
const startOn = async (server: Server, ...several: BrokerOptions[]) => {
  const leaks = watchForLeaks();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const brokers = several.map((options) => Broker({ server, log: new MemoryLogger(), ...options }));
  await Promise.all(brokers.map((broker) => broker.ready));
  const { port } = server.address() as AddressInfo;
  return {
    brokers,
    url: `ws://127.0.0.1:${port}/`,
    httpUrl: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      await Promise.all(brokers.map((broker) => broker.close()));
      await new Promise((resolve) => server.close(resolve));
      await leaks.assertNone();
    },
  };
};

test('a POST that nobody on a shared server takes is no success: a backend would take it for one', async () => {
  await using on = await startOn(createServer(), { backend, commandPath: '/commands' });
  expect((await postCommands(on.httpUrl, [{ type: 'list' }])).status).toBe(405);
  expect((await postCommands(`${on.httpUrl}commands`, [{ type: 'list' }])).status).toBe(200);
});

test.each([2, 3])(
  'P104: of %i brokers on one server by path, one answers an upgrade that none wants, with 404',
  async (count) => {
    const paths = ['/a', '/b', '/c'].slice(0, count);
    await using on = await startOn(createServer(), ...paths.map((path) => ({ path, backend })));
    await expect(connectRaw(`${on.url}other`)).rejects.toMatchObject({ status: 404 });
    for (const path of paths) {
      await using client = await connectRaw(on.url.slice(0, -1) + path);
      expect(client.isOpen).toBe(true);
    }
    // Whichever has left, the others go on saying so.
    for (const broker of on.brokers.slice(0, -1).toReversed()) {
      await broker.close();
      await expect(connectRaw(`${on.url}other`)).rejects.toMatchObject({ status: 404 });
    }
  },
);

test('with a listener of the application’s among them, an upgrade that none of the brokers wants is its own', async () => {
  const server = createServer();
  await using on = await startOn(server, { path: '/a' }, { path: '/b' });
  server.prependListener('upgrade', (request, stream) => {
    if (request.url === '/other')
      stream.end('HTTP/1.1 418 Other\r\nConnection: close\r\n\r\n', () => stream.destroy());
  });
  await expect(connectRaw(`${on.url}other`)).rejects.toMatchObject({ status: 418 });
  await using client = await connectRaw(`${on.url}b`);
  expect(client.isOpen).toBe(true);
});
