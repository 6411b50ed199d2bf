import { builtInCommandSchema, commandSchema } from '@wsbroker/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCommand, isUsualBuiltIn } from './usual-command.ts';

const scalar = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, '*', undefined, Number.NaN, 1n, new Date(0)),
);
const key = fc.constantFrom('room', 'wskey', '__proto__', 'constructor', 'toString', '');
const entries = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(key, value), { maxLength: 3 }).map((pairs) => {
    const object = {};
    for (const [name, content] of pairs) {
      Object.defineProperty(object, name, { value: content, enumerable: true, configurable: true });
    }
    return object;
  });
const criteria = fc.oneof(
  { weight: 4, arbitrary: entries(fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), entries(scalar))) },
  scalar,
  fc.constantFrom([], [1], new Map(), Object.create(null), Array(2)),
);
const type = fc.constantFrom('send', 'reply', 'log', 'session', 'close', 'list', 'own', '', 1);
const field = fc.oneof(scalar, criteria);

/** Commands as they come, and as they should not. */
const candidate = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record(
      {
        type,
        match: criteria,
        except: criteria,
        message: field,
        text: field,
        data: field,
        add: field,
        remove: field,
        code: field,
        reason: field,
        limit: field,
        other: field,
      },
      { requiredKeys: [] },
    ),
  },
  scalar,
  fc.constantFrom([], [{ type: 'send', message: 1 }]),
);

test('what is taken without the schema is what the schema takes', () => {
  let usual = 0;
  fc.assert(
    fc.property(candidate, (command) => {
      if (isCommand(command)) expect(commandSchema.safeParse(command).success).toBe(true);
      if (!isUsualBuiltIn(command)) return;
      usual += 1;
      expect(builtInCommandSchema.safeParse(command).success).toBe(true);
    }),
    { numRuns: 5_000 },
  );
  expect(usual).toBeGreaterThan(50);
});

test.each([
  { type: 'send', message: { type: 'hello' } },
  { type: 'send', message: null, match: { room: 'lobby', n: [1, '2', true, null] }, except: { wskey: 'a' } },
  { type: 'reply', message: 0 },
  { type: 'log', text: '' },
  { type: 'session', data: { name: 'Ada' }, add: { rooms: ['a'] }, match: {} },
  { type: 'close', match: { room: '*' } },
])('usual: $type', (command) => {
  expect(isCommand(command)).toBe(true);
  expect(isUsualBuiltIn(JSON.parse(JSON.stringify(command)))).toBe(true);
});

test.each([
  { type: 'send' },
  { type: 'send', message: 1, match: [] },
  { type: 'session', data: [] },
  { type: 'close', code: 4_000 },
  { type: 'list' },
  { type: 'confetti' },
])('left to the schema: %j', (command) => {
  expect(isUsualBuiltIn(command)).toBe(false);
});
