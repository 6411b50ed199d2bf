import { Broker } from '@wsbroker/broker';
import { brokerStarter, connectRaw } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { type RunningServer, servers, type StartServer } from '../test/servers.ts';
import { newSecret, secret, wrongSecret } from '../test/signed.ts';
import { createBackend } from './backend.ts';
import { createBrokerClient } from './broker-client.ts';
import { list, log } from './command.ts';
import type { Secret } from './secrets.ts';

const startBroker = brokerStarter(Broker);

const echo = (given: Secret, seen: string[] = []) =>
  createBackend(
    {},
    {
      secret: given,
      connect: (ctx) => void seen.push(ctx.event.type),
      messages: {
        say(ctx, { text }) {
          seen.push(String(text));
          return ctx.send({ type: 'said', text });
        },
      },
    },
  );

const start = servers['node:http'] as StartServer;

interface Signing {
  readonly secret: string | string[];
  readonly encoding?: 'form' | 'json';
}
const brokerBefore = ({ url }: RunningServer, { secret: given, encoding = 'form' }: Signing) =>
  startBroker({ secret: given, drainMs: 0, backend: { type: 'http', url, allow: ['127.0.0.1'], encoding } });

describe.each(['node:http', 'Express', 'Hono'])('%s behind a broker with the same secret', (name) => {
  test.each(['form', 'json'] as const)('events are verified and commands taken, as %s', async (encoding) => {
    await using server = await (servers[name] as StartServer)(echo(secret));
    await using broker = await brokerBefore(server, { secret, encoding });
    await using client = await connectRaw(broker.url);
    const text = 'grüß & dich 👋 +%20';
    client.send({ type: 'say', text });
    expect(await client.next()).toEqual({ type: 'said', text });

    const commands = createBrokerClient({ url: broker.httpUrl, secret, encoding });
    expect(await commands.send({ type: 'news', text })).toEqual({ matched: 1 });
    expect(await client.next()).toEqual({ type: 'news', text });
    expect(await commands.run([list({ count: true }), log(text)])).toEqual([{ count: 1 }, null]);
  });
});

// P100
test('a backend with another secret answers nothing but 401, and calls no handler', async () => {
  const seen: string[] = [];
  await using server = await start(echo(wrongSecret, seen));
  await using broker = await brokerBefore(server, { secret });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'say', text: 'hello' });
  await expect.poll(() => JSON.stringify(broker.logs.entries), { timeout: 20_000 }).toContain('401');
  expect(seen).toEqual([]);
  expect(client.received).toEqual([]);
});

// P101
test('a secret is replaced without a break: first the broker has both, then the backend, then the old one goes', async () => {
  const steps: (readonly [broker: string | string[], backend: string])[] = [
    [secret, secret],
    [[newSecret, secret], secret],
    [[newSecret, secret], newSecret],
    [newSecret, newSecret],
  ];
  for (const [ofBroker, ofBackend] of steps) {
    await using server = await start(echo(ofBackend));
    await using broker = await brokerBefore(server, { secret: ofBroker });
    await using client = await connectRaw(broker.url);
    client.send({ type: 'say', text: 'hello' });
    expect(await client.next()).toEqual({ type: 'said', text: 'hello' });
    const commands = createBrokerClient({ url: broker.httpUrl, secret: ofBackend });
    expect(await commands.list({ count: true })).toEqual({ count: 1 });
  }
});

test.each<[string, { secret?: Secret }, RegExp]>([
  ['without a secret', {}, /not signed/],
  ['with another secret', { secret: wrongSecret }, /not of this body/],
])('commands %s are refused, with the reason, and reach nobody', async (_how, options, why) => {
  await using server = await start(echo(secret));
  await using broker = await brokerBefore(server, { secret });
  await using client = await connectRaw(broker.url);
  const commands = createBrokerClient({ url: broker.httpUrl, ...options });
  await expect(commands.send({ type: 'forged' })).rejects.toMatchObject({
    code: 'bad-signature',
    status: 401,
    message: expect.stringMatching(why) as string,
  });
  client.send({ type: 'say', text: 'still here' });
  expect(await client.next()).toEqual({ type: 'said', text: 'still here' });
});

test('a POST that was recorded is refused', async () => {
  await using server = await start(echo(secret));
  await using broker = await brokerBefore(server, { secret });
  await using client = await connectRaw(broker.url);
  const recorded: RequestInit[] = [];
  const commands = createBrokerClient({
    url: broker.httpUrl,
    secret,
    fetch: (url, init) => {
      recorded.push(init);
      return fetch(url, init);
    },
  });
  await commands.send({ type: 'once' });
  const { signal: _signal, ...again } = recorded[0] as RequestInit;
  const answer = await fetch(broker.httpUrl, again);
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ error: { code: 'replayed' } });
  expect(await client.next()).toEqual({ type: 'once' });
  expect(client.received).toHaveLength(1);
});
