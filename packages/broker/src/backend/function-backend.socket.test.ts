import { setTimeout as delay } from 'node:timers/promises';
import { brokerStarter, connectRaw, postCommands } from '@wsbroker/testkit';
import { expect, test, vi } from 'vitest';
import { Broker, type FunctionBackendOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

const start = (handle: FunctionBackendOptions['handle'], more: Partial<FunctionBackendOptions> = {}) =>
  startBroker({ backend: { type: 'function', handle, ...more }, retryMinMs: 1, retryMaxMs: 5 });

test('gets each event with the sessionInfo of its connection, and its commands run: a whole conversation', async () => {
  const seen: unknown[] = [];
  await using broker = await start((event, connection) => {
    seen.push([event, connection['name'], connection['ip']]);
    switch (event.type) {
      case 'session-connect':
        return [{ type: 'session', data: { name: 'Ada' } }];
      case 'client-say':
        return [{ type: 'send', match: { name: 'ada' }, message: { type: 'said', text: event['text'] } }];
      default:
        return undefined;
    }
  });
  const client = await connectRaw(broker.url);
  client.send({ type: 'say', text: 'hello' });
  expect(await client.next()).toEqual({ type: 'said', text: 'hello' });
  await client.close();
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  expect(seen).toEqual([
    [{ type: 'session-connect' }, undefined, '127.0.0.1'],
    [{ type: 'client-say', text: 'hello' }, 'Ada', '127.0.0.1'],
    [{ type: 'session-disconnect' }, 'Ada', '127.0.0.1'],
  ]);
});

test('may be async; events of one connection wait for each other, those of others do not', async () => {
  const order: string[] = [];
  let running = 0;
  let most = 0;
  await using broker = await start(async (event, connection) => {
    running += 1;
    most = Math.max(most, running);
    await delay(10);
    const { type, n = type } = event as { type: string; n?: number | string };
    order.push(`${String(connection['n'])} ${n}`);
    running -= 1;
    return [];
  });
  const connect = (n: number) => connectRaw(broker.url, { headers: { cookie: `n=${n}` } });
  const clients = await Promise.all([connect(1), connect(2), connect(3)]);
  for (const client of clients) for (const n of [1, 2, 3]) client.send({ type: 'x', n });
  await Promise.all(clients.map((client) => client.close()));
  await broker.close();
  for (const n of [1, 2, 3]) {
    expect(order.filter((line) => line.startsWith(`${n} `))).toEqual([
      `${n} session-connect`,
      `${n} 1`,
      `${n} 2`,
      `${n} 3`,
      `${n} session-disconnect`,
    ]);
  }
  expect(most).toBeGreaterThan(1);
});

test('gets copies: what it changes in them changes nothing', async () => {
  const names: unknown[] = [];
  await using broker = await start((event, connection) => {
    names.push(connection['name']);
    connection['name'] = 'changed';
    event.type = 'changed';
  });
  await using client = await connectRaw(broker.url, { headers: { cookie: 'name=Ada' } });
  client.send({ type: 'x' });
  await vi.waitFor(() => expect(names).toEqual(['Ada', 'Ada']));
});

test.each([
  [
    'throws',
    () => {
      throw new Error('not now');
    },
  ],
  ['rejects', () => Promise.reject(new Error('not now'))],
] as const)(
  'one that %s is asked again with the same event, and the log says so once',
  async (_how, fail) => {
    let failures = 3;
    const seen: string[] = [];
    await using broker = await start((event) => {
      seen.push(event.type);
      if (event.type === 'client-x' && (failures -= 1) >= 0) return fail();
      return [{ type: 'send', message: { type: event.type } }];
    });
    await using client = await connectRaw(broker.url);
    client.send({ type: 'x' });
    client.send({ type: 'y' });
    await client.next(({ type }) => type === 'client-y');
    expect(seen).toEqual(['session-connect', 'client-x', 'client-x', 'client-x', 'client-x', 'client-y']);
    expect(broker.logs.messages('warn')).toEqual(['! client-x failed and is sent again:']);
  },
);

test('one that does not answer in time is asked again', async () => {
  let calls = 0;
  await using broker = await start(
    (event) => {
      if (event.type !== 'client-x') return [];
      calls += 1;
      return calls === 1 ? new Promise(() => {}) : [{ type: 'send', message: { calls } }];
    },
    { timeoutMs: 50 },
  );
  await using client = await connectRaw(broker.url);
  client.send({ type: 'x' });
  expect(await client.next()).toEqual({ calls: 2 });
});

test('one that never answers does not keep close() waiting for longer than it may', async () => {
  await using broker = await start(() => new Promise(() => {}));
  await using _ = await connectRaw(broker.url);
  await broker.logs.next(({ message }) => message === '↑ to backend');
  await broker.close({ drainMs: 20 });
  expect(broker.logs.messages('error')).toEqual(['! 2 events were not delivered before the broker closed']);
});

test.each([
  ['an object', { type: 'close' }],
  ['a string', '[]'],
  ['null', null],
])('an answer that is %s and no list is a line in the log and nothing worse', async (_what, answer) => {
  await using broker = await start((event) => (event.type === 'client-x' ? (answer as never) : []));
  await using client = await connectRaw(broker.url);
  client.send({ type: 'x' });
  client.send({ type: 'y' });
  await broker.logs.next(
    ({ fields }) => (fields['event'] as { type?: string } | undefined)?.type === 'client-y',
  );
  await broker.close();
  expect(broker.logs.messages('warn').length).toBe(answer === null ? 0 : 1);
});

test('takes commands by POST from those that are allowed', async () => {
  await using broker = await start(() => [], { allow: ['127.0.0.1'] });
  await using client = await connectRaw(broker.url);
  expect((await postCommands(broker.httpUrl, [{ type: 'send', message: { type: 'hi' } }])).body).toEqual([
    { matched: 1 },
  ]);
  expect(await client.next()).toEqual({ type: 'hi' });
});
