import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { happening, JournalModel, opening } from '../../../test/journal-changes.ts';
import { splitFreeing } from './freeing.ts';
import type { JournalChange } from './journal.ts';

type Write = readonly JournalChange[];

const event = (wskey: string, number: number) => happening(wskey, number, { message: number });
const lastEvent = (wskey: string, number: number) => happening(wskey, number, { reason: 'client-left' });
const delivered = (wskey: string, number: number): JournalChange => ({ kind: 'delivered', wskey, number });
const deadLetter = (wskey: string, number: number): JournalChange => ({
  kind: 'dead-letter',
  wskey,
  number,
  why: '',
});
const session = (wskey: string, sessionInfo: string): JournalChange => ({
  kind: 'session',
  wskey,
  sessionInfo,
});
const failed = (wskey: string, message: number): JournalChange => ({
  kind: 'failed',
  wskey,
  message,
  code: 'refused',
  text: '',
});
const received = (wskey: string, count: number): JournalChange => ({
  kind: 'received',
  wskey,
  received: count,
});
const end = (wskey: string): JournalChange => ({ kind: 'end', wskey });

const ahead = (...writes: Write[]): Write => splitFreeing(writes, 'end').ahead.flat();

test('what was delivered or given up goes ahead of events that wait', () => {
  const first = event('a', 5);
  const { ahead: taken, rest } = splitFreeing(
    [[first], [delivered('b', 1)], [deadLetter('a', 4), failed('a', 4)]],
    'settle',
  );
  expect(taken).toEqual([[], [delivered('b', 1)], [deadLetter('a', 4), failed('a', 4)]]);
  expect(rest).toEqual([[first], [], []]);
});

test('nothing goes ahead where nothing makes room', () => {
  const writes = [
    [session('a', '1'), event('a', 5)],
    [received('b', 1), failed('b', 1)],
    [session('c', '1')],
  ];
  expect(splitFreeing(writes, 'end')).toEqual({ ahead: [[], [], []], rest: writes });
});

test('what an answer changed goes with the end of its event, also when it was written earlier', () => {
  const writes = [[session('a', '1'), event('a', 6)], [session('a', '2')], [delivered('a', 5)]];
  expect(ahead(...writes)).toEqual([session('a', '1'), session('a', '2'), delivered('a', 5)]);
});

test('a failure of a refused message stays with the count of it', () => {
  expect(ahead([received('a', 3), failed('a', 3)], [delivered('a', 1)])).toEqual([delivered('a', 1)]);
});

test('a connection ends ahead, with its last event, if nothing of it waits', () => {
  expect(ahead([event('a', 2)], [lastEvent('b', 3), end('b')])).toEqual([lastEvent('b', 3), end('b')]);
  expect(ahead([event('a', 2)], [lastEvent('a', 3), end('a')], [delivered('b', 1)])).toEqual([
    delivered('b', 1),
  ]);
});

test('while anything makes room at once, ends of connections stay behind', () => {
  const writes = [
    [lastEvent('b', 3), end('b')],
    [session('b', '1'), delivered('b', 1)],
  ];
  expect(splitFreeing(writes, 'settle')).toEqual({ ahead: [[], writes[1]], rest: [writes[0], []] });
});

test('nothing of a connection goes ahead of its beginning', () => {
  const writes = [[opening('a'), lastEvent('a', 1)], [session('a', '1')], [end('a')], [delivered('b', 1)]];
  expect(ahead(...writes)).toEqual([delivered('b', 1)]);
});

/**
 * Writes as the broker makes them: events of several connections are committed, and of those that are, some are
 * settled later; nothing of a connection comes after its end.
 */
const histories = fc.array(
  fc.record({
    wskey: fc.constantFrom('a', 'b', 'c'),
    does: fc.constantFrom('event', 'event', 'settle', 'settle', 'bury', 'session', 'refuse', 'tokens', 'end'),
    answers: fc.boolean(),
  }),
  { maxLength: 40 },
);

interface Life {
  number: number;
  settled: number;
  message: number;
  isEnded: boolean;
}

/** @param before So many steps are committed before the file is full; only events of those are settled. */
const writesOf = (steps: typeof histories extends fc.Arbitrary<infer T> ? T : never, before: number) => {
  const lives = new Map<string, Life>();
  const committed = new Map<string, number>();
  const writes: JournalChange[][] = [];
  for (const [index, { wskey, does, answers }] of steps.entries()) {
    if (index === before) for (const [key, life] of lives) committed.set(key, life.number);
    const life = lives.get(wskey);
    if (!life) {
      lives.set(wskey, { number: 1, settled: 0, message: 0, isEnded: false });
      writes.push([opening(wskey), happening(wskey, 1)]);
      continue;
    }
    const answer = answers ? [session(wskey, `session ${index}`)] : [];
    const known = index < before ? life.number : (committed.get(wskey) ?? 0);
    if (does === 'settle' && life.settled < known) writes.push([...answer, delivered(wskey, ++life.settled)]);
    if (does === 'bury' && life.settled < known) {
      life.settled += 1;
      writes.push([deadLetter(wskey, life.settled), failed(wskey, life.settled)]);
    }
    if (life.isEnded) continue;
    if (does === 'event') {
      writes.push([...answer, happening(wskey, ++life.number, { message: ++life.message })]);
    }
    if (does === 'session') writes.push([session(wskey, `session ${index}`)]);
    if (does === 'tokens') writes.push([{ kind: 'tokens', wskey, tokenHashes: [`token ${index}`] }]);
    if (does === 'refuse') {
      life.message += 1;
      writes.push([received(wskey, life.message), failed(wskey, life.message)]);
    }
    if (does === 'end') {
      life.isEnded = true;
      writes.push([lastEvent(wskey, ++life.number), end(wskey)]);
    }
  }
  return { done: writes.slice(0, before), waiting: writes.slice(before) };
};

const contentAfter = (...parts: (readonly Write[])[]) => {
  const model = new JournalModel();
  for (const change of parts.flat(2)) model.apply(change);
  const { connections, events, failures } = model.content();
  const ofConnection = Object.groupBy(events, ({ wskey }) => wskey);
  return { connections: new Map(connections.map((row) => [row.wskey, row])), ofConnection, failures };
};

test('whatever goes ahead, the journal is the same in the end', () => {
  fc.assert(
    fc.property(
      histories,
      fc.nat({ max: 20 }),
      fc.constantFrom('settle', 'end'),
      (steps, before, purpose) => {
        const { done, waiting } = writesOf(steps, before);
        const split = splitFreeing(waiting, purpose);
        expect([...split.ahead.flat(), ...split.rest.flat()].length).toBe(waiting.flat().length);
        expect(contentAfter(done, split.ahead, split.rest)).toEqual(contentAfter(done, waiting));
      },
    ),
    { numRuns: 2_000 },
  );
});
