import {
  brokerStarter,
  connectRaw,
  type RawClient,
  postCommands,
  startFakeBackend,
  Disposables,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** A backend that answers each `do` of a client with the commands in it, and a broker that takes them by POST too. */
const start = async (options: BrokerOptions = {}) => {
  const backend = await startFakeBackend(({ message }) =>
    message.type === 'client-do' ? (message['commands'] as unknown[]) : [],
  );
  const broker = await startBroker({ backend: { url: backend.url, allow: ['127.0.0.1'] }, ...options });
  return {
    backend,
    broker,
    connect: (cookie = '') => connectRaw(broker.url, { headers: { cookie } }),
    post: async (commands: readonly unknown[]) => {
      const { status, body } = await postCommands(broker.httpUrl, commands);
      expect(status).toBe(200);
      return body as unknown[];
    },
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await backend.stop();
    },
  };
};

/** Everything that the clients got before a mark that all of them get. */
const gotten = async (broker: { broadcast(message: unknown): void }, clients: readonly RawClient[]) => {
  broker.broadcast({ type: 'mark' });
  await Promise.all(clients.map((client) => client.next(({ type }) => type === 'mark')));
  return clients.map((client) => client.received.map(({ type }) => type).filter((type) => type !== 'mark'));
};

const hi = { type: 'hi' };

describe('without `match`, in the answer to an event, a command means the connection that caused it', () => {
  test('send', async () => {
    await using on = await start();
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
    await using on = await start();
    await using one = await on.connect();
    await using two = await on.connect();
    one.send({ type: 'do', commands: [{ type: 'close' }] });
    expect(await one.closed).toEqual({ code: 1000, reason: '' });
    expect(two.isOpen).toBe(true);
  });

  test('session', async () => {
    await using on = await start();
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
    answer: async (on: Awaited<ReturnType<typeof start>>, commands: readonly unknown[]) => {
      await using asking = await on.connect('room=attic');
      asking.send({ type: 'do', commands: [...commands, { type: 'send', message: hi }] });
      await asking.next(({ type }) => type === 'hi');
    },
    POST: async (on: Awaited<ReturnType<typeof start>>, commands: readonly unknown[]) => {
      expect(await on.post(commands)).toEqual(commands.map(() => ({ matched: 1 })));
    },
  };

  test.each(['answer', 'POST'] as const)('send by %s', async (way) => {
    await using on = await start();
    await using inside = await on.connect('room=Lobby');
    await using outside = await on.connect('room=Garden');
    await by[way](on, [{ type: 'send', match: { room: 'lobby' }, message: hi }]);
    expect(await gotten(on.broker, [inside, outside])).toEqual([['hi'], []]);
  });

  test.each(['answer', 'POST'] as const)('close by %s, with code and reason', async (way) => {
    await using on = await start();
    await using inside = await on.connect('room=Lobby');
    await using outside = await on.connect('room=Garden');
    await by[way](on, [{ type: 'close', match: { room: 'lobby' }, code: 4001, reason: 'bye é' }]);
    expect(await inside.closed).toEqual({ code: 4001, reason: 'bye é' });
    expect(outside.isOpen).toBe(true);
  });

  test.each(['answer', 'POST'] as const)('session by %s', async (way) => {
    await using on = await start();
    await using _inside = await on.connect('room=Lobby');
    await using _outside = await on.connect('room=Garden');
    await by[way](on, [{ type: 'session', match: { room: 'lobby' }, data: { lit: true } }]);
    const [listed] = await on.post([{ type: 'list', match: { lit: 'true' }, fields: ['room'] }]);
    expect(listed).toEqual([{ room: 'Lobby' }]);
  });
});

test('without `match`, by POST, a command means all; the results count them', async () => {
  await using on = await start();
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
  await using on = await start();
  await using one = await on.connect();
  one.send({ type: 'do', commands: [{ type: 'send', message: hi }, { type: 'close' }] });
  await one.closed;
  expect(one.received).toEqual([hi]);
  expect(await on.post([{ type: 'list' }])).toEqual([[]]);
});

test('PHP writes an empty array where an empty object is meant: `match: []` means all, `data: []` nothing', async () => {
  await using on = await start();
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
  await using on = await start();
  await using one = await on.connect();
  expect(await on.post([{ type: 'send', message }])).toEqual([{ matched: 1 }]);
  expect(await one.next()).toEqual(received);
});

test('log writes any JSON to the log, and its result is null', async () => {
  await using on = await start();
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
  await using on = await start();
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
  await using on = await start();
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
  await using on = await start();
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
  await using on = await start({
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

test('a bad command gets its own error in its place, and the others run', async () => {
  await using on = await start({
    backendCommands: {
      throws: () => {
        throw new Error('broken inside');
      },
      cyclic: () => {
        const result: { self?: unknown } = {};
        result.self = result;
        return result;
      },
    },
  });
  await using one = await on.connect();
  const commands: [command: unknown, code?: string][] = [
    [{ type: 'send', message: { n: 1 } }],
    [null, 'bad-command'],
    [42, 'bad-command'],
    ['close', 'bad-command'],
    [[], 'bad-command'],
    [{}, 'bad-command'],
    [{ type: 5 }, 'bad-command'],
    [{ type: '' }, 'bad-command'],
    [{ type: 'confetti' }, 'unknown-command'],
    [{ type: 'constructor' }, 'unknown-command'],
    [{ type: '__proto__' }, 'unknown-command'],
    [{ type: 'send' }, 'bad-command'],
    [{ type: 'send', message: {}, match: 'all' }, 'bad-command'],
    [{ type: 'send', message: {}, match: { room: {} } }, 'bad-command'],
    [{ type: 'send', message: {}, match: [1] }, 'bad-command'],
    [{ type: 'close', code: 1006 }, 'bad-command'],
    [{ type: 'close', code: '1000' }, 'bad-command'],
    [{ type: 'close', reason: 'é'.repeat(62) }, 'bad-command'],
    [{ type: 'log' }, 'bad-command'],
    [{ type: 'session' }, 'bad-command'],
    [{ type: 'session', data: 'x' }, 'bad-command'],
    [{ type: 'session', data: { wskey: 'mine' } }, 'reserved-field'],
    [{ type: 'session', add: { ip: '6.6.6.6' } }, 'reserved-field'],
    [{ type: 'session', remove: { ip: '127.0.0.1' } }, 'reserved-field'],
    [{ type: 'list', limit: 0 }, 'bad-command'],
    [{ type: 'list', limit: 1, cursor: 'x' }, 'bad-command'],
    [{ type: 'throws' }, 'command-failed'],
    [{ type: 'cyclic' }, 'command-failed'],
    [{ type: 'send', message: { n: 2 } }],
  ];
  const results = await on.post(commands.map(([command]) => command));
  expect(results.map((result) => (result as { error?: { code: string } }).error?.code)).toEqual(
    commands.map(([, code]) => code),
  );
  for (const result of results) {
    const { error } = result as { error?: { message: string } };
    if (error) expect(error.message.length).toBeGreaterThan(10);
  }
  await one.next(({ n }) => n === 2);
  expect(one.received).toEqual([{ n: 1 }, { n: 2 }]);
});

test('an error names the field, what was seen and what is expected', async () => {
  await using on = await start();
  const [result] = await on.post([{ type: 'send', message: 1, match: { room: { a: 1 } } }]);
  expect(result).toMatchObject({
    error: { code: 'bad-command', message: expect.stringMatching(/match\.room.*string/) as string },
  });
});

test('one bad command in an answer is logged, and the others run', async () => {
  await using on = await start();
  await using one = await on.connect();
  one.send({ type: 'do', commands: [{ type: 'confetti' }, { type: 'send', message: hi }] });
  expect(await one.next()).toEqual(hi);
  expect(on.broker.logs.messages('warn')).toEqual([expect.stringContaining('confetti')]);
});

test('`ip` and `wskey` never change: not through `except`, not for one of many; sent back unchanged they are no error', async () => {
  await using on = await start();
  await using one = await on.connect('n=1');
  await using _two = await on.connect('n=2');
  const before = await on.post([{ type: 'list' }]);
  const own = (before[0] as { wskey: string }[])[0];
  one.send({
    type: 'do',
    commands: [
      { type: 'session', except: { n: '1' }, data: { ...own } },
      { type: 'session', match: { n: '*' }, data: { ...own } },
      { type: 'session', data: { ...own } },
      { type: 'send', message: hi },
    ],
  });
  await one.next();
  expect(await on.post([{ type: 'list' }])).toEqual(before);
  expect(on.broker.logs.messages('warn')).toHaveLength(2);
});

test('`__proto__` in a session change or in criteria reaches no prototype and matches nobody', async () => {
  await using on = await start();
  await using one = await on.connect();
  const form =
    '[{"type":"session","data":{"__proto__":{"evil":1},"a":{"__proto__":{"evil":1},"b":1}}},{"type":"send","match":{"__proto__":"x"},"message":1},{"type":"send","match":{"evil":1},"message":1}]';
  const { body } = await postCommands(on.broker.httpUrl, JSON.parse(form));
  expect(body).toEqual([{ matched: 1 }, { matched: 0 }, { matched: 0 }]);
  expect(({} as { evil?: unknown }).evil).toBeUndefined();
  const [listed] = await on.post([{ type: 'list' }]);
  expect(listed).toMatchObject([{ a: { b: 1 } }]);
  expect(one.received).toEqual([]);
});
