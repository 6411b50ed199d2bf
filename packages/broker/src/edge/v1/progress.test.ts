import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

test('goes on as far as nothing is missing, in whatever order the numbers come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }), (numbers) => {
      const progress = new Progress();
      const seen = new Set<number>();
      for (const n of numbers) {
        progress.add(n);
        seen.add(n);
        let through = 0;
        while (seen.has(through + 1)) through += 1;
        expect(progress.through).toBe(through);
      }
    }),
  );
});

test('keeps thousands that came early as one range', () => {
  const progress = new Progress(3);
  for (let n = 5; n < 10_000; n += 1) progress.add(n);
  expect(progress).toMatchObject({ through: 3, size: 1 });
  progress.add(4);
  expect(progress).toMatchObject({ through: 9_999, size: 0 });
});
