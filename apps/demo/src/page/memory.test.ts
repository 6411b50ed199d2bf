import { expect, test } from 'vitest';
import { Memory } from './memory.ts';

class FakeStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

const memory = (session = new FakeStorage(), local = new FakeStorage()): Memory =>
  new Memory(
    () => session,
    () => local,
  );
const kept = {
  token: '0123456789abcdef',
  wish: { name: 'Ada', room: 'lobby' },
  pending: [{ id: 'line-0001', room: 'lobby', text: 'hello', atMs: 1 }],
};

test('a tab that is loaded again is the same person, with the same lines to send', () => {
  const session = new FakeStorage();
  memory(session).store(kept);
  expect(memory(session).load()).toEqual(kept);
  memory(session).store({ ...kept, wish: undefined });
  expect(memory(session).load().wish).toBeUndefined();
});

test('two tabs are two people, and share the last name', () => {
  const local = new FakeStorage();
  const [one, two] = [memory(undefined, local), memory(undefined, local)];
  expect(one.load().token).not.toBe(two.load().token);
  one.lastName = 'Ada';
  expect(two.lastName).toBe('Ada');
});

test.each([
  'no json',
  'null',
  '[]',
  '{"token":"short","pending":[]}',
  JSON.stringify({ ...kept, wish: { name: '*', room: 'lobby' } }),
  JSON.stringify({ ...kept, wish: null }),
  JSON.stringify({ ...kept, pending: [{ id: 1 }] }),
  JSON.stringify({ ...kept, pending: [null] }),
])('what cannot be used is forgotten: %s', (text) => {
  const session = new FakeStorage();
  session.setItem('wsbroker-demo.tab', text);
  expect(memory(session).load()).toMatchObject({ wish: undefined, pending: [] });
});

test('a browser that forbids storage has a chat all the same', () => {
  const forbidden = (): never => {
    throw new Error('SecurityError');
  };
  const forgetful = new Memory(forbidden, forbidden);
  forgetful.store(kept);
  forgetful.lastName = 'Ada';
  expect(forgetful.lastName).toBe('');
  expect(forgetful.load().wish).toBeUndefined();
});
