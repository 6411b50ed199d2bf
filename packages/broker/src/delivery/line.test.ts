import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Line } from './line.ts';

test('behaves as a list does, whatever is put in and taken out', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ shift: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ takeEvery: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const line = new Line<number>();
      let list: number[] = [];
      let next = 0;
      for (const one of steps) {
        if ('push' in one) {
          for (let n = 0; n < one.push; n += 1) {
            line.push(next);
            list.push(next);
            next += 1;
          }
        } else if ('shift' in one) {
          const taken = list.slice(0, one.shift);
          list = list.slice(one.shift);
          expect(Array.from({ length: taken.length }, () => line.shift())).toEqual(taken);
        } else {
          const leaves = (item: number): boolean => item % one.takeEvery === 0;
          expect(line.takeWhere(leaves)).toEqual(list.filter(leaves));
          list = list.filter((item) => !leaves(item));
        }
        expect(line.length).toBe(list.length);
      }
      if (list.length === 0) expect(line.shift()).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});
