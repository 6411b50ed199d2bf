import { Broker } from '@wsbroker/broker';
import { defineContract } from '@wsbroker/protocol';
import { brokerStarter, connectV1 } from '@wsbroker/testkit';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { listening, running, type RunningServer } from '../test/servers.ts';
import { storeSets } from '../test/stores.ts';
import { RejectEvent } from './backend-error.ts';
import { type Backend, createBackend } from './backend.ts';
import type { EventFacts } from './context.ts';

const startBroker = brokerStarter(Broker);
const brokerBefore = (server: RunningServer) => startBroker({ backend: { type: 'http', url: server.url } });

const library = defineContract({
  clientMessages: { say: z.object({ text: z.string() }) },
  serverMessages: { said: z.object({ text: z.string() }) },
  requests: { double: { request: z.object({ n: z.number() }), reply: z.object({ n: z.number() }) } },
});

const serve = async ({ nodeHandler }: Backend, losesAnswer = () => false): Promise<RunningServer> => {
  const server = createServer((request, response) => {
    // The event is handled, and the connection breaks before the broker hears of it.
    if (losesAnswer()) response.writeHead = () => response.destroy();
    nodeHandler(request, response);
  });
  return running(await listening(server));
};

test('a request of a client is answered with the reply of its handler, beside other commands', async () => {
  const backend = createBackend(library, {
    messages: { say: () => {} },
    requests: {
      double: (ctx, { n }) => [ctx.send({ type: 'said', text: `asked ${n}` }), ctx.reply({ n: 2 * n })],
    },
  });
  await using server = await serve(backend);
  await using broker = await brokerBefore(server);
  await using ada = await connectV1(broker.url);
  ada.request(7, { type: 'double', n: 21 });
  expect(await ada.nextMessage()).toEqual({ type: 'said', text: 'asked 21' });
  expect(await ada.nextFrame('reply')).toEqual(['reply', 7, { n: 42 }]);
});

test('a request that is not valid, unknown or refused fails, and the next one is answered', async () => {
  const backend = createBackend(library, {
    messages: { say: () => {} },
    requests: {
      double(ctx, { n }) {
        if (n === 13) throw new RejectEvent('not that one');
        return ctx.reply({ n: 2 * n });
      },
    },
  });
  await using server = await serve(backend);
  await using broker = await brokerBefore(server);
  await using ada = await connectV1(broker.url);
  ada.request(0, { type: 'double', n: 'x' });
  expect(await ada.nextMessage()).toMatchObject({ type: 'broker-error', code: 'bad-message' });
  ada.request(1, { type: 'triple', n: 1 });
  expect(await ada.nextMessage()).toMatchObject({ text: 'triple is not known here: expected one of double' });
  ada.request(2, { type: 'double', n: 13 });
  ada.request(3, { type: 'double', n: 1 });
  expect(await ada.nextFrame('reply')).toEqual(['reply', 3, { n: 2 }]);
  expect([...ada.failed]).toEqual([
    [1, 'no-reply'],
    [2, 'no-reply'],
    [3, 'refused'],
  ]);
});

test('the handler of a disconnect is told why', async () => {
  const gone = Promise.withResolvers<EventFacts>();
  const backend = createBackend({}, { disconnect: (ctx) => gone.resolve(ctx.event) });
  await using server = await serve(backend);
  await using broker = await brokerBefore(server);
  const ada = await connectV1(broker.url);
  await ada.close(1000);
  expect(await gone.promise).toMatchObject({
    reason: 'client-left',
    traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/) as string,
  });
});

test.each(Object.entries(storeSets))(
  'answers that are lost on the way: with %s each event is handled once, and its commands arrive once',
  async (_name, open) => {
    using set = open();
    const handled: string[] = [];
    const backend = createBackend(library, {
      dedupe: set.stores[0]!,
      messages: {
        say(ctx, { text }) {
          handled.push(text);
          return ctx.send({ type: 'said', text });
        },
      },
      requests: { double: (ctx, { n }) => ctx.reply({ n: 2 * n }) },
    });
    let posts = 0;
    await using server = await serve(backend, () => {
      posts += 1;
      return posts % 3 !== 0;
    });
    await using broker = await brokerBefore(server);
    await using ada = await connectV1(broker.url);
    const texts = ['one', 'two', 'three', 'four'];
    for (const text of texts) ada.send({ type: 'say', text });
    ada.request(1, { type: 'double', n: 4 });
    expect(await ada.nextFrame('reply')).toEqual(['reply', 1, { n: 8 }]);
    expect(handled).toEqual(texts);
    expect(ada.messages).toEqual(texts.map((text) => ({ type: 'said', text })));
    expect(posts).toBeGreaterThan(texts.length + 2);
  },
);
