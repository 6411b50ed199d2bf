import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { TemporaryFolder } from '../test/temporary-folder.ts';
import { sqliteStore } from './sqlite-store.ts';

const answering = (answer: string) => async () => Promise.resolve(answer);
const notCalled = async (): Promise<never> => Promise.reject(new Error('not to be called'));

/** A claim as a process leaves it that has died, or one that runs elsewhere. */
const claimIn = (file: string, id: string, expiresInMs: number): void => {
  const database = new DatabaseSync(file);
  database
    .prepare('insert into wsbroker_events (id, claim, expires_at_ms) values (?, ?, ?)')
    .run(id, 'another process', Date.now() + expiresInMs);
  database.close();
};

test('what was stored is there after a restart', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('events.sqlite');
  using before = sqliteStore(file);
  await before.once('a', answering('first'));
  before.close();
  using after = sqliteStore(file);
  expect(await after.once('a', notCalled)).toBe('first');
});

test('past ttlMs an id is forgotten, and its row is removed', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('events.sqlite');
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    using store = sqliteStore(file, { ttlMs: 600_000 });
    for (const id of ['a', 'b']) await store.once(id, answering('first'));
    vi.setSystemTime(Date.now() + 599_999);
    expect(await store.once('a', notCalled)).toBe('first');
    vi.setSystemTime(Date.now() + 1);
    expect(await store.once('a', answering('second'))).toBe('second');
    vi.setSystemTime(Date.now() + 60_000);
    await store.once('c', answering('third'));
    using rows = new DatabaseSync(file);
    expect(rows.prepare('select id from wsbroker_events order by id').all()).toMatchObject([
      { id: 'a' },
      { id: 'c' },
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('an event that is claimed elsewhere is busy after waitMs, and free when the claim has expired', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('events.sqlite');
  using store = sqliteStore(file, { waitMs: 100 });
  claimIn(file, 'a', 3_600_000);
  await expect(store.once('a', notCalled)).rejects.toMatchObject({ name: 'EventBusy', code: 'event-busy' });
  claimIn(file, 'b', -1);
  expect(await store.once('b', answering('mine'))).toBe('mine');
});

test('a claim is waited for until it expires', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('events.sqlite');
  using store = sqliteStore(file);
  claimIn(file, 'a', 200);
  expect(await store.once('a', answering('mine'))).toBe('mine');
});

test('a handler that runs much longer than claimMs keeps its claim', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('events.sqlite');
  using one = sqliteStore(file, { claimMs: 600 });
  using other = sqliteStore(file);
  const slow = one.once('a', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return 'slow';
  });
  expect(await other.once('a', notCalled)).toBe('slow');
  expect(await slow).toBe('slow');
});

test('an attempt that has lost its claim does not overwrite the answer of the one that has it', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('events.sqlite');
  using one = sqliteStore(file);
  using other = sqliteStore(file);
  const database = new DatabaseSync(file);
  const late = await one.once('a', async () => {
    database.exec('update wsbroker_events set expires_at_ms = 0');
    expect(await other.once('a', answering('other'))).toBe('other');
    return 'late';
  });
  database.close();
  expect(late).toBe('late');
  expect(await one.once('a', notCalled)).toBe('other');
});

test.each(['ttlMs', 'claimMs', 'waitMs'])('refuses a %s that is no number above 0', (name) => {
  expect(() => sqliteStore(':memory:', { [name]: 0.5 })).toThrow(`${name} is 0.5: expected`);
});
