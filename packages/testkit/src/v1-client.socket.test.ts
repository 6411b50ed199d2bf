import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectV1 } from './v1-client.ts';

/** As much of a broker as one client sees: it opens, and says what the test makes it say. */
const startServer = async (opened: object) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const received: unknown[] = [];
  let socket: WebSocket | undefined;
  server.on('connection', (accepted) => {
    socket = accepted;
    accepted.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as unknown[];
      received.push(frame);
      if (frame[0] === 'open')
        accepted.send(JSON.stringify(['opened', { received: 0, gap: false, ...opened }]));
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    say: (frame: unknown) => socket?.send(JSON.stringify(frame)),
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

test('opens, numbers what it sends and counts what it is sent', async () => {
  await using server = await startServer({ resumed: false, token: 't' });
  await using client = await connectV1(server.url);
  expect(client.opened).toMatchObject({ resumed: false, token: 't' });
  expect(client.send({ type: 'a' })).toBe(1);
  expect(client.request(7, { type: 'b' })).toBe(2);
  const frames = [
    ['ack', 2],
    { type: 'm' },
    ['failed', 1, 'refused', 'no'],
    ['reply', 7, {}],
    ['delivered', 2],
  ];
  for (const frame of frames) server.say(frame);
  await client.deliveredUpTo(2);
  await client.ackedUpTo(1);
  expect(await client.nextMessage()).toEqual({ type: 'm' });
  expect(client).toMatchObject({ received: 3, acked: 2, delivered: 2 });
  expect([...client.failed]).toEqual([[1, 'refused']]);
  client.ack();
  await expect
    .poll(() => server.received)
    .toEqual([['open', {}], { type: 'a' }, ['request', 7, { type: 'b' }], ['ack', 3]]);
});

test('goes on counting where a resumed connection stood', async () => {
  await using server = await startServer({ resumed: true, received: 5 });
  await using client = await connectV1(server.url, { token: 't', received: 3 });
  expect(server.received).toEqual([['open', { token: 't', received: 3 }]]);
  server.say({ type: 'm' });
  await client.nextMessage();
  expect(client.received).toBe(4);
  expect(client.send({ type: 'a' })).toBe(6);
});

test('begins to count anew after a gap', async () => {
  await using server = await startServer({ resumed: true, gap: true });
  await using client = await connectV1(server.url, { token: 't', received: 3 });
  expect(client.received).toBe(0);
});
