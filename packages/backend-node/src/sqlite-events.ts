import type { DatabaseSync, StatementSync } from 'node:sqlite';

const pruneIntervalMs = 60_000;
/** One at a time must not hold up the process. */
const prunedRows = 1_000;

/** One attempt at an event: only the one whose claim stands may store its answer. */
export interface Attempt {
  readonly id: string;
  readonly claim: string;
}

/**
 * The table in which events are remembered: a row with an answer is an event that has been handled; one without
 * is claimed by an attempt that is at work on it.
 */
export class SqliteEvents {
  readonly #answer: StatementSync;
  readonly #store: StatementSync;
  readonly #claim: StatementSync;
  readonly #renew: StatementSync;
  readonly #release: StatementSync;
  readonly #prune: StatementSync;
  #prunedAtMs = 0;

  constructor(database: DatabaseSync) {
    database.exec(`
      create table if not exists wsbroker_events (
        id text primary key,
        claim text not null,
        answer text,
        expires_at_ms integer not null
      );
      create index if not exists wsbroker_events_expiry on wsbroker_events (expires_at_ms);
    `);
    this.#answer = database.prepare(
      'select answer from wsbroker_events where id = ? and answer is not null and expires_at_ms > ?',
    );
    this.#store = database.prepare(`
      insert into wsbroker_events (id, claim, answer, expires_at_ms) values (?, ?, ?, ?)
      on conflict (id) do update set answer = excluded.answer, expires_at_ms = excluded.expires_at_ms
      where claim = excluded.claim
    `);
    this.#claim = database.prepare(`
      insert into wsbroker_events (id, claim, expires_at_ms) values (?, ?, ?)
      on conflict (id) do update set claim = excluded.claim, answer = null, expires_at_ms = excluded.expires_at_ms
      where expires_at_ms <= ?
    `);
    this.#renew = database.prepare(
      'update wsbroker_events set expires_at_ms = ? where id = ? and claim = ? and answer is null',
    );
    this.#release = database.prepare(
      'delete from wsbroker_events where id = ? and claim = ? and answer is null',
    );
    this.#prune = database.prepare(`
      delete from wsbroker_events where id in
        (select id from wsbroker_events where expires_at_ms <= ? limit ${prunedRows})
    `);
  }

  answer(id: string, nowMs: number): string | undefined {
    const row = this.#answer.get(id, nowMs);
    return row === undefined ? undefined : String(row['answer']);
  }

  /** Does nothing where another claim has the event by now. */
  store({ id, claim }: Attempt, answer: string, expiresAtMs: number): void {
    this.#store.run(id, claim, answer, expiresAtMs);
  }

  /** @returns false where the event is claimed or has been handled. */
  claim({ id, claim }: Attempt, nowMs: number, expiresAtMs: number): boolean {
    return this.#claim.run(id, claim, expiresAtMs, nowMs).changes === 1;
  }

  renew({ id, claim }: Attempt, expiresAtMs: number): void {
    this.#renew.run(expiresAtMs, id, claim);
  }

  release({ id, claim }: Attempt): void {
    this.#release.run(id, claim);
  }

  /** Removes what has expired, now and then. */
  prune(nowMs: number): void {
    if (Math.abs(nowMs - this.#prunedAtMs) < pruneIntervalMs) return;
    const { changes } = this.#prune.run(nowMs);
    // There may be more: not yet done.
    if (changes !== prunedRows) this.#prunedAtMs = nowMs;
  }
}
