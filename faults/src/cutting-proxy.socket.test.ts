import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { CuttingProxy } from './cutting-proxy.ts';

/** Notes what arrives on each connection, and answers it with as many bytes. */
const startEcho = async () => {
  const received: string[] = [];
  const server = createServer((socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received[index] += chunk.toString();
      socket.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Sends through the proxy, and gives what came back until the connection ended. */
const exchange = async (url: string, text: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    answer += chunk.toString();
    if (answer === text) socket.end();
  });
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
};

test('lets exactly so many bytes through on the way up, once', async () => {
  await using echo = await startEcho();
  await using proxy = new CuttingProxy(echo.port, [{ direction: 'up', afterBytes: 4 }]);
  const url = await proxy.listen();
  await exchange(url, '0123456789');
  await expect.poll(() => echo.received).toEqual(['0123']);
  expect(proxy.cuts).toBe(1);
  expect(await exchange(url, '0123456789')).toBe('0123456789');
});

test('lets exactly so many bytes through on the way down, once', async () => {
  await using echo = await startEcho();
  await using proxy = new CuttingProxy(echo.port, [{ direction: 'down', afterBytes: 4 }]);
  const url = await proxy.listen();
  expect(await exchange(url, '0123456789')).toBe('0123');
  expect(await exchange(url, '0123456789')).toBe('0123456789');
  expect(proxy.connections).toBe(2);
});

test('does not cut what ends before', async () => {
  await using echo = await startEcho();
  await using proxy = new CuttingProxy(echo.port, [{ direction: 'up', afterBytes: 10 }]);
  expect(await exchange(await proxy.listen(), '0123456789')).toBe('0123456789');
  expect(proxy.cuts).toBe(0);
});
