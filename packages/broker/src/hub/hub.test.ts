import { type Criteria, matches } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeConnection } from '../../test/fake-connection.ts';
import { Hub, type Target } from './hub.ts';

const add = (hub: Hub, wskey: string, fields: Record<string, unknown> = {}) => {
  const { connection } = fakeConnection(wskey, fields);
  hub.add(connection);
  return connection;
};

const keys = (hub: Hub, target: Target): string[] => [...hub.select(target)].map(({ wskey }) => wskey);

test('selects all without criteria, in the order in which they connected', () => {
  const hub = new Hub();
  for (const key of ['c', 'a', 'b']) add(hub, key);
  expect(keys(hub, {})).toEqual(['c', 'a', 'b']);
  expect(keys(hub, { match: {} })).toEqual(['c', 'a', 'b']);
  expect(hub.size).toBe(3);
});

test('selects what matches and is not excepted', () => {
  const hub = new Hub();
  add(hub, 'a', { room: 'lobby', role: 'admin' });
  add(hub, 'b', { room: 'Lobby' });
  add(hub, 'c', { room: 'hall' });
  expect(keys(hub, { match: { room: 'lobby' } })).toEqual(['a', 'b']);
  expect(keys(hub, { match: { room: 'lobby' }, except: { role: 'admin' } })).toEqual(['b']);
  expect(keys(hub, { except: { room: 'lobby' } })).toEqual(['c']);
  expect(keys(hub, { except: {} })).toEqual([]);
});

test('selects one by its key, and none by a key that nobody has', () => {
  const hub = new Hub();
  add(hub, 'a');
  add(hub, 'b');
  expect(keys(hub, { wskey: 'b' })).toEqual(['b']);
  expect(keys(hub, { wskey: 'B' })).toEqual([]);
  expect(keys(hub, { wskey: '__proto__' })).toEqual([]);
});

test('sees a change of sessionInfo at once', () => {
  const hub = new Hub();
  const connection = add(hub, 'a', { room: 'lobby' });
  connection.sessionInfo['room'] = 'hall';
  expect(keys(hub, { match: { room: 'lobby' } })).toEqual([]);
  expect(keys(hub, { match: { room: 'hall' } })).toEqual(['a']);
});

test('lists each with its place, after a given one', () => {
  const hub = new Hub();
  for (const key of ['a', 'b', 'c', 'd']) add(hub, key, { odd: key === 'a' || key === 'c' });
  const listed = (target: Target, after?: number) =>
    [...hub.list(target, after)].map(({ place, connection }) => [place, connection.wskey]);
  expect(listed({})).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
    [4, 'd'],
  ]);
  expect(listed({}, 2)).toEqual([
    [3, 'c'],
    [4, 'd'],
  ]);
  expect(listed({ match: { odd: true } }, 1)).toEqual([[3, 'c']]);
  expect(listed({ wskey: 'b' }, 1)).toEqual([[2, 'b']]);
  expect(listed({ wskey: 'b' }, 2)).toEqual([]);
  expect(listed({}, 99)).toEqual([]);
});

test('a place is never given twice', () => {
  const hub = new Hub();
  hub.forget(add(hub, 'a'));
  add(hub, 'b');
  expect([...hub.list({})].map(({ place }) => place)).toEqual([2]);
});

test('one whose socket is gone is matched no more, and found by its key alone until it is forgotten', () => {
  const hub = new Hub();
  const connection = add(hub, 'a', { room: 'lobby' });
  const withLeaving = (target: Target) => [...hub.selectWithLeaving(target)].map(({ wskey }) => wskey);

  expect(withLeaving({ wskey: 'a' })).toEqual(['a']);
  hub.leave(connection);
  expect(hub.size).toBe(0);
  expect(keys(hub, {})).toEqual([]);
  expect(keys(hub, { wskey: 'a' })).toEqual([]);
  expect(withLeaving({ match: { room: 'lobby' } })).toEqual([]);
  expect(withLeaving({ wskey: 'a' })).toEqual(['a']);

  hub.forget(connection);
  expect(withLeaving({ wskey: 'a' })).toEqual([]);
});

test('leaving after being forgotten brings nothing back', () => {
  const hub = new Hub();
  const connection = add(hub, 'a');
  hub.forget(connection);
  hub.leave(connection);
  expect([...hub.selectWithLeaving({ wskey: 'a' })]).toEqual([]);
});

const value = fc.constantFrom<string | number | boolean | null>('a', 'A', 'b', '*', 1, '1', null, true);
const fields = fc.dictionary(
  fc.constantFrom('room', 'role', 'constructor'),
  fc.oneof(value, fc.array(value, { maxLength: 3 })),
  { maxKeys: 3 },
);
const criteria = fc.option<Criteria, undefined>(fields, { nil: undefined });

test('selects what a plain look at each would', () => {
  fc.assert(
    fc.property(
      fc.array(fields, { maxLength: 12 }),
      fc.array(fc.nat({ max: 11 }), { maxLength: 4 }),
      criteria,
      criteria,
      (sessions, leaving, match, except) => {
        const hub = new Hub();
        const open = new Map(sessions.map((session, at) => [at, add(hub, `k${at}`, session)]));
        for (const at of leaving) {
          const connection = open.get(at);
          if (connection) hub.leave(connection);
          open.delete(at);
        }
        const expected = [...open.values()]
          .filter(({ sessionInfo }) => match === undefined || matches(match, sessionInfo))
          .filter(({ sessionInfo }) => except === undefined || !matches(except, sessionInfo))
          .map(({ wskey }) => wskey);
        expect(keys(hub, { match, except })).toEqual(expected);
      },
    ),
  );
});
