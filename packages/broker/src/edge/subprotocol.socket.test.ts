import { brokerStarter } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Broker } from '../broker.ts';

const startBroker = brokerStarter(Broker);

test("agrees to the first subprotocol that is the application's own", async () => {
  await using broker = await startBroker({});
  const socket = new WebSocket(broker.url, ['wsbroker.v9', 'chat', 'other']);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  expect(socket.protocol).toBe('chat');
  await new Promise((resolve) => {
    socket.once('close', resolve);
    socket.close();
  });
});

test('does not agree to a subprotocol of the broker that it does not speak', async () => {
  await using broker = await startBroker({});
  const socket = new WebSocket(broker.url, ['wsbroker.v9']);
  const [error] = await new Promise<[Error]>((resolve) => socket.once('error', (cause) => resolve([cause])));
  expect(error.message).toMatch(/subprotocol/i);
});
