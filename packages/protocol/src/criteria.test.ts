import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJson, anyJsonObject, anyKey, anyText } from '../test/arbitrary-json.ts';
import { compileCriteria, type Criteria, criteriaSchema, matches } from './criteria.ts';
import type { JsonObject } from './json.ts';

const parsed = <T>(json: string): T => JSON.parse(json) as T;

test('no keys match every connection', () => {
  expect(matches({}, {})).toBe(true);
  expect(matches({}, { room: 'lobby' })).toBe(true);
});

test('every key must match', () => {
  const sessionInfo = { room: 'lobby', role: 'admin' };
  expect(matches({ room: 'lobby', role: 'admin' }, sessionInfo)).toBe(true);
  expect(matches({ room: 'lobby', role: 'guest' }, sessionInfo)).toBe(false);
});

test.each([
  ['myValue', 'MYVALUE', true],
  ['ÄÖÜ', 'äöü', true],
  ['ΣΊΣΥΦΟΣ', 'σίσυφος', true],
  ['lobby', 'lobb', false],
  ['lobby', 'lobbys', false],
  ['', '', true],
  ['', 'x', false],
  ['a.c', 'abc', false],
  ['a*', 'abc', false],
])('compares %j with the field %j without regard to case and as a whole: %j', (wanted, field, expected) => {
  expect(matches({ field: wanted }, { field })).toBe(expected);
  expect(matches({ field }, { field: wanted })).toBe(expected);
});

test.each<[unknown, unknown, boolean]>([
  [42, '42', true],
  ['42', 42, true],
  [42, 42, true],
  [42, '42.0', false],
  [1e21, '1E+21', true],
  [-0, '0', true],
  [true, 'true', true],
  ['TRUE', true, true],
  [true, 1, false],
  [false, '', false],
  [null, 'null', true],
  [null, null, true],
  [null, '', false],
  ['null', null, true],
  [0, null, false],
])('compares %j with the field %j as strings: %j', (wanted, field, expected) => {
  expect(matches({ field: wanted } as Criteria, { field })).toBe(expected);
});

test('* matches any value and a missing field', () => {
  for (const sessionInfo of [{ room: 'lobby' }, { room: null }, { room: [] }, { room: {} }, {}]) {
    expect(matches({ room: '*' }, sessionInfo)).toBe(true);
  }
});

test('* is no pattern within a value, and a field that is * matches only * and itself', () => {
  expect(matches({ room: 'lob*' }, { room: 'lobby' })).toBe(false);
  expect(matches({ room: 'lobby' }, { room: '*' })).toBe(false);
});

test('* for one key leaves the others to be compared', () => {
  expect(matches({ room: '*', role: 'admin' }, { role: 'guest' })).toBe(false);
  expect(matches({ room: '*', role: 'admin' }, { role: 'Admin' })).toBe(true);
});

test('a missing field matches nothing but *', () => {
  for (const wanted of ['', 'undefined', 'null', null, false, 0, [], ['undefined', '']]) {
    expect(matches({ room: wanted }, {})).toBe(false);
    expect(matches({ room: wanted }, { room: undefined })).toBe(false);
  }
});

test('a list of values means any of them', () => {
  expect(matches({ room: ['lobby', 7] }, { room: 'LOBBY' })).toBe(true);
  expect(matches({ room: ['lobby', 7] }, { room: '7' })).toBe(true);
  expect(matches({ room: ['lobby', 7] }, { room: 'hall' })).toBe(false);
  expect(matches({ room: ['lobby', '*'] }, {})).toBe(true);
});

test('an empty list of values matches no connection', () => {
  expect(matches({ room: [] }, { room: 'lobby' })).toBe(false);
  expect(matches({ room: [] }, { room: [] })).toBe(false);
});

test('a field that is a list matches when any of its values does', () => {
  const sessionInfo = { rooms: ['Lobby', 7, null] };
  expect(matches({ rooms: 'lobby' }, sessionInfo)).toBe(true);
  expect(matches({ rooms: '7' }, sessionInfo)).toBe(true);
  expect(matches({ rooms: null }, sessionInfo)).toBe(true);
  expect(matches({ rooms: ['hall', 'LOBBY'] }, sessionInfo)).toBe(true);
  expect(matches({ rooms: 'hall' }, sessionInfo)).toBe(false);
  expect(matches({ rooms: 'lobby,7,' }, sessionInfo)).toBe(false);
  expect(matches({ rooms: 'lobby' }, { rooms: [] })).toBe(false);
});

test('a field that is an object, alone or in a list, matches only *', () => {
  for (const field of [{}, { a: 1 }, [{}], [['lobby']]]) {
    expect(matches({ field: '[object Object]' }, { field })).toBe(false);
    expect(matches({ field: 'lobby' }, { field })).toBe(false);
    expect(matches({ field: '*' }, { field })).toBe(true);
  }
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'the key %s means an own field of that name',
  (key) => {
    const criteria = parsed<Criteria>(`{${JSON.stringify(key)}:"x"}`);
    expect(matches(criteria, {})).toBe(false);
    expect(matches(criteria, { room: 'x' })).toBe(false);
    expect(matches(criteria, parsed<JsonObject>(`{${JSON.stringify(key)}:"X"}`))).toBe(true);
    const anything = parsed<Criteria>(`{${JSON.stringify(key)}:"*"}`);
    expect(matches(anything, {})).toBe(true);
  },
);

test('a field that sessionInfo only inherits is missing', () => {
  const sessionInfo = Object.create({ room: 'lobby' }) as JsonObject;
  expect(matches({ room: 'lobby' }, sessionInfo)).toBe(false);
});

test('criteria inherit no keys', () => {
  const criteria = Object.create({ room: 'lobby' }) as Criteria;
  expect(matches(criteria, {})).toBe(true);
});

test('a value that criteria cannot have matches no connection, rather than all', () => {
  const impossible: unknown[] = [undefined, {}, Object.create(null), [{}], () => 'x', Symbol('x')];
  for (const value of impossible) {
    const criteria = { room: value } as unknown as Criteria;
    for (const room of ['undefined', '[object Object]', 'x', {}, undefined]) {
      expect(matches(criteria, { room })).toBe(false);
    }
    expect(matches(criteria, {})).toBe(false);
  }
});

test('compiled criteria do not see later changes of the object they came from', () => {
  const criteria: Criteria = { room: 'lobby' };
  const isMatch = compileCriteria(criteria);
  criteria['room'] = 'hall';
  expect(isMatch({ room: 'lobby' })).toBe(true);
});

test('the schema takes strings, numbers, booleans, null and lists of these, and nothing else', () => {
  const good = [{}, { a: 'x', b: 1, c: true, d: null, e: ['x', 1, false, null], f: [] }];
  for (const criteria of good) expect(criteriaSchema.safeParse(criteria).success).toBe(true);
  const bad = [null, [], 'x', 1, { a: {} }, { a: [[]] }, { a: [{}] }, { a: undefined }];
  for (const criteria of bad) expect(criteriaSchema.safeParse(criteria).success).toBe(false);
});

const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]);

/** The same rules again, written as slowly and plainly as can be. */
const slowMatches = (criteria: Criteria, sessionInfo: JsonObject): boolean => {
  for (const [key, value] of Object.entries(criteria)) {
    const wanted = list(value).map((one) => String(one).toLowerCase());
    if (wanted.includes('*')) continue;
    const own = Object.entries(sessionInfo).find(([name]) => name === key);
    if (!own) return false;
    const seen = list(own[1])
      .filter((one) => one === null || typeof one !== 'object')
      .map((one) => String(one).toLowerCase());
    if (!seen.some((one) => wanted.includes(one))) return false;
  }
  return true;
};

const value = fc.oneof(
  fc.constantFrom('a', 'A', 'b', '*', '1', 'null', 'true', '', 'undefined'),
  fc.constantFrom(1, 1.5, -0, true, false, null),
  anyText,
);
const fromEntries = <T>(key: fc.Arbitrary<string>, field: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .array(fc.tuple(key, field), { maxLength: 3 })
    .map((entries) =>
      parsed(`{${entries.map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`).join(',')}}`),
    );
const fewKeys = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('room', 'role', '__proto__') }, anyKey);
const anyCriteria: fc.Arbitrary<Criteria> = fromEntries(
  fewKeys,
  fc.oneof(value, fc.array(value, { maxLength: 3 })),
);
const anySessionInfo: fc.Arbitrary<JsonObject> = fc.oneof(
  fromEntries(fewKeys, fc.oneof(value, fc.array(value, { maxLength: 3 }), anyJson)),
  anyJsonObject,
);

test('matches as the slow and plain implementation does', () => {
  let matched = 0;
  let unmatched = 0;
  fc.assert(
    fc.property(anyCriteria, anySessionInfo, (criteria, sessionInfo) => {
      const expected = slowMatches(criteria, sessionInfo);
      if (expected) matched += 1;
      else unmatched += 1;
      expect(matches(criteria, sessionInfo)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
  // A generator that only ever makes one of the two would prove little.
  expect(Math.min(matched, unmatched)).toBeGreaterThan(200);
});

test('criteria made from the fields of a sessionInfo match it, in any case', () => {
  fc.assert(
    fc.property(fromEntries(anyKey, value), (sessionInfo) => {
      const upper = parsed<Criteria>(
        `{${Object.entries(sessionInfo)
          .map(([name, one]) => {
            const shouted = typeof one === 'string' ? one.toUpperCase() : one;
            const same = String(shouted).toLowerCase() === String(one).toLowerCase();
            return `${JSON.stringify(name)}:${JSON.stringify(same ? shouted : one)}`;
          })
          .join(',')}}`,
      );
      expect(matches(upper, sessionInfo)).toBe(true);
    }),
  );
});
