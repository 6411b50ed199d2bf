import { brokerStarter, connectRaw, postCommands, Disposables } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** Three connections: `a` and `b` by cookie, then what `set` does to all; gives who is listed for a command. */
const start = async () => {
  const broker = await startBroker({
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1'] },
  });
  const clients = new Disposables();
  for (const cookie of ['n=1; room=Lobby', 'n=2; room=garden; vip=Yes', 'n=3']) {
    clients.use(await connectRaw(broker.url, { headers: { cookie } }));
  }
  const post = async (...commands: unknown[]) =>
    (await postCommands(broker.httpUrl, commands)).body as unknown[];
  return {
    post,
    /** The `n` of those that a command with these fields means. */
    who: async (target: object) => {
      const [listed] = await post({ type: 'list', fields: ['n'], ...target });
      return (listed as { n: string }[]).map(({ n }) => n).join('');
    },
    field: async (n: string, name: string) => {
      const [listed] = await post({ type: 'list', match: { n }, fields: [name] });
      return (listed as Record<string, unknown>[])[0]?.[name];
    },
    async [Symbol.asyncDispose]() {
      await clients[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
};

test('over the wire: every key must match, case does not count, `*` matches a missing field too, lists mean any', async () => {
  await using on = await start();
  const expected: [target: object, who: string][] = [
    [{}, '123'],
    [{ match: {} }, '123'],
    [{ match: { room: 'lobby' } }, '1'],
    [{ match: { room: 'LOBBY' } }, '1'],
    [{ match: { room: 'lobb' } }, ''],
    [{ match: { room: '*' } }, '123'],
    [{ match: { nothing: '*' } }, '123'],
    [{ match: { nothing: '' } }, ''],
    [{ match: { nothing: null } }, ''],
    [{ match: { room: ['lobby', 'Garden'] } }, '12'],
    [{ match: { room: [] } }, ''],
    [{ match: { room: 'garden', vip: 'yes' } }, '2'],
    [{ match: { room: 'lobby', vip: 'yes' } }, ''],
    [{ match: { n: 2 } }, '2'],
    [{ match: { n: [1, '3'] } }, '13'],
    [{ match: { constructor: '*' } }, '123'],
    [{ match: { toString: 'x' } }, ''],
  ];
  for (const [target, who] of expected) expect([target, await on.who(target)]).toEqual([target, who]);
});

test('`except` takes away from those that match, and alone from all', async () => {
  await using on = await start();
  expect(await on.who({ except: { room: 'lobby' } })).toBe('23');
  expect(await on.who({ match: { room: ['lobby', 'garden'] }, except: { vip: 'YES' } })).toBe('1');
  expect(await on.who({ except: { n: ['1', '2'] } })).toBe('3');
  expect(await on.who({ except: {} })).toBe('');
  expect(await on.who({ except: { n: '*' } })).toBe('');
});

test('a field that is a list matches when any of its values does: a connection in several rooms', async () => {
  await using on = await start();
  await on.post({ type: 'session', match: { n: '1' }, data: { rooms: ['A', 'b', 3] } });
  await on.post({ type: 'session', match: { n: '2' }, data: { rooms: ['b'] } });
  expect(await on.who({ match: { rooms: 'a' } })).toBe('1');
  expect(await on.who({ match: { rooms: 'B' } })).toBe('12');
  expect(await on.who({ match: { rooms: 3 } })).toBe('1');
  expect(await on.who({ match: { rooms: ['x', 'a'] } })).toBe('1');
  expect(await on.who({ match: { rooms: 'b' }, except: { rooms: 'a' } })).toBe('2');
});

test('`add` puts values into a list once, `remove` takes them out, a single value becomes a list', async () => {
  await using on = await start();
  const rooms = () => on.field('1', 'room');
  const change = (fields: object) => on.post({ type: 'session', match: { n: '1' }, ...fields });
  await change({ add: { room: 'attic' } });
  expect(await rooms()).toEqual(['Lobby', 'attic']);
  await change({ add: { room: ['attic', 'cellar'] } });
  expect(await rooms()).toEqual(['Lobby', 'attic', 'cellar']);
  expect(await on.who({ match: { room: 'cellar' } })).toBe('1');
  await change({ remove: { room: ['attic', 'never there'] } });
  expect(await rooms()).toEqual(['Lobby', 'cellar']);
  expect(await on.who({ match: { room: 'attic' } })).toBe('');
  await change({ data: { room: 'tower' }, add: { room: 'roof' }, remove: { room: 'cellar' } });
  expect(await rooms()).toEqual(['tower', 'roof']);
  await change({ remove: { nothing: 'x' } });
  expect(await on.field('1', 'nothing')).toBeUndefined();
});
