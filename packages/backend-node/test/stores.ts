import { DatabaseSync } from 'node:sqlite';
import type { DedupeStore } from '../src/dedupe-store.ts';
import { memoryStore } from '../src/memory-store.ts';
import { sqliteStore } from '../src/sqlite-store.ts';
import { sqliteTransactions } from '../src/sqlite-transactions.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** Stores that share what they keep, as those of several processes do. */
export interface StoreSet extends Disposable {
  readonly stores: readonly DedupeStore[];
}

/** Every store of this package. */
export const storeSets: Readonly<Record<string, () => StoreSet>> = {
  memoryStore: () => ({ stores: [memoryStore()], [Symbol.dispose]: () => {} }),

  'two sqliteStores of one file': () => {
    const folder = new TemporaryFolder();
    const stores = [1, 2].map(() => sqliteStore(folder.file('events.sqlite')));
    return {
      stores,
      [Symbol.dispose]() {
        for (const store of stores) store.close();
        folder[Symbol.dispose]();
      },
    };
  },

  'two sqliteTransactions of one file': () => {
    const folder = new TemporaryFolder();
    const databases = [1, 2].map(() => new DatabaseSync(folder.file('app.sqlite')));
    return {
      stores: databases.map((database) => sqliteTransactions(database)),
      [Symbol.dispose]() {
        for (const database of databases) database.close();
        folder[Symbol.dispose]();
      },
    };
  },
};
