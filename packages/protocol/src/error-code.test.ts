import { expect, test } from 'vitest';
import {
  brokerErrorMessageSchema,
  errorCodeSchema,
  errorResultSchema,
  wireErrorSchema,
} from './error-code.ts';

test('the codes are words with hyphens', () => {
  for (const code of errorCodeSchema.options) expect(code).toMatch(/^[a-z]+(-[a-z]+)+$|^[a-z]+$/);
});

test('an error has a code of the list and a message, and may have more', () => {
  const error = { code: 'bad-command', message: 'why', later: 1 };
  expect(wireErrorSchema.safeParse(error).success).toBe(true);
  expect(errorResultSchema.safeParse({ error }).success).toBe(true);
  for (const bad of [{ code: 'no-such-code', message: 'why' }, { code: 'bad-command' }, { message: 'why' }]) {
    expect(wireErrorSchema.safeParse(bad).success).toBe(false);
    expect(errorResultSchema.safeParse({ error: bad }).success).toBe(false);
  }
});

test('what a client is told has type broker-error, a code and a text', () => {
  const told = { type: 'broker-error', code: 'bad-message', text: 'why' };
  expect(brokerErrorMessageSchema.safeParse(told).success).toBe(true);
  for (const bad of [
    { ...told, type: 'error' },
    { ...told, code: 'x' },
    { ...told, text: undefined },
  ]) {
    expect(brokerErrorMessageSchema.safeParse(bad).success).toBe(false);
  }
});
