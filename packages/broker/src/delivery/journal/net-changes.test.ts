import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyChange } from '../../../test/arbitrary-changes.ts';
import { happening, JournalModel, opening } from '../../../test/journal-changes.ts';
import type { JournalChange } from './journal.ts';
import { netOf } from './net-changes.ts';

const modelOf = (changes: readonly JournalChange[]): JournalModel => {
  const model = new JournalModel();
  for (const change of changes) model.apply(change);
  return model;
};

test('what a list comes to has the effect of the list, whatever was there before', () => {
  fc.assert(
    fc.property(
      fc.array(anyChange, { maxLength: 12 }),
      fc.array(anyChange, { maxLength: 20 }),
      (before, changes) => {
        const model = modelOf(before);
        const net = netOf(changes);
        for (const change of net.changes) model.apply(change);
        const { connections } = model.content();
        for (const { wskey, lastEvent, received } of net.passed) {
          const row = connections.find((connection) => connection.wskey === wskey);
          if (!row) continue;
          Object.assign(row, {
            lastEvent: Math.max(row.lastEvent, lastEvent),
            received: Math.max(row.received, received),
          });
        }
        expect(model.content()).toEqual(modelOf([...before, ...changes]).content());
      },
    ),
    { numRuns: 5_000 },
  );
});

test('an event that the list delivers is not in it, and its numbers are', () => {
  const { changes, passed } = netOf([
    happening('a', 3, { message: 2 }),
    happening('a', 4, { message: 3 }),
    { kind: 'delivered', wskey: 'a', number: 3 },
  ]);
  expect(changes).toEqual([
    happening('a', 4, { message: 3 }),
    // The event may be in the tables as well, from a group that was written twice.
    { kind: 'delivered', wskey: 'a', number: 3 },
  ]);
  expect([...passed]).toEqual([{ wskey: 'a', lastEvent: 3, received: 2 }]);
});

test('of a connection that begins in the list everything stays', () => {
  const all: JournalChange[] = [
    opening('a'),
    happening('a', 1),
    { kind: 'delivered', wskey: 'a', number: 1 },
  ];
  expect(netOf(all).changes).toEqual(all);
});
