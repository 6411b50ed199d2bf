import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { InOrder } from './in-order.ts';

test('whatever comes and goes, what is here is in the order in which it came', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
      const items = new InOrder<number>();
      const expected = new Set<number>();
      for (const [isAdded, item] of steps) {
        if (!isAdded) expect(items.delete(item)).toBe(expected.delete(item));
        else if (!expected.has(item)) {
          items.add(item);
          expected.add(item);
        }
        expect([...items]).toEqual([...expected]);
        expect(items.first).toBe([...expected][0]);
        expect(items.size).toBe(expected.size);
      }
      items.clear();
      expect([...items]).toEqual([]);
    }),
  );
});

test('what is taken out while one goes through them is still gone through', () => {
  const items = new InOrder<number>();
  for (const item of [1, 2, 3]) items.add(item);
  const seen: number[] = [];
  for (const item of items) {
    seen.push(item);
    items.delete(item);
  }
  expect(seen).toEqual([1, 2, 3]);
});

const itemBytes = 8_000;

/** Lets things of 16 MB come and go, 32 at a time, and tells what is left of them when the young were collected. */
const keptBytesOf = (items: { add(item: object): void; delete(item: object): void }): number => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const few: object[] = [];
  const churn = (): void => {
    for (let n = 0; n < 2_000; n += 1) {
      const item = { n, filling: Array.from({ length: itemBytes / 8 }, () => n) };
      items.add(item);
      few.push(item);
      const gone = few.length > 32 ? few.shift() : undefined;
      if (gone) items.delete(gone);
    }
  };
  churn();
  // What is here is old from now on.
  collect();
  collect();
  const { heapUsed } = process.memoryUsage();
  churn();
  for (let times = 0; times < 3; times += 1) collect({ type: 'minor' });
  return process.memoryUsage().heapUsed - heapUsed;
};

test('what is gone is not kept alive by what is old, as it is in a Set', () => {
  expect(keptBytesOf(new InOrder<object>())).toBeLessThan(3_000_000);
  // Once this fails, V8 has mended it, and a `Set` will do.
  expect(keptBytesOf(new Set<object>())).toBeGreaterThan(8_000_000);
});
