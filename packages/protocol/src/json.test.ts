import { expect, test } from 'vitest';
import { anyJsonSchema } from './any-json.ts';
import { isJsonObject } from './json.ts';

test('isJsonObject takes objects, and neither lists nor null', () => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) expect(isJsonObject(value)).toBe(true);
  for (const value of [null, undefined, [], 'x', 1, true, () => ({})])
    expect(isJsonObject(value)).toBe(false);
});

test('anyJsonSchema takes null, and not a missing field', () => {
  for (const value of [null, false, 0, '', [], {}]) expect(anyJsonSchema.safeParse(value).success).toBe(true);
  expect(anyJsonSchema.safeParse(undefined).success).toBe(false);
});
