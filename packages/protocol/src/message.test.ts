import { expect, test } from 'vitest';
import { clientMessageSchema, messageSchema, messageTypeSchema } from './message.ts';
import { messageTypePattern } from './message-type.ts';

const goodTypes = ['a', 'hello', 'chat.say', 'a_b:c-d', '0', '__proto__', 'x'.repeat(64)];
const badTypes = ['', 'x'.repeat(65), 'a b', 'a/b', 'é', 'a\n', '\na', '😀', 'a\u{0}'];

test('a type is 1 to 64 of A-Z a-z 0-9 . _ : -', () => {
  for (const type of goodTypes) expect(messageTypePattern.test(type), type).toBe(true);
  for (const type of badTypes) expect(messageTypePattern.test(type), type).toBe(false);
  for (const type of [...badTypes, 1, null, undefined, ['a']]) {
    expect(messageTypeSchema.safeParse(type).success).toBe(false);
  }
});

test('a message is an object with a type and any other fields', () => {
  expect(messageSchema.safeParse({ type: 'say', text: 'x', deep: [{}] }).success).toBe(true);
  for (const bad of [{}, { type: '' }, { type: 1 }, null, [], 'say', { text: 'x' }]) {
    expect(messageSchema.safeParse(bad).success).toBe(false);
  }
});

test('a message of a client may leave the type out, but not give a wrong one', () => {
  for (const good of [{}, { text: 'x' }, { type: 'say' }]) {
    expect(clientMessageSchema.safeParse(good).success).toBe(true);
  }
  for (const bad of [{ type: null }, { type: '' }, { type: 1 }, null, [], 'x', 1]) {
    expect(clientMessageSchema.safeParse(bad).success).toBe(false);
  }
});
