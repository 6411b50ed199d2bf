import { expect, test, vi } from 'vitest';
import { memoryStore } from './memory-store.ts';

/** Counts how often it is called. */
const handler = (answer: string) => vi.fn<() => Promise<string>>(async () => Promise.resolve(answer));

test('past maxEntries the oldest ids are forgotten', async () => {
  const store = memoryStore({ maxEntries: 2 });
  for (const id of ['a', 'b', 'c']) await store.once(id, handler(id));
  const again = handler('again');
  expect(await store.once('b', again)).toBe('b');
  expect(await store.once('c', again)).toBe('c');
  expect(again).not.toHaveBeenCalled();
  expect(await store.once('a', again)).toBe('again');
});

test('past maxBytes of answers the oldest ids are forgotten', async () => {
  const store = memoryStore({ maxBytes: 10 });
  await store.once('a', handler('ä'.repeat(3)));
  await store.once('b', handler('xxxx'));
  const again = handler('again');
  expect(await store.once('a', again)).toBe('ä'.repeat(3));
  await store.once('c', handler('y'));
  expect(await store.once('b', again)).toBe('xxxx');
  expect(await store.once('a', again)).toBe('again');
});

test('past ttlMs an id is forgotten, whatever the clock of the wall says', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  try {
    const store = memoryStore({ ttlMs: 1_000 });
    await store.once('a', handler('first'));
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await store.once('a', handler('second'))).toBe('first');
    vi.advanceTimersByTime(1_000);
    expect(await store.once('a', handler('second'))).toBe('second');
  } finally {
    vi.useRealTimers();
  }
});

test.each(['maxEntries', 'maxBytes', 'ttlMs'])('refuses a %s that is no number above 0', (name) => {
  expect(() => memoryStore({ [name]: 0 })).toThrow(`${name} is 0: expected`);
});
