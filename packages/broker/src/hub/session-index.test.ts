import { compileCriteria, type Criteria } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeConnection } from '../../test/fake-connection.ts';
import type { HubConnection } from './connection.ts';
import { Hub, type Target } from './hub.ts';
import type { SessionChange } from './session-change.ts';

/** A hub whose time stands still, that indexes also the fewest connections; and beside it all that are open. */
class Tried {
  nowMs = 0;
  readonly open: HubConnection[] = [];
  readonly hub = new Hub({ minConnections: 0, maxKeys: 3, unusedMs: 100, nowMs: () => this.nowMs });
  #lastKey = 0;

  connect(fields: Record<string, unknown>): HubConnection {
    this.#lastKey += 1;
    const { connection } = fakeConnection(`k${this.#lastKey}`, fields);
    this.hub.add(connection);
    this.open.push(connection);
    return connection;
  }

  leave(at: number): void {
    for (const connection of this.open.splice(at, 1)) this.hub.leave(connection);
  }

  find(match?: Criteria, except?: Criteria): string[] {
    return this.hub.select({ match, except }).map(({ wskey }) => wskey);
  }

  /** The same by a plain look at each connection. */
  scan({ match, except }: Exclude<Target, { wskey: string }>): string[] {
    const isMatch = match && compileCriteria(match);
    const isExcept = except && compileCriteria(except);
    return this.open
      .filter(({ session }) => (isMatch?.(session) ?? true) && !(isExcept?.(session) ?? false))
      .map(({ wskey }) => wskey);
  }
}

/** `room 0`, `room 1` … */
const rooms = (count: number): string[] => Array.from({ length: count }, (_, at) => `room ${at}`);

test('the first criteria that name a key build its index, which is kept up from then on', () => {
  const tried = new Tried();
  const ada = tried.connect({ room: 'lobby' });
  expect(Object.keys(tried.hub.indexedValues)).toEqual([]);
  expect(tried.find({ room: 'LOBBY' })).toEqual(['k1']);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['room']);
  tried.connect({ room: 'Lobby' });
  expect(tried.find({ room: 'lobby' })).toEqual(['k1', 'k2']);
  ada.changeSession({ data: { room: 'hall' } });
  expect(tried.find({ room: 'lobby' })).toEqual(['k2']);
  expect(tried.find({ room: 'hall' })).toEqual(['k1']);
  tried.leave(0);
  expect(tried.find({ room: 'hall' })).toEqual([]);
});

test('a look at few connections is as good as an index', () => {
  const hub = new Hub();
  for (const key of ['a', 'b', 'c']) hub.add(fakeConnection(key, { room: 'lobby' }).connection);
  expect(hub.select({ match: { room: 'lobby' } })).toHaveLength(3);
  expect(Object.keys(hub.indexedValues)).toEqual([]);
});

test('an index that nobody has asked for a while is dropped, and built again when somebody does', () => {
  const tried = new Tried();
  tried.connect({ room: 'lobby', role: 'admin' });
  tried.find({ room: 'lobby' });
  tried.nowMs = 60;
  tried.find({ role: 'admin' });
  tried.nowMs = 120;
  tried.connect({ room: 'lobby' });
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['role']);
  expect(tried.find({ room: 'lobby' })).toEqual(['k1', 'k2']);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['role', 'room']);
});

test('keys past the most that are indexed are answered all the same, and displace none that is in use', () => {
  const tried = new Tried();
  tried.connect({ a: 1, b: 1, c: 1, d: 1 });
  for (const key of ['a', 'b', 'c', 'd']) expect(tried.find({ [key]: 1 })).toEqual(['k1']);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['a', 'b', 'c']);
  tried.nowMs = 90;
  tried.find({ a: 1 });
  tried.nowMs = 120;
  expect(tried.find({ d: 1 })).toEqual(['k1']);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['a', 'd']);
});

test('an index that leaves few needs no other beside it', () => {
  const tried = new Tried();
  for (let n = 0; n < 100; n += 1) tried.connect({ room: n % 10, isOnline: true });
  const found = tried.find({ isOnline: true, room: 3 });
  expect(found).toHaveLength(10);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['isOnline']);
  expect(tried.find({ isOnline: true, room: 3 })).toEqual(found);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['isOnline', 'room']);
  // It has not been the one that leaves the fewest for too long: not in use.
  tried.nowMs = 60;
  tried.find({ isOnline: true, room: 3 });
  tried.nowMs = 110;
  expect(tried.find({ isOnline: true, room: 3, role: '*' })).toEqual(found);
  expect(Object.keys(tried.hub.indexedValues)).toEqual(['room']);
});

test('keeps no value that nobody has any more', () => {
  const tried = new Tried();
  const [ada] = ['lobby', 'lobby', 'hall'].map((room) => tried.connect({ room }));
  tried.find({ room: 'lobby' });
  expect(tried.hub.indexedValues).toEqual({ room: 2 });
  ada?.changeSession({ data: { room: 'attic' } });
  expect(tried.hub.indexedValues).toEqual({ room: 3 });
  while (tried.open.length > 0) tried.leave(0);
  expect(tried.hub.indexedValues).toEqual({ room: 0 });
});

test('what only one look at a time could find is kept under no value', () => {
  const tried = new Tried();
  for (const room of ['x'.repeat(257), 'İ'.repeat(129), rooms(1_001), { a: 1 }, [{}, []], undefined]) {
    tried.connect({ room });
  }
  tried.connect({}).sessionInfo['room'] = 'lobby';
  expect(tried.find({ room: 'lobby' })).toEqual(['k7']);
  expect(tried.hub.indexedValues).toEqual({ room: 0 });
});

test('connections that came into a room late stand where they connected', () => {
  const tried = new Tried();
  const [first, , third] = ['hall', 'lobby', 'hall'].map((room) => tried.connect({ room }));
  expect(tried.find({ room: 'lobby' })).toEqual(['k2']);
  third?.changeSession({ data: { room: 'lobby' } });
  first?.changeSession({ data: { room: 'lobby' } });
  expect(tried.find({ room: 'lobby' })).toEqual(['k1', 'k2', 'k3']);
  first?.changeSession({ data: { room: 'hall' } });
  expect(tried.find({ room: ['lobby', 'hall'] })).toEqual(['k1', 'k2', 'k3']);
});

test('what the application does to a session that it has had is seen at once', () => {
  const tried = new Tried();
  const ada = tried.connect({ room: 'lobby' });
  tried.connect({ room: 'lobby' });
  expect(tried.find({ room: 'lobby' })).toEqual(['k1', 'k2']);
  const { sessionInfo } = ada;
  sessionInfo['room'] = 'hall';
  expect(tried.find({ room: 'lobby' })).toEqual(['k2']);
  expect(tried.find({ room: 'hall' })).toEqual(['k1']);
  ada.changeSession({ data: { room: 'attic' } });
  expect(tried.find({ room: 'attic' })).toEqual(['k1']);
  sessionInfo['room'] = 'lobby';
  expect(tried.find({ room: 'lobby' })).toEqual(['k1', 'k2']);
  tried.leave(0);
  expect(tried.find({ room: 'lobby' })).toEqual(['k2']);
});

test('a change that fails half-way is indexed as far as it came', () => {
  const tried = new Tried();
  const ada = tried.connect({ room: 'lobby', tags: [{ big: 10n }] });
  expect(tried.find({ room: 'lobby' })).toEqual(['k1']);
  const change: SessionChange = { data: { room: 'hall' }, remove: { tags: 'x' } };
  expect(() => ada.changeSession(change)).toThrow(TypeError);
  expect(tried.find({ room: 'lobby' })).toEqual([]);
  expect(tried.find({ room: 'hall' })).toEqual(['k1']);
});

test('values of any length and lists of any length are found', () => {
  const tried = new Tried();
  const long = 'x'.repeat(257);
  // One letter that becomes two when folded.
  const folding = 'İ'.repeat(129);
  tried.connect({ room: long });
  tried.connect({ room: folding });
  tried.connect({ room: rooms(1_001) });
  const crowded = tried.connect({ room: rooms(1_000) });
  expect(tried.find({ room: 'room 7' })).toEqual(['k3', 'k4']);
  expect(tried.find({ room: long.toUpperCase() })).toEqual(['k1']);
  expect(tried.find({ room: folding.toLowerCase() })).toEqual(['k2']);
  expect(tried.find({ room: ['room 7', long] })).toEqual(['k1', 'k3', 'k4']);
  crowded.changeSession({ add: { room: 'one more' } });
  expect(tried.find({ room: 'one more' })).toEqual(['k4']);
  crowded.changeSession({ remove: { room: rooms(999) } });
  expect(tried.find({ room: 'room 7' })).toEqual(['k3']);
  expect(tried.find({ room: ['one more', 'room 999'] })).toEqual(['k3', 'k4']);
});

const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('room', 'rooms') },
  fc.constantFrom('wskey', 'constructor', '__proto__', 'seat', 'other'),
);
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<string | number>('a', 'A', 'b', 1, '1') },
  fc.constantFrom<string | number | boolean | null>(
    ...['*', null, true, 'True', '', 'k1', 'K2', 'İ', 'i̇'],
    ...['x'.repeat(256), 'X'.repeat(257), 'x'.repeat(257), 'İ'.repeat(129)],
  ),
);
const criterion = fc.oneof({ weight: 3, arbitrary: scalar }, fc.array(scalar, { maxLength: 3 }));
/** A crowded list makes all that is found of its key uncertain, and so hides what the index has wrong: seldom. */
const field = fc.oneof(
  { weight: 6, arbitrary: criterion },
  {
    weight: 12,
    arbitrary: fc.array(
      fc.oneof({ weight: 6, arbitrary: scalar }, fc.constantFrom<unknown>({ a: 1 }, ['a'])),
      {
        maxLength: 4,
      },
    ),
  },
  fc.constantFrom<unknown>({ row: 1 }, rooms(1_001).concat('a')),
);
/** Also `__proto__` as a field of its own, as JSON has it. */
const record = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.array(fc.tuple(key, values), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
const criteria = fc.oneof(
  fc.tuple(key, criterion).map<Criteria>((entry) => Object.fromEntries([entry])),
  record(criterion),
);
const fields = record(field).map(({ wskey: _wskey, ...rest }) => rest);
const at = fc.nat({ max: 9 });

type Step = (tried: Tried) => void;

const backendStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fields.map<Step>((session) => (tried) => void tried.connect(session)),
  },
  { weight: 2, arbitrary: at.map<Step>((place) => (tried) => tried.leave(place)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(at, fc.record({ data: fields, add: fields, remove: fields }, { requiredKeys: [] }))
      .map<Step>(
        ([place, change]) =>
          (tried) =>
            tried.open[place]?.changeSession(change),
      ),
  },
  fc.constantFrom(30, 101).map<Step>((passedMs) => (tried) => void (tried.nowMs += passedMs)),
  {
    weight: 4,
    arbitrary: fc
      .tuple(criteria, fc.option(criteria, { nil: undefined, freq: 1 }))
      .map<Step>(([match, except]) => (tried) => {
        expect(tried.find(match, except)).toEqual(tried.scan({ match, except }));
      }),
  },
);
const applicationStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(at, fields).map<Step>(([place, session]) => (tried) => {
    const connection = tried.open[place];
    if (connection) Object.assign(connection.sessionInfo, session);
  }),
  fc.tuple(at, key).map<Step>(([place, name]) => (tried) => {
    const connection = tried.open[place];
    if (name !== 'wskey' && connection?.isSessionShared) delete connection.sessionInfo[name];
  }),
);

test.each([
  ['commands', backendStep],
  ['commands and handlers', fc.oneof({ weight: 4, arbitrary: backendStep }, applicationStep)],
])('finds whom a plain look at each would, in the same order, whatever %s did before', (_, step) => {
  fc.assert(
    fc.property(
      fc.array(fields, { maxLength: 8 }),
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.array(criteria, { minLength: 8, maxLength: 8 }),
      (sessions, steps, questions) => {
        const tried = new Tried();
        for (const session of sessions) tried.connect(session);
        // Indexes that are there from the beginning see all that follows.
        for (const match of questions) expect(tried.find(match)).toEqual(tried.scan({ match }));
        for (const take of steps) take(tried);
        for (const match of questions) expect(tried.find(match)).toEqual(tried.scan({ match }));
      },
    ),
    { numRuns: 500 },
  );
});
