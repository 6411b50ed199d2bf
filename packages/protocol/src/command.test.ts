import { expect, test } from 'vitest';
import {
  builtInCommandSchema,
  closeCommandSchema,
  commandListSchema,
  commandSchema,
  listCommandSchema,
  logCommandSchema,
  replyCommandSchema,
  sendCommandSchema,
  sessionCommandSchema,
} from './command.ts';
import { check } from './decoded.ts';

const errorOf = (command: unknown): string => {
  const result = check(builtInCommandSchema, command, 'The command');
  return result.ok ? 'no error' : result.error.message;
};

const takes = (command: unknown): boolean => builtInCommandSchema.safeParse(command).success;

test.each([
  { type: 'close' },
  { type: 'close', match: { room: 'lobby' }, except: { role: 'admin' }, code: 4500, reason: 'banned' },
  { type: 'close', code: 1000 },
  { type: 'close', code: 3000, reason: '' },
  { type: 'close', code: 4999 },
  { type: 'list' },
  { type: 'list', match: { room: '*' }, fields: ['name'], limit: 1, cursor: '10', count: false },
  { type: 'list', fields: [], limit: 10_000 },
  { type: 'log', text: 'hello' },
  { type: 'log', text: { any: 'json' } },
  { type: 'log', text: null },
  { type: 'reply', message: { lines: [] } },
  { type: 'reply', message: null, match: 'ignored' },
  { type: 'send', message: { type: 'said' } },
  { type: 'send', message: 'a text' },
  { type: 'send', message: null },
  { type: 'send', message: [], match: { room: ['a', 1, true, null] } },
  { type: 'session' },
  { type: 'session', data: { x: 'y', deep: { z: [1] } } },
  { type: 'session', add: { rooms: 'a' }, remove: { rooms: ['b', 'c'] }, match: {} },
])('takes %j', (command) => {
  expect(errorOf(command)).toBe('no error');
});

test.each(['match', 'except'])("takes PHP's empty array as an empty `%s`", (field) => {
  for (const command of [
    { type: 'close' },
    { type: 'list' },
    { type: 'send', message: 1 },
    { type: 'session', data: {} },
  ]) {
    expect(takes({ ...command, [field]: [] })).toBe(true);
    expect(takes({ ...command, [field]: ['room'] })).toBe(false);
  }
});

test.each(['data', 'add', 'remove'])("takes PHP's empty array as an empty `%s`", (field) => {
  expect(takes({ type: 'session', [field]: [] })).toBe(true);
  expect(takes({ type: 'session', [field]: ['x'] })).toBe(false);
});

test('ignores fields that it does not know', () => {
  for (const type of ['close', 'list', 'log', 'reply', 'send', 'session']) {
    expect(takes({ type, text: 't', message: 'm', later: { than: 'us' } })).toBe(true);
  }
});

const criteriaExpected = 'Expected an object of criteria, such as {"room":"lobby"}';

test.each([
  [{ type: 'send' }, 'message: Expected any JSON value, but the field is missing'],
  [{ type: 'reply' }, 'message: Expected any JSON value, but the field is missing'],
  [{ type: 'log' }, 'text: Expected any JSON value, but the field is missing'],
  [{ type: 'close', code: 1 }, 'code: Expected 1000, or a whole number from 3000 to 4999'],
  [{ type: 'close', code: 1001 }, 'code: Expected 1000, or a whole number from 3000 to 4999'],
  [{ type: 'close', code: 5000 }, 'code: Expected 1000, or a whole number from 3000 to 4999'],
  [{ type: 'close', code: 4000.5 }, 'code: Expected 1000, or a whole number from 3000 to 4999'],
  [{ type: 'close', code: '4000' }, 'code: Expected 1000, or a whole number from 3000 to 4999'],
  [{ type: 'close', reason: 1 }, 'reason: Invalid input: expected string, received number'],
  [{ type: 'list', limit: 0 }, 'limit: Too small: expected number to be >=1'],
  [{ type: 'list', limit: 10_001 }, 'limit: Too big: expected number to be <=10000'],
  [{ type: 'list', fields: 'name' }, 'fields: Invalid input: expected array, received string'],
  [{ type: 'list', fields: ['a', 1] }, 'fields[1]: Invalid input: expected string, received number'],
  [{ type: 'list', cursor: 7 }, 'cursor: Invalid input: expected string, received number'],
  [{ type: 'list', count: 'yes' }, 'count: Invalid input: expected boolean, received string'],
  [{ type: 'list', match: 'x' }, `match: ${criteriaExpected}; leave it out for none`],
  [{ type: 'list', match: null }, `match: ${criteriaExpected}; leave it out for none`],
  [{ type: 'list', match: ['room'] }, `match: ${criteriaExpected}; leave it out for none`],
  [
    { type: 'list', match: { room: {} } },
    'match.room: Expected a string, a number, a boolean, null, or a list of these',
  ],
  [
    { type: 'list', match: { room: ['a', []] } },
    'match.room[1]: Expected a string, a number, a boolean or null',
  ],
  [
    { type: 'list', except: { 'a b': {} } },
    'except["a b"]: Expected a string, a number, a boolean, null, or a list of these',
  ],
  [{ type: 'session', data: 'x' }, 'data: Expected an object of fields, such as {"name":"Ada"}'],
  [{ type: 'session', data: null }, 'data: Expected an object of fields, such as {"name":"Ada"}'],
  [
    { type: 'nope' },
    "type: Invalid discriminator value. Expected 'close' | 'list' | 'log' | 'reply' | 'send' | 'session'",
  ],
  [null, 'Invalid input: expected object, received null'],
])('refuses %j, naming the path and what was expected', (command, expected) => {
  expect(errorOf(command)).toBe(`The command is not valid: ${expected}`);
});

test('a reason has at most 123 bytes of UTF-8, not 123 characters', () => {
  const reasonTaken = (reason: string): boolean =>
    closeCommandSchema.safeParse({ type: 'close', reason }).success;
  expect(reasonTaken('x'.repeat(123))).toBe(true);
  expect(reasonTaken('x'.repeat(124))).toBe(false);
  expect(reasonTaken('é'.repeat(61))).toBe(true);
  expect(reasonTaken('é'.repeat(62))).toBe(false);
  expect(reasonTaken('😀'.repeat(30))).toBe(true);
  expect(reasonTaken('😀'.repeat(31))).toBe(false);
  expect(errorOf({ type: 'close', reason: 'é'.repeat(62) })).toBe(
    'The command is not valid: reason: Expected at most 123 bytes of UTF-8',
  );
});

test.each([
  ['close', closeCommandSchema],
  ['list', listCommandSchema],
  ['log', logCommandSchema],
  ['reply', replyCommandSchema],
  ['send', sendCommandSchema],
  ['session', sessionCommandSchema],
])('the schema of %s takes that type alone', (type, schema) => {
  for (const other of ['close', 'list', 'log', 'reply', 'send', 'session']) {
    const command = { type: other, text: 't', message: 'm' };
    expect(schema.safeParse(command).success).toBe(other === type);
  }
});

test('any command has a type, which may be any text but the empty one', () => {
  for (const type of ['x', 'with space', '__proto__', 'close']) {
    expect(commandSchema.safeParse({ type, more: 1 }).success).toBe(true);
  }
  for (const bad of [{}, { type: '' }, { type: 1 }, null, 'close', []]) {
    expect(commandSchema.safeParse(bad).success).toBe(false);
  }
});

test('a list of commands is a list, even of one or none', () => {
  expect(commandListSchema.safeParse([]).success).toBe(true);
  expect(commandListSchema.safeParse([{ type: 'list' }]).success).toBe(true);
  for (const bad of [{ type: 'list' }, null, {}, 'x', [null], [[{ type: 'list' }]]]) {
    expect(commandListSchema.safeParse(bad).success).toBe(false);
  }
});
