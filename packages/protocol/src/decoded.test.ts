import { expect, test } from 'vitest';
import * as z from 'zod';
import { check, parseJson } from './decoded.ts';

const messageOf = (schema: z.ZodType, value: unknown): string => {
  const result = check(schema, value, 'The thing');
  return result.ok ? 'no error' : result.error.message;
};

test('check gives the value itself back, and not a copy', () => {
  const value = { type: 'x', deep: {} };
  const result = check(z.looseObject({ type: z.string() }), value, 'The thing');
  expect(result.ok && result.value).toBe(value);
});

test('check gives every issue with its path and the code that it was told', () => {
  const schema = z.object({ a: z.string(), b: z.array(z.number()) });
  const result = check(schema, { a: 1, b: [1, 'x'] }, 'The thing', 'bad-command');
  expect(result).toEqual({
    ok: false,
    error: {
      code: 'bad-command',
      message:
        'The thing is not valid: a: Invalid input: expected string, received number; b[1]: Invalid input: expected number, received string',
      issues: [
        { path: ['a'], message: 'Invalid input: expected string, received number' },
        { path: ['b', 1], message: 'Invalid input: expected number, received string' },
      ],
    },
  });
});

test('the text of an error shows three issues and how many more there are', () => {
  const schema = z.array(z.string());
  const result = check(schema, [1, 2, 3, 4, 5], 'The thing');
  expect(!result.ok && result.error.issues).toHaveLength(5);
  expect(messageOf(schema, [1, 2, 3, 4, 5])).toMatch(
    /^The thing is not valid: \[0\]: .*; \[2\]: .*; and 2 more$/,
  );
});

test('paths are written as one would write them in code', () => {
  const nested = z.array(z.record(z.string(), z.record(z.string(), z.array(z.string()))));
  const expected = 'Invalid input: expected string, received number';
  expect(messageOf(nested, [{ a: { b: [1] } }])).toBe(`The thing is not valid: [0].a.b[0]: ${expected}`);
  expect(messageOf(nested, [{ 'a.b': { 'ü-1': [1] } }])).toBe(
    `The thing is not valid: [0]["a.b"].ü-1[0]: ${expected}`,
  );
  expect(messageOf(nested, [{ '': { '0': [1] } }])).toBe(
    `The thing is not valid: [0][""]["0"][0]: ${expected}`,
  );
});

test('a long key is cut in the text of an error, and whole in its path', () => {
  const key = 'k'.repeat(10_000);
  const result = check(z.record(z.string(), z.string()), { [key]: 1 }, 'The thing');
  expect(!result.ok && result.error.message.length).toBeLessThan(200);
  expect(!result.ok && result.error.issues[0]?.path).toEqual([key]);
});

test('of a union, the branch that got furthest says why', () => {
  const inner = z.union([z.string(), z.number()], 'Expected a string or a number');
  const schema = z.union(
    [z.array(z.never()).max(0), z.record(z.string(), inner)],
    'Expected an object or []',
  );
  expect(messageOf(schema, { a: {} })).toBe('The thing is not valid: a: Expected a string or a number');
  expect(messageOf(schema, 'x')).toBe('The thing is not valid: Expected an object or []');
});

test('parseJson gives the value, or an error that names the text and its place', () => {
  expect(parseJson('{"a":1}', 'The thing')).toEqual({ ok: true, value: { a: 1 } });
  for (const text of ['', '{', '{a:1}', 'undefined', '\u{FEFF}[]', 'NaN']) {
    const result = parseJson(text, 'The thing', ['data']);
    expect(result).toMatchObject({ ok: false, error: { code: 'not-json', issues: [{ path: ['data'] }] } });
    expect(!result.ok && result.error.message).toMatch(/^The thing is not JSON: ./);
  }
});

test.each([
  'SECRETsecretSECRET',
  '["SECRETsecretSECRET", x, "SECRETsecretSECRET"]',
  '{"SECRETsecretSECRET":1,}',
  '"SECRETsecretSECRET',
  '"\\xSECRETsecretSECRET"',
  'nulSECRETsecretSECRET',
  '{"a":1} SECRETsecretSECRET',
  `"${'SECRETsecretSECRET'.repeat(1_000)}\n"`,
])('the error shows nothing of the text: %s', (text) => {
  const result = parseJson(text, 'The thing');
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result)).not.toMatch(/secret|SEC/);
});
