/** Stores for `dedupe` on `node:sqlite`, apart from the rest since older Nodes have none. */
export { sqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export { sqliteTransactions, type SqliteTransactionsOptions } from './sqlite-transactions.ts';
