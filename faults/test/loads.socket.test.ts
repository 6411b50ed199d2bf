import { expect, test } from 'vitest';
import { loads } from '../src/loads.ts';
import { scenarios } from '../src/scenarios.ts';

/** The same in seconds, and without the figures that depend on how fast the machine is. */
test.for(loads.filter((load) => !scenarios.includes(load)))('$title', async (load) => {
  const figures = await load.short(() => undefined);
  expect(figures.filter(({ isFine, isTiming }) => !isFine && !isTiming)).toEqual([]);
});
