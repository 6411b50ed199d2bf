import type { JsonObject } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { FakeCommands } from '../../test/fake-commands.ts';

/** Ada and Bob in the lobby, Cyd in the hall. */
const threeConnections = () => {
  const commands = new FakeCommands();
  const ada = commands.connect('ada', { room: 'lobby', role: 'admin' });
  const bob = commands.connect('bob', { room: 'lobby' });
  const cyd = commands.connect('cyd', { room: 'hall' });
  return { commands, ada, bob, cyd, all: { ada, bob, cyd } };
};
type Three = ReturnType<typeof threeConnections>;

const error = (code: string, message?: string) => ({
  error: {
    code,
    message: (message === undefined ? expect.any(String) : expect.stringContaining(message)) as string,
  },
});

/** Who is meant, by what the command says and where it came from. */
const targets: [string, JsonObject, 'ada' | 'everyone' | 'nobody', string[] | 'no-connection'][] = [
  ['without match, in an answer: the connection of the event', {}, 'ada', ['ada']],
  ['without match, by POST: all', {}, 'everyone', ['ada', 'bob', 'cyd']],
  ['without match, after no connection: an error', {}, 'nobody', 'no-connection'],
  ['match, in an answer', { match: { room: 'lobby' } }, 'ada', ['ada', 'bob']],
  ['match that leaves out the connection of the event', { match: { room: 'hall' } }, 'ada', ['cyd']],
  ['match, by POST', { match: { room: 'LOBBY' } }, 'everyone', ['ada', 'bob']],
  ['match, after no connection', { match: { room: ['hall'] } }, 'nobody', ['cyd']],
  ['match of nobody', { match: { room: 'cellar' } }, 'ada', []],
  ['match {}: all', { match: {} }, 'ada', ['ada', 'bob', 'cyd']],
  ["match [], PHP's empty object: all", { match: [] }, 'ada', ['ada', 'bob', 'cyd']],
  ['match [] after no connection: all', { match: [] }, 'nobody', ['ada', 'bob', 'cyd']],
  ['except alone, in an answer: all others', { except: { wskey: 'ada' } }, 'ada', ['bob', 'cyd']],
  ['except alone, by POST', { except: { room: 'hall' } }, 'everyone', ['ada', 'bob']],
  ['except alone, after no connection', { except: { room: 'lobby' } }, 'nobody', ['cyd']],
  ['except []: nobody, since all are excepted', { except: [] }, 'ada', []],
  ['match and except', { match: { room: 'lobby' }, except: { role: 'admin' } }, 'ada', ['bob']],
  ['a wildcard', { match: { role: '*' } }, 'everyone', ['ada', 'bob', 'cyd']],
];

const originOf = ({ ada }: Three, origin: 'ada' | 'everyone' | 'nobody') => (origin === 'ada' ? ada : origin);

test.each(targets)('send %s', async (_what, criteria, from, meant) => {
  const three = threeConnections();
  const message = { type: 'hello', to: 'you' };
  const [result] = await three.commands.run(originOf(three, from), { type: 'send', message, ...criteria });
  if (meant === 'no-connection') return expect(result).toEqual(error('no-connection', 'add `match`'));
  expect(result).toEqual({ matched: meant.length });
  for (const [name, { socket }] of Object.entries(three.all)) {
    expect(socket.messages).toEqual(meant.includes(name) ? [message] : []);
  }
});

test.each(targets)('close %s', async (_what, criteria, from, meant) => {
  const three = threeConnections();
  const [result] = await three.commands.run(originOf(three, from), { type: 'close', ...criteria });
  if (meant === 'no-connection') return expect(result).toEqual(error('no-connection'));
  expect(result).toEqual({ matched: meant.length });
  for (const [name, { socket }] of Object.entries(three.all)) {
    expect(socket.closes).toEqual(meant.includes(name) ? [{ code: 1000, reason: '' }] : []);
  }
});

test.each(targets)('session %s', async (_what, criteria, from, meant) => {
  const three = threeConnections();
  const command = { type: 'session', data: { seen: true }, ...criteria };
  const [result] = await three.commands.run(originOf(three, from), command);
  if (meant === 'no-connection') return expect(result).toEqual(error('no-connection'));
  expect(result).toEqual({ matched: meant.length });
  for (const [name, { connection }] of Object.entries(three.all)) {
    expect(connection.sessionInfo['seen']).toBe(meant.includes(name) ? true : undefined);
  }
});

test.each(targets)('list %s, but without criteria always of all', async (_what, criteria, from, meant) => {
  const three = threeConnections();
  const [result] = await three.commands.run(originOf(three, from), { type: 'list', ...criteria });
  const listed = Object.keys(criteria).length === 0 ? ['ada', 'bob', 'cyd'] : meant;
  expect((result as JsonObject[]).map(({ wskey }) => wskey)).toEqual(listed);
});

test('a message that is a string, a list or null is sent as JSON', async () => {
  const { commands, ada } = threeConnections();
  await commands.run(ada, ...['text', [1], null, 7].map((message) => ({ type: 'send', message })));
  expect(ada.socket.texts).toEqual(['"text"', '[1]', 'null', '7']);
});

test('what a `send` sent is logged with how many got it, of how many', async () => {
  const { commands, ada } = threeConnections();
  await commands.run(ada, { type: 'send', message: { type: 'x' }, match: { room: 'lobby' } });
  expect(commands.logs.entries.at(-1)).toEqual({
    level: 'debug',
    message: '← sent to 2/3 clients',
    fields: { message: { type: 'x' } },
  });
});

test('close tells code and reason', async () => {
  const { commands, ada } = threeConnections();
  await commands.run(ada, { type: 'close', code: 4000, reason: 'moved' });
  expect(ada.socket.closes).toEqual([{ code: 4000, reason: 'moved' }]);
});

test('log writes any JSON to the log, and its result is null', async () => {
  const { commands } = threeConnections();
  const texts = ['Something happened', { a: 1 }, null, 0, [1]];
  expect(await commands.run('everyone', ...texts.map((text) => ({ type: 'log', text })))).toEqual(
    texts.map(() => null),
  );
  const logged = commands.logs.entries.filter(({ message }) => message === '! log');
  expect(logged.map(({ level, fields }) => [level, fields['text']])).toEqual(
    texts.map((text) => ['info', text]),
  );
});

test('reply hands its message to who asked, once, and its result is null', async () => {
  const { commands, ada } = threeConnections();
  const replies: unknown[] = [];
  const reply = (message: unknown): boolean => replies.push(message) === 1;
  const origin = { connection: ada.connection, reply };
  const results = await commands.run(
    origin,
    { type: 'reply', message: { sum: 3 } },
    { type: 'reply', message: { sum: 4 } },
  );
  expect(results).toEqual([null, error('no-request', 'has its reply already')]);
  expect(replies[0]).toEqual({ sum: 3 });
  expect(ada.socket.messages).toEqual([]);
});

test.each(['ada', 'everyone', 'nobody'] as const)(
  'reply without a request, from %s, is an error',
  async (from) => {
    const three = threeConnections();
    const [result] = await three.commands.run(originOf(three, from), { type: 'reply', message: null });
    expect(result).toEqual(error('no-request', 'no request caused this'));
  },
);

test('reply needs a message', async () => {
  const { commands, ada } = threeConnections();
  const origin = { connection: ada.connection, reply: () => true };
  expect(await commands.run(origin, { type: 'reply' })).toEqual([error('bad-command', 'message')]);
});

test('session merges, removes and adds', async () => {
  const { commands, ada } = threeConnections();
  await commands.run(ada, { type: 'session', data: { x: 'y', rooms: ['a', 'b'] } });
  await commands.run(ada, { type: 'session', remove: { rooms: 'a' }, add: { rooms: ['c'] } });
  expect(ada.connection.sessionInfo).toMatchObject({ x: 'y', room: 'lobby', rooms: ['b', 'c'] });
});

test("session takes PHP's empty list for no fields", async () => {
  const { commands, ada } = threeConnections();
  const before = { ...ada.connection.sessionInfo };
  expect(await commands.run(ada, { type: 'session', data: [], add: [], remove: [] })).toEqual([
    { matched: 1 },
  ]);
  expect(ada.connection.sessionInfo).toEqual(before);
});

test('session that names no change is told', async () => {
  const { commands, ada } = threeConnections();
  expect(await commands.run(ada, { type: 'session' })).toEqual([
    error('bad-command', 'expected `data`, `add` or `remove`'),
  ]);
});

test.each(['ip', 'wskey'])('session does not change %s, of nobody and by no way', async (field) => {
  const three = threeConnections();
  const value = { [field]: 'forged' };
  const ownValue = { [field]: three.ada.connection.sessionInfo[field] };
  const commands = [
    { data: value },
    { add: value },
    { remove: ownValue },
    { data: value, match: {} },
    { data: value, except: { wskey: 'ada' } },
    // Its own value is a change for the others.
    { data: ownValue, except: { wskey: 'ada' } },
    { data: ownValue, match: {} },
    { data: ownValue, match: [] },
  ];
  for (const command of commands) {
    for (const origin of [three.ada, 'everyone', 'nobody'] as const) {
      if (origin === 'nobody' && !('match' in command) && !('except' in command)) continue;
      const [result] = await three.commands.run(origin, { type: 'session', ...command });
      expect(result).toEqual(error('reserved-field', `would change \`${field}\``));
    }
  }
  for (const [name, { connection }] of Object.entries(three.all)) {
    expect(connection.sessionInfo).toMatchObject({ ip: '127.0.0.1', wskey: name });
  }
});

test('session may send back the whole connection as it came', async () => {
  const { commands, ada } = threeConnections();
  const data = { ...ada.connection.sessionInfo, score: 1 };
  expect(await commands.run(ada, { type: 'session', data })).toEqual([{ matched: 1 }]);
  expect(ada.connection.sessionInfo['score']).toBe(1);
});

test('session reaches the connection of the event also when its socket is gone, and no criteria do', async () => {
  const { commands, ada } = threeConnections();
  commands.hub.leave(ada.connection);
  expect(
    await commands.run(
      ada,
      { type: 'session', data: { last: 1 } },
      { type: 'session', data: { last: 2 }, match: { wskey: 'ada' } },
      { type: 'send', message: {} },
      { type: 'close' },
    ),
  ).toEqual([{ matched: 1 }, { matched: 0 }, { matched: 0 }, { matched: 0 }]);
  expect(ada.connection.sessionInfo['last']).toBe(1);
});

test('list gives only the fields that are asked for and there', async () => {
  const { commands } = threeConnections();
  const command = JSON.parse(
    '{"type":"list","fields":["role","wskey","__proto__","constructor"]}',
  ) as JsonObject;
  expect(await commands.run('everyone', command)).toEqual([
    [{ role: 'admin', wskey: 'ada' }, { wskey: 'bob' }, { wskey: 'cyd' }],
  ]);
  expect(await commands.run('everyone', { type: 'list', fields: [] })).toEqual([[{}, {}, {}]]);
});

test('list gives the sessions as they were when it ran', async () => {
  const { commands, ada } = threeConnections();
  const [list] = await commands.run(
    ada,
    { type: 'list', match: { wskey: 'ada' } },
    { type: 'session', data: { room: 'cellar' }, add: { rooms: 'x' } },
  );
  expect(list).toEqual([{ room: 'lobby', role: 'admin', ip: '127.0.0.1', wskey: 'ada' }]);
});

test('list counts', async () => {
  const { commands } = threeConnections();
  expect(
    await commands.run(
      'everyone',
      { type: 'list', count: true },
      { type: 'list', count: true, match: { room: 'lobby' }, except: { role: 'admin' } },
      { type: 'list', count: false, fields: ['wskey'], match: { room: 'hall' } },
    ),
  ).toEqual([{ count: 3 }, { count: 1 }, [{ wskey: 'cyd' }]]);
});

interface Page {
  readonly connections: readonly { readonly wskey: string }[];
  readonly cursor?: string;
}
const pageOf = async (commands: FakeCommands, limit: number, cursor?: string): Promise<Page> => {
  const command = {
    type: 'list',
    limit,
    match: { room: 'lobby' },
    ...(cursor === undefined ? {} : { cursor }),
  };
  const [page] = await commands.run('everyone', command);
  return page as Page;
};

test('pages go on where the last one ended, whoever comes and goes in between', async () => {
  const commands = new FakeCommands();
  const connected = new Map(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => [key, commands.connect(key, { room: 'lobby' })]),
  );
  commands.connect('elsewhere', { room: 'hall' });
  const leave = (key: string): void => commands.hub.leave(connected.get(key)!.connection);

  const first = await pageOf(commands, 3);
  expect(first.connections.map(({ wskey }) => wskey)).toEqual(['a', 'b', 'c']);
  // One that was listed, the one that the cursor stands on, and the next.
  for (const key of ['a', 'c', 'd']) leave(key);
  commands.connect('late', { room: 'lobby' });

  const second = await pageOf(commands, 3, first.cursor);
  expect(second.connections.map(({ wskey }) => wskey)).toEqual(['e', 'f', 'g']);
  const third = await pageOf(commands, 3, second.cursor);
  expect(third.connections.map(({ wskey }) => wskey)).toEqual(['late']);
  expect(third).not.toHaveProperty('cursor');
});

test('a page that is full exactly at the end has no cursor, and one past the end is empty', async () => {
  const commands = new FakeCommands();
  for (const key of ['a', 'b', 'c', 'd']) commands.connect(key, { room: 'lobby' });
  const first = await pageOf(commands, 2);
  const second = await pageOf(commands, 2, first.cursor);
  expect(second.connections.map(({ wskey }) => wskey)).toEqual(['c', 'd']);
  expect(second).not.toHaveProperty('cursor');
  expect(await pageOf(commands, 2, '999')).toEqual({ connections: [] });
});

test.each(['', '-1', 'x', '1.5', '1e3', '9'.repeat(16)])(
  'the cursor %j is told to be none',
  async (cursor) => {
    const { commands } = threeConnections();
    expect(await commands.run('everyone', { type: 'list', limit: 1, cursor })).toEqual([
      error('bad-command', 'expected the `cursor` of a page'),
    ]);
  },
);

test.each<[JsonObject, string]>([
  [{ type: 'send' }, 'message'],
  [{ type: 'log' }, 'text'],
  [{ type: 'close', code: 1006 }, 'code'],
  [{ type: 'close', code: '4000' }, 'code'],
  [{ type: 'close', reason: 'x'.repeat(124) }, 'reason'],
  [{ type: 'close', reason: 'é'.repeat(62) }, 'reason'],
  [{ type: 'list', limit: 0 }, 'limit'],
  [{ type: 'list', fields: 'wskey' }, 'fields'],
  [{ type: 'list', match: 'lobby' }, 'match'],
  [{ type: 'send', message: {}, match: null }, 'match'],
  [{ type: 'send', message: {}, match: ['lobby'] }, 'match'],
  [{ type: 'send', message: {}, match: { room: { a: 1 } } }, 'match.room'],
  [{ type: 'send', message: {}, except: 7 }, 'except'],
  [{ type: 'session', data: 'x' }, 'data'],
  [{ type: 'session', data: [1] }, 'data'],
])('a wrong field is named, and nothing happens: %j', async (command, field) => {
  const three = threeConnections();
  const before = Object.values(three.all).map(({ connection }) => ({ ...connection.sessionInfo }));
  const [result] = await three.commands.run('everyone', command);
  expect(result).toEqual(error('bad-command', field));
  for (const { socket } of Object.values(three.all)) {
    expect([socket.frames, socket.closes]).toEqual([[], []]);
  }
  expect(Object.values(three.all).map(({ connection }) => connection.sessionInfo)).toEqual(before);
});

test('criteria with only the key __proto__ match no connection, rather than all', async () => {
  const three = threeConnections();
  const command = JSON.parse('{"type":"close","match":{"__proto__":"x"}}') as JsonObject;
  expect(await three.commands.run('everyone', command)).toEqual([{ matched: 0 }]);
});
