import type * as fc from 'fast-check';

/** One of several, so many times as often as one of weight 1. */
export const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({
  weight,
  arbitrary,
});
