import { expect, test } from 'vitest';
import { happening } from '../../../test/journal-changes.ts';
import type { JournalChange } from './journal.ts';
import { PendingWrites, settle } from './pending-writes.ts';

const event = (number: number) => happening('a', number, { message: number });
const delivered = (number: number): JournalChange => ({ kind: 'delivered', wskey: 'b', number });

/** Writes, and the names of those whose promise has resolved. */
const start = () => {
  const pending = new PendingWrites();
  const told: string[] = [];
  return {
    pending,
    push(name: string, ...changes: JournalChange[]): void {
      void pending.push(changes).then(() => told.push(name));
    },
    async told(): Promise<string[]> {
      await Promise.resolve();
      return told;
    },
  };
};

test('takes writes in order, whole, and those that were put back first', async () => {
  const { pending, push, told } = start();
  push('one', event(1), event(2));
  push('two', event(3));
  push('three', event(4));
  const first = pending.take(2);
  expect(first.map(({ changes }) => changes.length)).toEqual([2, 1]);
  expect(pending.changeCount).toBe(1);
  pending.putBack(first);
  expect(pending.changeCount).toBe(4);
  settle(pending.take(Infinity));
  expect(await told()).toEqual(['one', 'two', 'three']);
  expect(pending.length).toBe(0);
});

test('a write of which a part goes ahead is told when the other part is committed too', async () => {
  const { pending, push, told } = start();
  push('one', event(1));
  push('two', event(2), delivered(1));
  push('three', delivered(2));
  const freeing = pending.takeFreeing('settle', Infinity);
  expect(freeing.map(({ changes }) => changes)).toEqual([[delivered(1)], [delivered(2)]]);
  settle(freeing);
  expect(await told()).toEqual(['three']);
  settle(pending.take(Infinity));
  expect(await told()).toEqual(['three', 'one', 'two']);
});

test('what goes ahead may be taken piece by piece, and put back', async () => {
  const { pending, push, told } = start();
  push('one', event(1));
  push('two', delivered(1));
  push('three', delivered(2));
  pending.putBack(pending.takeFreeing('settle', 1));
  expect(pending.length).toBe(3);
  settle(pending.takeFreeing('settle', 1));
  expect(await told()).toEqual(['two']);
  settle(pending.take(Infinity));
  expect(await told()).toEqual(['two', 'one', 'three']);
});
