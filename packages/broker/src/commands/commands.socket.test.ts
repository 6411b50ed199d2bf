import { Disposables, type RawClient } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { startCommandStage } from '../../test/command-stage.ts';

/** Everything that the clients got before a mark that all of them get. */
const gotten = async (broker: { broadcast(message: unknown): void }, clients: readonly RawClient[]) => {
  broker.broadcast({ type: 'mark' });
  await Promise.all(clients.map((client) => client.next(({ type }) => type === 'mark')));
  return clients.map((client) => client.received.map(({ type }) => type).filter((type) => type !== 'mark'));
};

const hi = { type: 'hi' };

describe('without `match`, in the answer to an event, a command means the connection that caused it', () => {
  test('send', async () => {
    await using on = await startCommandStage();
    await using one = await on.connect();
    await using two = await on.connect();
    one.send({
      type: 'do',
      commands: [
        { type: 'send', message: hi },
        { type: 'send', match: {}, message: { type: 'end' } },
      ],
    });
    await two.next(({ type }) => type === 'end');
    await one.next(({ type }) => type === 'end');
    expect(one.received).toEqual([hi, { type: 'end' }]);
    expect(two.received).toEqual([{ type: 'end' }]);
  });

  test('close', async () => {
    await using on = await startCommandStage();
    await using one = await on.connect();
    await using two = await on.connect();
    one.send({ type: 'do', commands: [{ type: 'close' }] });
    expect(await one.closed).toEqual({ code: 1000, reason: '' });
    expect(two.isOpen).toBe(true);
  });

  test('session', async () => {
    await using on = await startCommandStage();
    await using one = await on.connect('name=one');
    await using _two = await on.connect('name=two');
    one.send({
      type: 'do',
      commands: [
        { type: 'session', data: { seen: 1 } },
        { type: 'send', message: hi },
      ],
    });
    await one.next();
    expect(await on.post([{ type: 'list', fields: ['name', 'seen'] }])).toEqual([
      [{ name: 'one', seen: 1 }, { name: 'two' }],
    ]);
  });
});

describe('with `match`, a command means those that match, in answers and by POST', () => {
  const by = {
    answer: async (on: Awaited<ReturnType<typeof startCommandStage>>, commands: readonly unknown[]) => {
      await using asking = await on.connect('room=attic');
      asking.send({ type: 'do', commands: [...commands, { type: 'send', message: hi }] });
      await asking.next(({ type }) => type === 'hi');
    },
    POST: async (on: Awaited<ReturnType<typeof startCommandStage>>, commands: readonly unknown[]) => {
      expect(await on.post(commands)).toEqual(commands.map(() => ({ matched: 1 })));
    },
  };

  test.each(['answer', 'POST'] as const)('send by %s', async (way) => {
    await using on = await startCommandStage();
    await using inside = await on.connect('room=Lobby');
    await using outside = await on.connect('room=Garden');
    await by[way](on, [{ type: 'send', match: { room: 'lobby' }, message: hi }]);
    expect(await gotten(on.broker, [inside, outside])).toEqual([['hi'], []]);
  });

  test.each(['answer', 'POST'] as const)('close by %s, with code and reason', async (way) => {
    await using on = await startCommandStage();
    await using inside = await on.connect('room=Lobby');
    await using outside = await on.connect('room=Garden');
    await by[way](on, [{ type: 'close', match: { room: 'lobby' }, code: 4001, reason: 'bye é' }]);
    expect(await inside.closed).toEqual({ code: 4001, reason: 'bye é' });
    expect(outside.isOpen).toBe(true);
  });

  test.each(['answer', 'POST'] as const)('session by %s', async (way) => {
    await using on = await startCommandStage();
    await using _inside = await on.connect('room=Lobby');
    await using _outside = await on.connect('room=Garden');
    await by[way](on, [{ type: 'session', match: { room: 'lobby' }, data: { lit: true } }]);
    const [listed] = await on.post([{ type: 'list', match: { lit: 'true' }, fields: ['room'] }]);
    expect(listed).toEqual([{ room: 'Lobby' }]);
  });
});

test('without `match`, by POST, a command means all; the results count them', async () => {
  await using on = await startCommandStage();
  await using one = await on.connect('name=one');
  await using two = await on.connect('name=two');
  expect(
    await on.post([
      { type: 'send', message: hi },
      { type: 'session', data: { all: 1 } },
      { type: 'list', fields: ['name', 'all'] },
      { type: 'close', code: 4000 },
    ]),
  ).toEqual([
    { matched: 2 },
    { matched: 2 },
    [
      { name: 'one', all: 1 },
      { name: 'two', all: 1 },
    ],
    { matched: 2 },
  ]);
  for (const client of [one, two]) {
    expect((await client.closed).code).toBe(4000);
    expect(client.received).toEqual([hi]);
  }
});

test('what is sent before a close arrives, and no command finds a connection that is closed', async () => {
  await using on = await startCommandStage();
  await using one = await on.connect();
  one.send({ type: 'do', commands: [{ type: 'send', message: hi }, { type: 'close' }] });
  await one.closed;
  expect(one.received).toEqual([hi]);
  expect(await on.post([{ type: 'list' }])).toEqual([[]]);
});

test('PHP writes an empty array where an empty object is meant: `match: []` means all, `data: []` nothing', async () => {
  await using on = await startCommandStage();
  await using one = await on.connect();
  await using two = await on.connect();
  one.send({
    type: 'do',
    commands: [
      { type: 'session', data: [] },
      { type: 'send', match: [], message: hi },
    ],
  });
  await Promise.all([one.next(), two.next()]);
  expect(await on.post([{ type: 'list', match: [], count: true }])).toEqual([{ count: 2 }]);
  expect(on.broker.logs.messages('warn')).toEqual([]);
});

test.each([
  [
    { type: 'hi', é: '😀' },
    { type: 'hi', é: '😀' },
  ],
  ['a text', 'a text'],
  [42, 42],
  [null, null],
  [
    [1, { a: [] }],
    [1, { a: [] }],
  ],
])('send passes the message %j through as JSON', async (message, received) => {
  await using on = await startCommandStage();
  await using one = await on.connect();
  expect(await on.post([{ type: 'send', message }])).toEqual([{ matched: 1 }]);
  expect(await one.next()).toEqual(received);
});

test('log writes any JSON to the log, and its result is null', async () => {
  await using on = await startCommandStage();
  expect(
    await on.post([
      { type: 'log', text: 'hello' },
      { type: 'log', text: { a: [1] } },
      { type: 'log', text: null },
    ]),
  ).toEqual([null, null, null]);
  const texts = on.broker.logs.entries
    .filter(({ fields }) => 'text' in fields)
    .map(({ fields }) => fields['text']);
  expect(texts).toEqual(['hello', { a: [1] }, null]);
});

test('list gives every sessionInfo, in the order of connecting', async () => {
  await using on = await startCommandStage();
  await using _one = await on.connect('name=one');
  await using _two = await on.connect('name=two; Theme=dark');
  const wskey = expect.any(String) as string;
  expect(await on.post([{ type: 'list' }])).toEqual([
    [
      { ip: '127.0.0.1', wskey, name: 'one' },
      { ip: '127.0.0.1', wskey, name: 'two', theme: 'dark' },
    ],
  ]);
});

test('list in pages: `limit` and `cursor` give each connection once, also when one leaves meanwhile', async () => {
  await using on = await startCommandStage();
  await using clients = new Disposables();
  const all = [];
  for (const n of [1, 2, 3, 4, 5]) all.push(clients.use(await on.connect(`n=${n}`)));
  const page = async (cursor?: string) => {
    const [result] = await on.post([
      { type: 'list', fields: ['n'], limit: 2, ...(cursor === undefined ? {} : { cursor }) },
    ]);
    return result as { connections: unknown[]; cursor?: string };
  };
  const first = await page();
  expect(first.connections).toEqual([{ n: '1' }, { n: '2' }]);
  await all[1]?.close();
  const second = await page(first.cursor);
  expect(second.connections).toEqual([{ n: '3' }, { n: '4' }]);
  const third = await page(second.cursor);
  expect(third).toEqual({ connections: [{ n: '5' }] });
});

test('list with `count` gives the number alone', async () => {
  await using on = await startCommandStage();
  await using _one = await on.connect('n=1');
  await using _two = await on.connect('n=2');
  expect(
    await on.post([
      { type: 'list', count: true },
      { type: 'list', count: true, match: { n: '1' } },
    ]),
  ).toEqual([{ count: 2 }, { count: 1 }]);
});

test('own commands: results and promised results in order, unknown ones to onBackendMessage', async () => {
  await using on = await startCommandStage({
    backendCommands: {
      slow: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { slow: true };
      },
      quick: (command) => command['n'],
      nothing: () => undefined,
    },
    onBackendMessage: (command) => `unknown ${command.type}`,
  });
  expect(
    await on.post([
      { type: 'slow' },
      { type: 'quick', n: 7 },
      { type: 'nothing' },
      { type: 'other' },
      { type: 'toString' },
    ]),
  ).toEqual([{ slow: true }, 7, null, 'unknown other', 'unknown toString']);
});
