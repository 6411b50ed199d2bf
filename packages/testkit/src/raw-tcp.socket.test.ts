import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { connectTcp } from './raw-tcp.ts';

const startServer = async (greet: string) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(greet);
    socket.on('data', (chunk) => (chunk.toString() === 'bye' ? socket.end() : socket.write(chunk)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

test('a raw TCP connection gathers what it receives and waits for a pattern', async () => {
  await using server = await startServer('hello ');
  await using tcp = await connectTcp(server.port);
  await tcp.receiving(/hello/);
  tcp.write('echo 42');
  const [, number] = await tcp.receiving(/echo (\d+)/);
  expect(number).toBe('42');
  expect(tcp.text).toBe('hello echo 42');
});

test('a wait for what never comes ends when the connection does, and tells what came', async () => {
  await using server = await startServer('hello');
  await using tcp = await connectTcp(server.port);
  await tcp.receiving(/hello/);
  tcp.write('bye');
  tcp.socket.on('end', () => tcp.socket.end());
  await expect(tcp.receiving(/never/)).rejects.toThrow(/closed.*hello/s);
});
