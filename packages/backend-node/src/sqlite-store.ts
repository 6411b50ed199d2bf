import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { type DedupeStore, defaultTtlMs, EventBusy } from './dedupe-store.ts';
import { positiveInteger } from './positive-integer.ts';
import { type Attempt, SqliteEvents } from './sqlite-events.ts';

export interface SqliteStoreOptions {
  /** How long an id is kept. @default 90_000_000, an hour more than a broker with a journal tries an event */
  readonly ttlMs?: number;
  /**
   * After so long without a sign of life, an attempt counts as crashed and the event is handled again. A process
   * that lives renews its claims: only one whose event loop stands still for as long loses them. @default 30_000
   */
  readonly claimMs?: number;
  /** So long an attempt waits for another one of the same event; then it is answered 503. @default 10_000 */
  readonly waitMs?: number;
}

const pollMs = 50;
/** Other processes hold the file for one short statement at a time. */
const lockedMs = 5_000;

/** A {@link DedupeStore} in a file that it keeps open. */
export interface SqliteStore extends DedupeStore, Disposable {
  close(): void;
}

/**
 * Keeps ids in a file of its own, which several processes of one machine may share. Needs Node 22.13.
 *
 * Handlers run outside of any transaction. A process that dies after a handler has done its work and before the
 * answer is stored leaves an event that is handled again: where that must not be, write with
 * {@link sqliteTransactions}.
 *
 * @example
 * createBackend(contract, { dedupe: sqliteStore('events.sqlite'), messages: { … } });
 */
export const sqliteStore = (file: string, options: SqliteStoreOptions = {}): SqliteStore =>
  new SqliteFileStore(file, options);

class SqliteFileStore implements SqliteStore {
  readonly #database: DatabaseSync;
  readonly #events: SqliteEvents;
  readonly #ttlMs: number;
  readonly #claimMs: number;
  readonly #waitMs: number;

  constructor(file: string, { ttlMs = defaultTtlMs, claimMs = 30_000, waitMs = 10_000 }: SqliteStoreOptions) {
    this.#ttlMs = positiveInteger('ttlMs', ttlMs);
    this.#claimMs = positiveInteger('claimMs', claimMs);
    this.#waitMs = positiveInteger('waitMs', waitMs);
    this.#database = new DatabaseSync(file, { timeout: lockedMs });
    this.#database.exec('pragma journal_mode = wal');
    this.#events = new SqliteEvents(this.#database);
  }

  async once(id: string, handle: () => Promise<string>): Promise<string> {
    const giveUpAtMs = performance.now() + this.#waitMs;
    const attempt = { id, claim: randomUUID() };
    this.#events.prune(Date.now());
    for (;;) {
      const nowMs = Date.now();
      if (this.#events.claim(attempt, nowMs, nowMs + this.#claimMs)) return this.#handle(attempt, handle);
      const answer = this.#events.answer(id, nowMs);
      if (answer !== undefined) return answer;
      if (performance.now() >= giveUpAtMs) throw new EventBusy(id);
      await delay(pollMs);
    }
  }

  async #handle(attempt: Attempt, handle: () => Promise<string>): Promise<string> {
    const renewing = setInterval(() => this.#renew(attempt), this.#claimMs / 3);
    try {
      const answer = await handle();
      this.#events.store(attempt, answer, Date.now() + this.#ttlMs);
      return answer;
    } catch (error) {
      this.#release(attempt);
      throw error;
    } finally {
      clearInterval(renewing);
    }
  }

  /** Nothing to do where it fails: the next time it may not, and the claim lasts for three. */
  #renew(attempt: Attempt): void {
    try {
      this.#events.renew(attempt, Date.now() + this.#claimMs);
    } catch {}
  }

  /** Where it fails the claim expires; what the handler threw is what must be seen. */
  #release(attempt: Attempt): void {
    try {
      this.#events.release(attempt);
    } catch {}
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
