import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { brokerStarter, type StartedBroker, watchForLeaks } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';
import type { Client } from './client.ts';
import { createClient } from './create-client.ts';
import type { ClientState, ClientStatus } from './status.ts';

const startBroker = brokerStarter<BrokerOptions, Broker>(Broker);

/** Sends every message back as `echo`, to whoever sent it; `close` closes as the message says. */
const echo = {
  backend: {
    type: 'function',
    handle({ type, ...fields }: { type: string; [field: string]: unknown }) {
      if (type === 'client-close') return [{ type: 'close', ...fields }];
      return type.startsWith('client-')
        ? [{ type: 'send', message: { ...fields, type: 'echo', was: type } }]
        : [];
    },
  },
} satisfies BrokerOptions;

const reaches = (client: Client, state: ClientState): Promise<ClientStatus> =>
  new Promise((resolve) => {
    const undo = client.subscribe((status) => {
      if (status.state !== state) return;
      queueMicrotask(() => undo());
      resolve(status);
    });
  });

const soon = { minMs: 10, maxMs: 100 };

const implementations = [
  ['the global WebSocket', undefined],
  ['ws', WsWebSocket],
] as const;

test.each(implementations)('sends and receives over %s', async (_name, WebSocket) => {
  await using broker = await startBroker(echo);
  using client = createClient({ url: broker.httpUrl, WebSocket });
  const echoes = client.messages('echo');
  client.send({ type: 'say', text: 'ä€😀' });
  expect((await echoes.next()).value).toEqual({ type: 'echo', was: 'client-say', text: 'ä€😀' });
  expect(client.status).toMatchObject({ state: 'open', attempt: 0, queued: 0 });
});

test.each(implementations)(
  'comes back to a restarted broker over %s, and sends what was queued in order',
  async (_name, WebSocket) => {
    const leaks = watchForLeaks();
    let broker: StartedBroker<Broker> = await startBroker(echo);
    const { port } = broker;
    {
      using client = createClient({ url: broker.url, WebSocket, backoff: soon });
      await reaches(client, 'open');
      const states: ClientState[] = [];
      client.subscribe(({ state }) => states.push(state));
      // From now on: the attempts that follow find nobody.
      const away = reaches(client, 'waiting');
      await broker.close();
      expect((await away).closeCode).toBe(1001);
      for (let n = 0; n < 100; n++) client.send({ type: 'count', n });
      const echoes = client.messages('echo');
      broker = await startBroker({ ...echo, port });
      for (let n = 0; n < 100; n++) expect((await echoes.next()).value).toMatchObject({ n });
      expect(client.status.queued).toBe(0);
      expect(states.slice(0, 2)).toEqual(['open', 'waiting']);
    }
    await broker.close();
    await leaks.assertNone();
  },
);

test('comes back when the backend closes with 4000 to 4499', async () => {
  await using broker = await startBroker(echo);
  using client = createClient({ url: broker.url, backoff: soon });
  client.send({ type: 'close', code: 4400, reason: 'again' });
  await reaches(client, 'waiting');
  expect(client.status).toMatchObject({ closeCode: 4400, reason: 'again' });
  await reaches(client, 'open');
});

test.each([
  [1000, undefined],
  [4500, 'banned'],
])('stays closed when the backend closes with %i', async (code, reason) => {
  await using broker = await startBroker(echo);
  using client = createClient({ url: broker.url, backoff: soon });
  const end = client.messages().next();
  client.send({ type: 'close', code, ...(reason && { reason }) });
  expect((await end).done).toBe(true);
  expect(client.status).toMatchObject({ state: 'closed', closeCode: code, reason: reason ?? '' });
});

test('hears from the broker what it refuses, and stays connected', async () => {
  await using broker = await startBroker(echo);
  using client = createClient({ url: broker.url });
  const errors = client.messages('broker-error');
  client.send({ type: 'no spaces, please' });
  expect((await errors.next()).value).toMatchObject({ type: 'broker-error', code: 'bad-message' });
  expect(client.status.state).toBe('open');
});

test('sends the largest message that the broker takes', async () => {
  await using broker = await startBroker(echo);
  using client = createClient({ url: broker.url });
  const echoes = client.messages('echo');
  const text = 'x'.repeat(65_536 - JSON.stringify({ type: 'say', text: '' }).length);
  client.send({ type: 'say', text });
  expect((await echoes.next()).value).toMatchObject({ text });
  expect(() => client.send({ type: 'say', text: `${text}x` })).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
});

test('introduces itself first on every connection', async () => {
  const first: unknown[] = [];
  const seen = new Map<unknown, unknown>();
  await using broker = await startBroker({
    onClientMessage(message, connection) {
      if (!seen.has(connection)) first.push(message);
      seen.set(connection, message);
      if (message.type === 'cut') connection.close(4000);
      else connection.send({ type: 'echo' });
    },
  });
  using client = createClient({
    url: broker.url,
    backoff: soon,
    firstMessages: () => [{ type: 'join', room: 'a' }],
  });
  client.send({ type: 'queued' });
  client.send({ type: 'cut' });
  await reaches(client, 'waiting');
  client.send({ type: 'queued' });
  await reaches(client, 'open');
  const echoes = client.messages('echo');
  await echoes.next();
  await echoes.next();
  expect(first).toEqual([
    { type: 'join', room: 'a' },
    { type: 'join', room: 'a' },
  ]);
});

test.each(implementations)(
  'gives up on a server that never answers the handshake over %s',
  async (_name, WebSocket) => {
    await using server = createServer((socket) => void socket.resume().on('error', () => undefined));
    const arrived = once(server, 'connection') as Promise<[Socket]>;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    using client = createClient({ url: `ws://127.0.0.1:${port}`, WebSocket, connectTimeoutMs: 200 });
    const [socket] = await arrived;
    await reaches(client, 'waiting');
    expect(client.status.reason).toBe('no answer within 200 ms');
    client.close();
    // The attempt is not left behind.
    await once(socket, 'close');
  },
);
