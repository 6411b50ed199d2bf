import { expect, test } from 'vitest';
import { reservedSessionFields, sessionInfoSchema } from './session-info.ts';

test('sessionInfo has ip and wskey, and whatever cookies and the backend add', () => {
  expect(sessionInfoSchema.safeParse({ ip: '::1', wskey: 'k' }).success).toBe(true);
  expect(sessionInfoSchema.safeParse({ ip: '::1', wskey: 'k', rooms: ['a'], user: { id: 1 } }).success).toBe(
    true,
  );
  for (const bad of [{}, { ip: '::1' }, { wskey: 'k' }, { ip: 1, wskey: 'k' }, null, []]) {
    expect(sessionInfoSchema.safeParse(bad).success).toBe(false);
  }
});

test('the reserved fields are those that the schema asks for', () => {
  expect([...reservedSessionFields].toSorted()).toEqual(Object.keys(sessionInfoSchema.shape).toSorted());
});
