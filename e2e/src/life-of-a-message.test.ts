import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBackend } from '@wsbroker/backend-node';
import { Broker, type Connection } from '@wsbroker/broker';
import { createClient } from '@wsbroker/client-browser';
import { defineContract } from '@wsbroker/protocol';
import { brokerStarter, connectRaw } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import * as z from 'zod';

const startBroker = brokerStarter(Broker);

const contract = defineContract({
  clientMessages: { say: z.object({ text: z.string() }) },
  serverMessages: { said: z.object({ text: z.string(), by: z.string() }) },
  session: z.object({ room: z.string() }),
});

/** A server on a free port, closed with all its connections when the test ends. */
const listen = async (handler: Parameters<typeof createServer>[1]) => {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** The same eight steps as on the architecture page. */
test('the life of a message', async () => {
  const posted: { id: string | undefined; type: string; room: unknown; inFlight: number }[] = [];
  let inFlight = 0;
  const enter = (ctx: { event: { id: string | undefined; type: string }; connection: object }): void => {
    inFlight += 1;
    const room = (ctx.connection as { room?: unknown }).room;
    posted.push({ id: ctx.event.id, type: ctx.event.type, room, inFlight });
  };

  const backend = createBackend(contract, {
    connect: (ctx) => {
      enter(ctx);
      inFlight -= 1;
      return ctx.session({ room: 'lobby' });
    },
    messages: {
      say: async (ctx, { text }) => {
        enter(ctx);
        // Another event of the connection would come in here, if there were more than one in flight.
        await new Promise((resolve) => setImmediate(resolve));
        inFlight -= 1;
        const { wskey } = ctx.connection;
        return ctx.send({ type: 'said', text, by: wskey }, { match: { room: 'LOBBY' } });
      },
    },
  });
  await using http = await listen(backend.nodeHandler);

  const read: unknown[] = [];
  const connections: Connection[] = [];
  await using broker = await startBroker({
    backend: { type: 'http', url: http.url },
    onClientConnect(connection) {
      connections.push(connection);
      return true;
    },
    onClientMessage(message) {
      read.push(structuredClone(message));
      return message['text'] !== 'kept here';
    },
  });

  // 7 needs somebody else in the room.
  await using bystander = await connectRaw(broker.url);
  await expect.poll(() => connections[0]?.sessionInfo['room']).toBe('lobby');

  // 1. The client sends it; while there is no socket yet, it waits in the queue.
  using client = createClient<typeof contract>({ url: broker.url });
  const heard: { text: string; by: string }[] = [];
  const all = new Promise<void>((resolve) => {
    client.on('said', (message) => {
      heard.push({ text: message.text, by: message.by });
      if (heard.length === 2) resolve();
    });
  });
  client.send({ type: 'say', text: 'first' });
  client.send({ type: 'say', text: 'kept here' });
  client.send({ type: 'say', text: 'second' });
  expect(client.status.queued).toBe(3);
  await all;
  const own = connections[1]?.sessionInfo.wskey;
  const ofOwn = posted.filter(({ id }) => id?.startsWith(`${own}-`));

  // 2. The edge reads it, and 3. it becomes an event, unless `onClientMessage` keeps it.
  expect(read).toEqual([
    { type: 'say', text: 'first' },
    { type: 'say', text: 'kept here' },
    { type: 'say', text: 'second' },
  ]);
  expect(ofOwn.map(({ type }) => type)).toEqual(['session-connect', 'client-say', 'client-say']);

  // 4. It waits its turn: in order, one in flight.
  expect(ofOwn.map(({ id }) => id)).toEqual([`${own}-1`, `${own}-2`, `${own}-3`]);
  expect(ofOwn.map((event) => event.inFlight)).toEqual([1, 1, 1]);

  // 5. The backend gets it, with the `connection` as it is at that moment.
  expect(ofOwn.map(({ room }) => room)).toEqual([undefined, 'lobby', 'lobby']);

  // 6. The answer is carried out, and 7. the reply fans out to all that match.
  for (const text of ['first', 'second']) {
    expect(await bystander.next()).toEqual({ type: 'said', text, by: own });
  }

  // 8. The client hears it.
  expect(heard).toEqual([
    { text: 'first', by: own },
    { text: 'second', by: own },
  ]);
});
