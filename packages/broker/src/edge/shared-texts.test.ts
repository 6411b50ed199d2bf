import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedTexts } from './shared-texts.ts';

test('whatever is asked for, the text that comes back is the same, and few are remembered', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.nat({ max: 3 }))),
      fc.integer({ min: 1, max: 20 }),
      (texts, max) => {
        const shared = new SharedTexts(max);
        for (const [text, place] of texts) {
          expect(shared.of(text, place)).toBe(text);
          expect(shared.size).toBeLessThanOrEqual(2 * max);
        }
      },
    ),
  );
});

test('what comes once in a while is remembered, and what came once is forgotten', () => {
  const shared = new SharedTexts(100);
  for (let at = 0; at < 10_000; at += 1) {
    shared.of('often', at % 2);
    shared.of(`once ${at}`, at % 3);
  }
  expect(shared.size).toBeLessThanOrEqual(200);
  shared.of('often', 7);
  const before = shared.size;
  shared.of('often', 7);
  expect(shared.size).toBe(before);
});

test('a long text is not remembered', () => {
  const shared = new SharedTexts();
  const long = 'x'.repeat(513);
  expect(shared.of(long, 0)).toBe(long);
  expect(shared.size).toBe(0);
});
