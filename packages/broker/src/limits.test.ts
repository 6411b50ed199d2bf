import { expect, test } from 'vitest';
import { limits, limitsPage, misplaced } from '../test/limits-page.ts';

test('docs/limits.md is made from options.ts: `vitest run --project broker limits -u` makes it anew', async () => {
  await expect(limitsPage()).toMatchFileSnapshot('../../../docs/limits.md');
});

test('every option with bounds stands on that page, once, with what it means', () => {
  expect(misplaced()).toEqual([]);
  expect(limits().length).toBeGreaterThan(30);
  expect(limits().filter(({ text }) => text === '')).toEqual([]);
  const undecided = limits().filter((limit) => limit.default === undefined && !limit.defaultText);
  expect(undecided).toEqual([]);
});

test('the default of a limit is within its bounds', () => {
  const outside = limits().filter(
    ({ default: value, min, max }) => value !== undefined && (value < min || value > max),
  );
  expect(outside).toEqual([]);
});
