import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { TemporaryFolder } from '../test/temporary-folder.ts';
import { EventBusy } from './dedupe-store.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';

/** An application with a table of its own. */
const openDatabase = (folder: TemporaryFolder): DatabaseSync => {
  const database = new DatabaseSync(folder.file('app.sqlite'));
  database.exec('create table if not exists payments (cents integer)');
  return database;
};
const countOf = (database: DatabaseSync): unknown =>
  database.prepare('select count(*) as count from payments').get()?.['count'];
const notCalled = async (): Promise<never> => Promise.reject(new Error('not to be called'));

test('what the handler wrote, the id and the answer commit as one', async () => {
  using folder = new TemporaryFolder();
  using database = openDatabase(folder);
  using reader = openDatabase(folder);
  const store = sqliteTransactions(database);
  const answer = await store.once('a', async () => {
    database.exec('insert into payments values (1)');
    await new Promise(setImmediate);
    expect(countOf(reader)).toBe(0);
    return 'paid';
  });
  expect(answer).toBe('paid');
  expect(countOf(reader)).toBe(1);
  expect(await sqliteTransactions(reader).once('a', notCalled)).toBe('paid');
});

test('what a handler wrote before it failed is undone, and its event handled again', async () => {
  using folder = new TemporaryFolder();
  using database = openDatabase(folder);
  const store = sqliteTransactions(database);
  const failing = store.once('a', async () => {
    database.exec('insert into payments values (1)');
    await new Promise(setImmediate);
    throw new Error('a bug');
  });
  await expect(failing).rejects.toThrow('a bug');
  expect(countOf(database)).toBe(0);
  const again = store.once('a', async () => {
    database.exec('insert into payments values (1)');
    return Promise.resolve('paid');
  });
  expect(await again).toBe('paid');
  expect(countOf(database)).toBe(1);
});

test('the failure of one event undoes nothing of another that came at the same time', async () => {
  using folder = new TemporaryFolder();
  using database = openDatabase(folder);
  const store = sqliteTransactions(database);
  const attempts = ['a', 'fails', 'b', 'fails', 'c'].map((id, at) =>
    store.once(`${id}${at}`, async () => {
      database.exec('insert into payments values (1)');
      await new Promise(setImmediate);
      if (id === 'fails') throw new Error(id);
      return id;
    }),
  );
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(countOf(database)).toBe(3);
});

test('an event is busy while something else writes for longer than waitMs, and waits where it does not', async () => {
  using folder = new TemporaryFolder();
  using database = openDatabase(folder);
  using other = openDatabase(folder);
  other.exec('begin immediate');
  await expect(sqliteTransactions(database, { waitMs: 50 }).once('a', notCalled)).rejects.toBeInstanceOf(
    EventBusy,
  );
  const waiting = sqliteTransactions(database).once('a', async () => Promise.resolve('done'));
  await new Promise(setImmediate);
  other.exec('commit');
  expect(await waiting).toBe('done');
});

test('an error of the database other than a lock is thrown', async () => {
  using folder = new TemporaryFolder();
  using database = openDatabase(folder);
  const store = sqliteTransactions(database);
  database.exec('begin');
  await expect(store.once('a', notCalled)).rejects.toThrow('within a transaction');
});
