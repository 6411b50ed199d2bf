import { expect, test } from 'vitest';
import { closeCodes, mayReconnect } from './close-code.ts';

test('the codes are these', () => {
  expect(closeCodes).toMatchInlineSnapshot(`
    {
      "goingAway": 1001,
      "heartbeatTimeout": 4000,
      "messageTooBig": 1009,
      "normal": 1000,
      "notAuthorized": 4004,
      "overloaded": 4002,
      "protocolError": 4501,
      "refused": 4500,
      "replaced": 4003,
      "slowConsumer": 4001,
    }
  `);
});

test('of our own codes, 4000 to 4499 mean come back, and 4500 to 4999 mean do not', () => {
  for (const code of [4000, 4001, 4002, 4499]) expect(mayReconnect(code)).toBe(true);
  for (const code of [4500, 4999]) expect(mayReconnect(code)).toBe(false);
});

test('of the standard codes, all but a normal close mean come back', () => {
  for (const code of [1001, 1005, 1006, 1009, 1011, 1012, 1013]) expect(mayReconnect(code)).toBe(true);
  expect(mayReconnect(1000)).toBe(false);
});

test('codes of applications, 3000 to 3999, mean come back', () => {
  for (const code of [3000, 3999]) expect(mayReconnect(code)).toBe(true);
});

test('each code has one name, and of ours only a refusal and a broken protocol mean do not come back', () => {
  const codes = Object.values(closeCodes);
  expect(new Set(codes).size).toBe(codes.length);
  const ours = codes.filter((code) => code >= 4000);
  for (const code of ours) expect(code).toBeLessThan(5000);
  expect(ours.filter((code) => !mayReconnect(code))).toEqual([closeCodes.refused, closeCodes.protocolError]);
});
