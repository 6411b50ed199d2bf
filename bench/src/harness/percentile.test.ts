import { expect, test } from 'vitest';
import { percentile, spreadOf } from './percentile.ts';

test('a percentile is the value below which so many lie, whatever their order', () => {
  const values = Array.from({ length: 100 }, (_, at) => 99 - at);
  expect(percentile(values, 50)).toBe(50);
  expect(percentile(values, 99)).toBe(99);
  expect(percentile([7], 99)).toBe(7);
  expect(percentile([], 50)).toBe(0);
});

test('a spread has the value in the middle, or what lies between the two in the middle', () => {
  expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  expect(spreadOf([10, 2, 4, 8])).toEqual({ median: 6, min: 2, max: 10 });
  expect(spreadOf([3])).toEqual({ median: 3, min: 3, max: 3 });
});
