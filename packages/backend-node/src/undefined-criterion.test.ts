import { expect, test } from 'vitest';
import { refuseUndefinedCriterion } from './undefined-criterion.ts';

const check = (command: Record<string, unknown>) => (): void => refuseUndefinedCriterion('connect', command);

test('refuses criteria with a value that JSON would leave out', () => {
  expect(check({ type: 'send', match: { room: undefined } })).toThrow(
    'connect: match.room of a send is undefined, and would be left out',
  );
  expect(check({ type: 'close', except: { a: 1, b: undefined } })).toThrow(
    'except.b of a close is undefined',
  );
  expect(check({ type: 'list', match: { room: ['a', undefined] } })).toThrow('match.room of a list');
});

test.each([
  {},
  { match: undefined },
  { match: {} },
  { match: { room: null } },
  { match: { room: '' }, except: { room: ['a', null] } },
  { match: 'no criteria' },
  { data: { room: undefined } },
])('takes %j', (command) => {
  expect(check({ type: 'send', ...command })).not.toThrow();
});
