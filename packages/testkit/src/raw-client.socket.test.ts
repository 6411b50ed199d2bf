import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectRaw } from './raw-client.ts';

const startServer = async (onSocket: (socket: WebSocket) => void = () => undefined) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', onSocket);
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

test('gets a message that the server sends together with the handshake', async () => {
  await using server = await startServer((socket) => socket.send('{"type":"hello"}'));
  await using client = await connectRaw(server.url);
  expect(await client.next()).toEqual({ type: 'hello' });
});

test('next takes messages in order, and leaves those that the predicate passes over', async () => {
  await using server = await startServer((socket) => {
    for (const n of [1, 2, 3]) socket.send(JSON.stringify({ n }));
  });
  await using client = await connectRaw(server.url);
  expect(await client.next((message) => message['n'] === 2)).toEqual({ n: 2 });
  expect(await client.next()).toEqual({ n: 1 });
  expect(await client.next()).toEqual({ n: 3 });
  expect(client.received).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test('sends objects as JSON, strings as they are, bytes as a binary frame', async () => {
  await using server = await startServer((socket) => {
    socket.on('message', (data: Buffer, isBinary) =>
      socket.send(JSON.stringify([data.toString(), isBinary])),
    );
  });
  await using client = await connectRaw(server.url);
  client.send({ a: 1 });
  client.send('not json');
  client.sendBytes(Buffer.from('b'));
  expect(await client.next()).toEqual(['{"a":1}', false]);
  expect(await client.next()).toEqual(['not json', false]);
  expect(await client.next()).toEqual(['b', true]);
});

test('text that is no JSON and binary frames come as they are', async () => {
  await using server = await startServer((socket) => {
    socket.send('plain');
    socket.send(Buffer.from([1, 2]));
  });
  await using client = await connectRaw(server.url);
  expect(await client.next()).toBe('plain');
  expect(await client.next()).toEqual(Buffer.from([1, 2]));
});

test('next rejects when nothing comes in time, and when the socket closes first', async () => {
  await using server = await startServer((socket) =>
    socket.once('message', () => socket.close(4001, 'slow')),
  );
  await using client = await connectRaw(server.url);
  await expect(client.next(undefined, 1)).rejects.toThrow('none within 1 ms');
  const waiting = client.next();
  client.send('x');
  await expect(waiting).rejects.toThrow('closed with 4001 slow');
  await expect(client.next()).rejects.toThrow('closed with 4001 slow');
  expect(await client.closed).toEqual({ code: 4001, reason: 'slow' });
});

test('a refused upgrade tells status, headers and body', async () => {
  const server = createServer();
  server.on('upgrade', (_request, socket) => {
    socket.end(
      'HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\nx-why: origin\r\nconnection: close\r\n\r\nnope',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await expect(connectRaw(url)).rejects.toMatchObject({
    name: 'UpgradeRefused',
    status: 403,
    body: 'nope',
    headers: { 'x-why': 'origin' },
  });
  server.close();
});

test('a paused client reads nothing until it resumes', async () => {
  let serverSide: WebSocket | undefined;
  await using server = await startServer((socket) => {
    serverSide = socket;
  });
  await using client = await connectRaw(server.url);
  client.pause();
  // More than the kernel's buffers take, so that the server has something left while the client does not read.
  serverSide?.send(Buffer.alloc(32 * 1024 * 1024));
  serverSide?.send('{"n":1}');
  await expect(client.next(undefined, 100)).rejects.toThrow('none within');
  expect(serverSide?.bufferedAmount).toBeGreaterThan(0);
  client.resume();
  expect(await client.next((message) => message['n'] === 1)).toEqual({ n: 1 });
});

test('terminate cuts the connection without a close frame', async () => {
  const codes: number[] = [];
  await using server = await startServer((socket) => socket.on('close', (code) => codes.push(code)));
  const client = await connectRaw(server.url);
  expect(await client.terminate()).toMatchObject({ code: 1006 });
  await expect.poll(() => codes).toEqual([1006]);
});
