import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  DeadLetter,
  JournalChange,
  JournalContent,
  LeftConnection,
  StoredEvent,
  StoredFailure,
} from './journal.ts';
import { applicationId, schema, schemaVersion } from './store-schema.ts';

export interface StoreOptions {
  readonly file: string;
  readonly maxBytes: number;
  readonly maxDeadLetters: number;
}

/** Why a file cannot be the journal. */
export class NoJournal extends Error {
  override readonly name = 'NoJournal';
}

const pageBytes = 4_096;

/** Pages beyond the bound for changes that make room: to free a page may need one. */
const reservePages = 64;

/** The log beside the file is cut back to this after a burst. */
const maxWalBytes = 16 * 1_024 * 1_024;

/** A client that comes back is told at most these of its failures. */
const maxFailures = 1_000;

/** The primary code of SQLite in an error of `node:sqlite`; undefined for any other error. */
export const sqliteCode = (error: unknown): number | undefined => {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
};

const busy = 5;
const corrupt = 11;
const notADatabase = 26;

/** The journal's file: everything in one thread, each call done when it returns. */
export class Store {
  readonly #options: StoreOptions;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #maxPages: number;

  /**
   * @param Database The class of `node:sqlite`, which is loaded in the worker alone.
   * @throws NoJournal for a file that is none, or that another broker has open.
   */
  constructor(Database: typeof DatabaseSync, options: StoreOptions) {
    this.#options = options;
    this.#maxPages = Math.floor(options.maxBytes / pageBytes);
    const { file } = options;
    let database: DatabaseSync | undefined;
    try {
      // Before SQLite does: what users write is nobody else's to read.
      closeSync(openSync(file, 'a', 0o600));
      this.#database = database = new Database(file);
      this.#open();
    } catch (error) {
      database?.close();
      throw explained(error, file);
    }
  }

  load(): JournalContent {
    const connections = this.#all(
      'SELECT wskey, session, tokens, fingerprint, last_event, received, is_ended FROM connections ORDER BY rowid',
    ).map((row): LeftConnection => ({
      wskey: row['wskey'] as string,
      sessionInfo: row['session'] as string,
      tokenHashes: JSON.parse(row['tokens'] as string) as string[],
      fingerprint: row['fingerprint'] as string,
      lastEvent: row['last_event'] as number,
      received: row['received'] as number,
      isEnded: row['is_ended'] === 1,
    }));
    const events = this.#all(
      'SELECT wskey, number, type, json, happened_at, message, request, reason FROM events ORDER BY place',
    ).map(eventOf);
    const failures = this.#all(
      'SELECT wskey, message, code, text FROM failures ORDER BY wskey, message',
    ) as unknown as StoredFailure[];
    return { connections, events, failures: failures.map((failure) => ({ ...failure })) };
  }

  /** The events that were given up, the oldest first. */
  deadLetters(): DeadLetter[] {
    return this.#all(
      'SELECT id, wskey, number, type, json, happened_at, died_at, why FROM dead_letters ORDER BY place',
    ).map((row) => ({
      ...eventOf(row),
      id: row['id'] as string,
      diedAtMs: row['died_at'] as number,
      why: row['why'] as string,
    }));
  }

  /**
   * All of them, or none.
   * @throws what SQLite says; nothing was written then.
   */
  write(changes: readonly JournalChange[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const change of changes) this.#apply(change);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** As {@link write}, for changes that make room: the reserve is theirs. */
  writeFreeing(changes: readonly JournalChange[]): void {
    this.#database.exec(`PRAGMA max_page_count = ${this.#maxPages + reservePages}`);
    try {
      this.write(changes);
    } finally {
      this.#database.exec(`PRAGMA max_page_count = ${this.#maxPages}`);
    }
  }

  close(): void {
    this.#database.close();
  }

  #open(): void {
    const database = this.#database;
    // Before the first read, which then takes a lock that nobody else gets until this is closed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0');
    const isEmpty = this.#pragma('schema_version') === 0;
    if (!isEmpty && this.#pragma('application_id') !== applicationId) {
      throw new NoJournal('it is an SQLite file of something else: expected a new file, or a journal');
    }
    const version = this.#pragma('user_version');
    if (!isEmpty && version !== schemaVersion) {
      throw new NoJournal(
        `it was written by another version of the broker (${version}, this one has ${schemaVersion})`,
      );
    }
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${maxWalBytes}`,
    );
    // Also a journal that nothing was ever written to has to be this broker's alone.
    database.exec('BEGIN IMMEDIATE');
    if (isEmpty) {
      database.exec(schema);
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
    }
    database.exec('COMMIT');
    database.exec(`PRAGMA max_page_count = ${this.#maxPages}`);
  }

  #pragma(name: string): number {
    return Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // Some errors have rolled back already.
    }
  }

  #apply(change: JournalChange): void {
    switch (change.kind) {
      case 'open':
        // Not again, should it be written twice: the row has moved on since.
        return this.#run(
          'INSERT OR IGNORE INTO connections (wskey, session, tokens, fingerprint, last_event, received) VALUES (?, ?, ?, ?, ?, ?)',
          [
            change.wskey,
            change.sessionInfo,
            JSON.stringify(change.tokenHashes),
            change.fingerprint,
            change.lastEvent,
            change.received,
          ],
        );
      case 'event':
        return this.#addEvent(change);
      case 'received':
        return this.#run('UPDATE connections SET received = max(received, ?) WHERE wskey = ?', [
          change.received,
          change.wskey,
        ]);
      case 'delivered':
        return this.#removeEvent(change);
      case 'dead-letter':
        this.#keepDeadLetter(change);
        return this.#removeEvent(change);
      case 'failed':
        this.#run('INSERT OR IGNORE INTO failures (wskey, message, code, text) VALUES (?, ?, ?, ?)', [
          change.wskey,
          change.message,
          change.code,
          change.text,
        ]);
        return this.#run('DELETE FROM failures WHERE wskey = ? AND message <= ?', [
          change.wskey,
          change.message - maxFailures,
        ]);
      case 'session':
        return this.#run('UPDATE connections SET session = ? WHERE wskey = ?', [
          change.sessionInfo,
          change.wskey,
        ]);
      case 'tokens':
        return this.#run('UPDATE connections SET tokens = ? WHERE wskey = ?', [
          JSON.stringify(change.tokenHashes),
          change.wskey,
        ]);
      case 'end':
        this.#run('DELETE FROM failures WHERE wskey = ?', [change.wskey]);
        this.#run('UPDATE connections SET is_ended = 1 WHERE wskey = ?', [change.wskey]);
        return this.#forgetIfDone(change.wskey);
    }
  }

  #addEvent(event: StoredEvent): void {
    const { wskey, number, message = null } = event;
    this.#run(
      'INSERT OR IGNORE INTO events (wskey, number, type, json, happened_at, message, request, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      [
        wskey,
        number,
        event.type,
        event.json,
        event.happenedAtMs,
        message,
        event.request ?? null,
        event.reason ?? null,
      ],
    );
    this.#run(
      'UPDATE connections SET last_event = max(last_event, ?), received = max(received, ?) WHERE wskey = ?',
      [number, message ?? 0, wskey],
    );
  }

  #removeEvent({ wskey, number }: { readonly wskey: string; readonly number: number }): void {
    this.#run('DELETE FROM events WHERE wskey = ? AND number = ?', [wskey, number]);
    this.#forgetIfDone(wskey);
  }

  /** A connection that has ended is kept for the `sessionInfo` of its events. */
  #forgetIfDone(wskey: string): void {
    this.#run(
      'DELETE FROM connections WHERE wskey = ? AND is_ended = 1 AND NOT EXISTS (SELECT 1 FROM events WHERE events.wskey = connections.wskey)',
      [wskey],
    );
  }

  #keepDeadLetter(change: JournalChange & { readonly kind: 'dead-letter' }): void {
    const { maxDeadLetters } = this.#options;
    if (maxDeadLetters === 0) return;
    this.#run(
      `INSERT INTO dead_letters (id, wskey, number, type, json, happened_at, died_at, why)
       SELECT wskey || '-' || number, wskey, number, type, json, happened_at, ?, ? FROM events WHERE wskey = ? AND number = ?`,
      [Date.now(), change.why, change.wskey, change.number],
    );
    this.#run('DELETE FROM dead_letters WHERE place <= (SELECT max(place) FROM dead_letters) - ?', [
      maxDeadLetters,
    ]);
  }

  #run(sql: string, values: readonly (string | number | null)[]): void {
    this.#prepared(sql).run(...values);
  }

  #all(sql: string): Record<string, unknown>[] {
    return this.#prepared(sql).all() as Record<string, unknown>[];
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

const eventOf = (row: Record<string, unknown>): StoredEvent => ({
  wskey: row['wskey'] as string,
  number: row['number'] as number,
  type: row['type'] as string,
  json: row['json'] as string,
  happenedAtMs: row['happened_at'] as number,
  message: (row['message'] as number | null | undefined) ?? undefined,
  request: (row['request'] as number | null | undefined) ?? undefined,
  reason: (row['reason'] as string | null | undefined) ?? undefined,
});

const explained = (error: unknown, file: string): NoJournal => {
  const code = sqliteCode(error);
  const what =
    code === busy
      ? 'another broker has it open'
      : code === notADatabase || code === corrupt
        ? 'it is no SQLite file, or it is damaged'
        : (error as Error).message;
  return new NoJournal(`${file} cannot be the journal: ${what}`, { cause: error });
};
