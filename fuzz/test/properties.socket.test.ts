import { expect, test } from 'vitest';
import { properties } from '../src/properties.ts';
import { runProperty } from '../src/run-property.ts';
import { defaultSeed } from '../src/seed.ts';

/** The same properties with fewer cases. */
test.for(properties)('$title', async (property) => {
  const summary = await runProperty(property, { runs: property.cases.short, seed: defaultSeed });
  expect(summary.problems).toEqual([]);
  expect(summary).toMatchObject({ cases: property.cases.short, exits: 0, unhandledRejections: 0 });
});
