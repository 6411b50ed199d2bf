import { type JsonObject, matches } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { alteredReservedField, applySessionChange, type SessionChange } from './session-change.ts';

const parsed = (json: string): JsonObject => JSON.parse(json) as JsonObject;

const changed = (sessionInfo: JsonObject, change: SessionChange): JsonObject => {
  applySessionChange(sessionInfo, change);
  return sessionInfo;
};

test('data is merged: objects field by field, to any depth', () => {
  const sessionInfo = { name: 'Ada', seat: { row: 1, view: { left: 1, right: 2 } } };
  expect(changed(sessionInfo, { data: { x: 'y', seat: { view: { right: 3 }, number: 7 } } })).toEqual({
    name: 'Ada',
    x: 'y',
    seat: { row: 1, number: 7, view: { left: 1, right: 3 } },
  });
});

test('data replaces lists and scalars, and objects by what is no object', () => {
  expect(
    changed(
      { list: [1, 2, 3], n: 1, o: { a: 1 }, s: 'x' },
      { data: { list: [9], n: null, o: 'gone', s: { b: 1 } } },
    ),
  ).toEqual({ list: [9], n: null, o: 'gone', s: { b: 1 } });
});

test('undefined changes nothing', () => {
  expect(changed({ a: 1 }, { data: { a: undefined, b: undefined } })).toEqual({ a: 1 });
});

test('connections that get the same change share neither objects nor lists', () => {
  const change = {
    data: { seat: { row: 1 }, rooms: ['lobby', { name: 'hall' }] },
    add: { tags: [{ a: 1 }] },
  };
  const [one, other] = [changed({}, change), changed({}, change)];
  (one['seat'] as JsonObject)['row'] = 2;
  (one['rooms'] as unknown[]).push('cellar');
  ((one['rooms'] as unknown[])[1] as JsonObject)['name'] = 'changed';
  ((one['tags'] as unknown[])[0] as JsonObject)['a'] = 2;
  expect(other).toEqual({ seat: { row: 1 }, rooms: ['lobby', { name: 'hall' }], tags: [{ a: 1 }] });
  expect(change).toEqual({
    data: { seat: { row: 1 }, rooms: ['lobby', { name: 'hall' }] },
    add: { tags: [{ a: 1 }] },
  });
});

test('a list that was given out before a change stays as it was', () => {
  const sessionInfo: JsonObject = { rooms: ['a'], seat: { row: 1 } };
  const before = { ...sessionInfo };
  changed(sessionInfo, { data: { seat: { row: 2 } }, add: { rooms: 'b' } });
  expect(before).toEqual({ rooms: ['a'], seat: { row: 1 } });
});

test('add puts values into a list, each once', () => {
  expect(changed({}, { add: { rooms: 'lobby' } })).toEqual({ rooms: ['lobby'] });
  expect(changed({ rooms: ['lobby'] }, { add: { rooms: ['hall', 'lobby', 'hall'] } })).toEqual({
    rooms: ['lobby', 'hall'],
  });
});

test('add makes a list of a field that was none', () => {
  expect(changed({ rooms: 'lobby' }, { add: { rooms: 'hall' } })).toEqual({ rooms: ['lobby', 'hall'] });
});

test('remove takes values out of a list', () => {
  expect(changed({ rooms: ['a', 'b', 'c'] }, { remove: { rooms: ['a', 'c', 'x'] } })).toEqual({
    rooms: ['b'],
  });
  expect(changed({ rooms: 'a' }, { remove: { rooms: 'a' } })).toEqual({ rooms: [] });
  expect(changed({}, { remove: { rooms: 'a' } })).toEqual({});
});

test('values that criteria cannot tell apart are one value', () => {
  expect(changed({ rooms: ['Lobby', 7] }, { add: { rooms: ['lobby', '7'] } })).toEqual({
    rooms: ['Lobby', 7],
  });
  expect(changed({ rooms: ['Lobby', 7] }, { remove: { rooms: ['LOBBY', '7'] } })).toEqual({ rooms: [] });
});

test('objects in a list are compared by what is in them', () => {
  expect(changed({ tags: [{ a: 1 }] }, { add: { tags: [{ a: 1 }, { a: 2 }] } })).toEqual({
    tags: [{ a: 1 }, { a: 2 }],
  });
  expect(changed({ tags: [{ a: 1 }, 'x'] }, { remove: { tags: { a: 1 } } })).toEqual({ tags: ['x'] });
});

test('data comes first, then remove, then add', () => {
  const change = { data: { rooms: ['a', 'b'] }, remove: { rooms: ['a', 'c'] }, add: { rooms: ['c', 'a'] } };
  expect(changed({ rooms: ['z'] }, change)).toEqual({ rooms: ['b', 'c', 'a'] });
});

test('__proto__ is dropped, at any depth and in every part', () => {
  const evil =
    '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"b":[{"__proto__":{"polluted":1}}]}}';
  for (const part of ['data', 'add', 'remove'] as const) {
    const sessionInfo = changed({ a: {} }, { [part]: parsed(evil) });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((sessionInfo as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(sessionInfo)).toBe(Object.prototype);
    expect(JSON.stringify(sessionInfo)).not.toContain('polluted');
  }
});

test('constructor, toString and the like are fields like any other', () => {
  const sessionInfo: JsonObject = {};
  changed(sessionInfo, { data: parsed('{"constructor":{"prototype":{"polluted":1}},"toString":"x"}') });
  changed(sessionInfo, { add: { hasOwnProperty: 'y' }, remove: { valueOf: 'z' } });
  expect(sessionInfo).toEqual({
    constructor: { prototype: { polluted: 1 } },
    toString: 'x',
    hasOwnProperty: ['y'],
  });
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test.each(['ip', 'wskey'])('%s is reserved in every part', (field) => {
  expect(alteredReservedField({ data: { [field]: 'x' } }, undefined)).toBe(field);
  expect(alteredReservedField({ add: { [field]: 'x' } }, { [field]: 'x' })).toBe(field);
  expect(alteredReservedField({ remove: { [field]: 'x' } }, { [field]: 'x' })).toBe(field);
  expect(alteredReservedField({ data: { room: 'x' } }, undefined)).toBeUndefined();
});

test('a reserved field that is sent back as it was alters nothing', () => {
  const sessionInfo = { ip: '127.0.0.1', wskey: 'k' };
  expect(alteredReservedField({ data: { ...sessionInfo, room: 'lobby' } }, sessionInfo)).toBeUndefined();
  expect(alteredReservedField({ data: { ...sessionInfo, wskey: 'K' } }, sessionInfo)).toBe('wskey');
});

const scalar = fc.oneof(fc.constantFrom('a', 'A', '7', 7, true, 'true', null, ''), fc.string());
const list = fc.array(scalar, { maxLength: 4 });

test('what is added is found by criteria, and what is removed is not', () => {
  fc.assert(
    fc.property(list, list, scalar, (rooms, added, value) => {
      fc.pre(value !== '*');
      const sessionInfo = changed({ rooms }, { add: { rooms: [...added, value] } });
      expect(matches({ rooms: value }, sessionInfo)).toBe(true);
      changed(sessionInfo, { remove: { rooms: value } });
      expect(matches({ rooms: value }, sessionInfo)).toBe(false);
    }),
  );
});

test('no change of any JSON pollutes a prototype, and it stays JSON', () => {
  const key = fc.constantFrom('__proto__', 'constructor', 'prototype', 'a', 'b');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      scalar.map((one) => JSON.stringify(one)),
      tie('list'),
      tie('object'),
    ),
    list: fc
      .array(tie('value') as fc.Arbitrary<string>, { maxLength: 3 })
      .map((items) => `[${items.join()}]`),
    object: fc
      .array(fc.tuple(key, tie('value') as fc.Arbitrary<string>), { maxLength: 3 })
      .map((entries) => `{${entries.map(([name, json]) => `"${name}":${json}`).join()}}`),
  }));
  const object = fc
    .array(fc.tuple(key, value as fc.Arbitrary<string>), { maxLength: 4 })
    .map((entries) => parsed(`{${entries.map(([name, json]) => `"${name}":${json}`).join()}}`));
  const propertiesBefore = Object.getOwnPropertyNames(Object.prototype);
  fc.assert(
    fc.property(object, object, object, object, (start, data, add, remove) => {
      const sessionInfo = changed(changed({}, { data: start }), { data, add, remove });
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(propertiesBefore);
      expect(Object.getPrototypeOf(sessionInfo)).toBe(Object.prototype);
      expect(JSON.stringify(sessionInfo)).not.toContain('__proto__');
    }),
  );
});
