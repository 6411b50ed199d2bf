import { expect, test } from 'vitest';
import { commandResultListSchema, commandResultSchemas } from './command-result.ts';

const error = { error: { code: 'bad-command', message: 'why' } };
const matched = { matched: 3 };
const page = { connections: [{ wskey: 'k' }], cursor: '1' };

test.each([
  ['close', [matched, { matched: 0, later: 1 }], [null, [], {}, { matched: -1 }, { matched: 1.5 }]],
  ['send', [matched], [null, 3]],
  ['session', [matched], [null, [matched]]],
  ['log', [null], [matched, undefined, 'logged']],
  ['reply', [null], [matched, undefined, 'replied']],
  [
    'list',
    [[], [{ ip: '::1', wskey: 'k' }], [{}], page, { connections: [] }, { count: 0 }],
    [null, [null], ['k'], { connections: {} }, { count: '1' }, { count: -1 }],
  ],
] as const)('the result of %s is what it should be, or an error', (type, good, bad) => {
  const schema = commandResultSchemas[type];
  for (const result of [...good, error]) expect(schema.safeParse(result).success).toBe(true);
  for (const result of [...bad, { error: 'why' }, { error: { code: 'x', message: 'why' } }]) {
    expect(schema.safeParse(result).success).toBe(false);
  }
});

test('results come as a list, in which results of own commands are anything', () => {
  expect(commandResultListSchema.safeParse([null, matched, 'own', error]).success).toBe(true);
  expect(commandResultListSchema.safeParse({ 0: null }).success).toBe(false);
});
