import { expect, test } from 'vitest';
import { scenarios } from '../src/scenarios.ts';

/** The same in seconds, and without the figures that depend on how fast the machine is. */
test.for(scenarios)('$title', async (scenario) => {
  const figures = await scenario.short(() => undefined);
  expect(figures.filter(({ isFine, isTiming }) => !isFine && !isTiming)).toEqual([]);
});
