import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { type DedupeStore, defaultTtlMs, EventBusy } from './dedupe-store.ts';
import { positiveInteger } from './positive-integer.ts';
import { SqliteEvents } from './sqlite-events.ts';

export interface SqliteTransactionsOptions {
  /** How long an id is kept. @default 90_000_000, an hour more than a broker with a journal tries an event */
  readonly ttlMs?: number;
  /** So long an event waits while another process writes; then it is answered 503. @default 10_000 */
  readonly waitMs?: number;
}

const pollMs = 20;
/** SQLITE_BUSY: another process, or another connection of this one, writes. */
const busy = 5;
/** The transaction's own claim: no other attempt can see its row before it commits. */
const claim = 'transaction';

/**
 * Handles each event in a transaction of the application's own database: its id, its answer and what the handlers
 * write through `database` commit as one, or not at all. That is what makes it exactly once. Needs Node 22.13.
 *
 * Events are handled one at a time, and the transaction is open until the handler is done: a handler should wait
 * for nothing slow. Whatever else writes through the same `database` while a handler waits is in its transaction,
 * and undone with it: open another `DatabaseSync` for that. What a handler does elsewhere (an e-mail, a payment)
 * is not undone.
 *
 * @example
 * const database = new DatabaseSync('app.sqlite');
 * createBackend(contract, {
 *   dedupe: sqliteTransactions(database),
 *   messages: {
 *     pay: (ctx, { cents }) => {
 *       database.prepare('update accounts set cents = cents - ? where name = ?').run(cents, ctx.connection.name);
 *     },
 *   },
 * });
 */
export const sqliteTransactions = (
  database: DatabaseSync,
  options: SqliteTransactionsOptions = {},
): DedupeStore => new SqliteTransactions(database, options);

class SqliteTransactions implements DedupeStore {
  readonly #database: DatabaseSync;
  readonly #ttlMs: number;
  readonly #waitMs: number;
  /** Made in the first transaction: at the start of a program another process may hold the lock. */
  #events: SqliteEvents | undefined;
  /** Settles when the event before is done. Never rejects. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(database: DatabaseSync, { ttlMs = defaultTtlMs, waitMs = 10_000 }: SqliteTransactionsOptions) {
    this.#ttlMs = positiveInteger('ttlMs', ttlMs);
    this.#waitMs = positiveInteger('waitMs', waitMs);
    this.#database = database;
  }

  once(id: string, handle: () => Promise<string>): Promise<string> {
    const done = this.#before.then(() => this.#inTransaction(id, handle));
    this.#before = done.catch(() => {});
    return done;
  }

  async #inTransaction(id: string, handle: () => Promise<string>): Promise<string> {
    await this.#begin(id);
    try {
      const events = this.#events ?? new SqliteEvents(this.#database);
      const nowMs = Date.now();
      let answer = events.answer(id, nowMs);
      if (answer === undefined) {
        answer = await handle();
        events.store({ id, claim }, answer, Date.now() + this.#ttlMs);
      }
      events.prune(nowMs);
      this.#database.exec('commit');
      this.#events = events;
      return answer;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** `immediate`: of two processes with the same event, the second must not read before the first has written. */
  async #begin(id: string): Promise<void> {
    const giveUpAtMs = performance.now() + this.#waitMs;
    for (;;) {
      try {
        this.#database.exec('begin immediate');
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() >= giveUpAtMs) throw new EventBusy(id, { cause: error });
      }
      await delay(pollMs * Math.random());
    }
  }

  /** SQLite has done so itself where, for example, the disk is full. */
  #rollBack(): void {
    try {
      this.#database.exec('rollback');
    } catch {}
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === busy;
