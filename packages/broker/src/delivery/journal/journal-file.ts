import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { JournalChange, JournalContent, LeftConnection, StoredEvent, StoredFailure } from './journal.ts';
import { applicationId, prepareStatements, schemaVersion, type Statements, tables } from './schema.ts';
import type { ChangeGroup, JournalFileOptions, Purpose } from './worker-message.ts';

const pageBytes = 4_096;

/** Failures further back than so many messages of their connection: no client has so many on the way. */
const failureWindow = 1_000;

/** A file cannot be a journal; the message says why. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
}

/** There is room on the disk, and none in the journal. */
class FullError extends Error {
  override readonly name = 'FullError';
  /** As SQLite says it. */
  readonly errcode = 13;
}

/**
 * The journal's file. All of it is synchronous, and waits for the disk: it runs in a thread of its own.
 *
 * Every method throws what `node:sqlite` throws.
 */
export class JournalFile {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  /** So many pages may hold something. */
  readonly #maxUsedPages: Readonly<Record<Purpose, number>>;
  readonly #maxDeadLetters: number;
  readonly #maxDeadLetterBytes: number;
  #deadLetters = 0;
  #deadLetterBytes = 0;

  /** @throws UnusableFileError when the file is something else, besides what SQLite throws. */
  constructor({ file, maxBytes, maxDeadLetters }: JournalFileOptions) {
    const maxPages = Math.floor(maxBytes / pageBytes);
    const keptPages = Math.min(4_096, Math.ceil(maxPages / 16));
    this.#maxUsedPages = { any: maxPages - keptPages, end: maxPages - keptPages / 2, settle: Infinity };
    this.#maxDeadLetters = maxDeadLetters;
    // Of large events so many would not fit, and no event beside them.
    this.#maxDeadLetterBytes = maxBytes / 4;
    createFile(file);
    this.#db = new DatabaseSync(file, { timeout: 0 });
    try {
      this.#prepare();
      // The file may be larger, from a time when the bound was.
      const limit = Math.max(maxPages, this.#number('page_count') + keptPages);
      this.#db.exec(`PRAGMA max_page_count = ${limit}`);
      this.#statements = prepareStatements(this.#db);
      this.#countDeadLetters();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /**
   * All changes or none, and on the disk when this returns.
   * @throws FullError when they need more room than there is, besides what SQLite throws.
   */
  commit({ changes, purpose }: ChangeGroup): void {
    const usedBefore = this.#usedPages();
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const change of changes) this.#apply(change);
      const used = this.#usedPages();
      if (used > Math.max(this.#maxUsedPages[purpose], usedBefore)) throw new FullError('maxJournalBytes');
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  load(): JournalContent {
    const { connections, events, failures } = this.#statements;
    return {
      connections: connections.all().map((row) => ({
        ...(row as unknown as LeftConnection),
        tokenHashes: JSON.parse(String(row['tokenHashes'])) as string[],
        isEnded: row['isEnded'] === 1,
      })),
      events: events.all().map((row) => withoutNulls(row) as unknown as StoredEvent),
      // A copy, since rows have no prototype.
      failures: failures.all().map((row) => ({ ...row }) as unknown as StoredFailure),
    };
  }

  close(): void {
    this.#db.close();
  }

  #prepare(): void {
    const db = this.#db;
    // Before anything is read: the lock is then held until the end, and no memory is shared with other processes.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const isNew =
      this.#read('SELECT count(*) FROM sqlite_schema') === 0 && this.#number('application_id') === 0;
    if (!isNew) this.#checkIdentity();
    if (this.#read('PRAGMA journal_mode = WAL') !== 'wal') {
      throw new UnusableFileError('the file system does not allow a write-ahead log: use a local disk');
    }
    // 1,000 pages are written back at once; a log that one large group made longer is cut again.
    db.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 1000;
      PRAGMA journal_size_limit = 8388608;
      PRAGMA temp_store = MEMORY;`);
    if (isNew) db.exec(`BEGIN EXCLUSIVE; ${tables} COMMIT`);
  }

  #checkIdentity(): void {
    if (this.#number('application_id') !== applicationId) {
      throw new UnusableFileError('it is a database of another program: name a file that does not exist yet');
    }
    const version = this.#number('user_version');
    if (version > schemaVersion) {
      throw new UnusableFileError(
        `it was written by a newer version of the broker (tables ${version}, this one knows ${schemaVersion}): ` +
          'start that version, or name another file',
      );
    }
  }

  #read(sql: string): unknown {
    return Object.values(this.#db.prepare(sql).get() ?? {})[0];
  }

  #number(pragma: string): number {
    return Number(this.#read(`PRAGMA ${pragma}`));
  }

  /** Pages that hold something; below the bounds, all there are. */
  #usedPages(): number {
    const { count, used } = this.#statements.pages.get() ?? {};
    return Number(Number(count) > this.#maxUsedPages.any ? used : count);
  }

  #rollBack(): void {
    // SQLite has done it by itself after some errors.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    this.#countDeadLetters();
  }

  #countDeadLetters(): void {
    const { count, bytes } = this.#statements.countDeadLetters.get() ?? {};
    this.#deadLetters = Number(count);
    this.#deadLetterBytes = Number(bytes);
  }

  #apply(change: JournalChange): void {
    const run = this.#statements;
    const { wskey } = change;
    switch (change.kind) {
      case 'open': {
        const { sessionInfo, tokenHashes, fingerprint, lastEvent, received } = change;
        const hashes = JSON.stringify(tokenHashes);
        run.open.run(wskey, sessionInfo, hashes, fingerprint, lastEvent, received);
        return;
      }
      case 'event': {
        const { number, type, happenedAtMs, message = null, request = null, reason = null, json } = change;
        run.event.run(wskey, number, type, happenedAtMs, message, request, reason, json);
        run.forward.run(number, message ?? 0, wskey);
        return;
      }
      case 'received':
        run.forward.run(0, change.received, wskey);
        return;
      case 'delivered':
        run.removeEvent.run(wskey, change.number);
        run.removeEnded.run(wskey);
        return;
      case 'dead-letter':
        this.#bury(wskey, change.number, change.why);
        run.removeEnded.run(wskey);
        return;
      case 'failed':
        run.failed.run(change.message, change.code, change.text, wskey);
        run.dropFailures.run(wskey, change.message - failureWindow);
        return;
      case 'session':
        run.session.run(change.sessionInfo, wskey);
        return;
      case 'tokens':
        run.tokens.run(JSON.stringify(change.tokenHashes), wskey);
        return;
      case 'end':
        run.dropFailures.run(wskey, Number.MAX_SAFE_INTEGER);
        run.end.run(wskey);
        run.removeEnded.run(wskey);
        return;
    }
  }

  #bury(wskey: string, number: number, why: string): void {
    const { takeEvent, bury, dropDeadLetter } = this.#statements;
    // Removed first, so that it takes no more room than before.
    const event = takeEvent.get(wskey, number);
    if (!event) return;
    const id = `${wskey}-${number}`;
    const values = Object.values(event);
    const buried = bury.get(id, wskey, number, Date.now(), why, ...values);
    if (!buried) return;
    this.#deadLetters += 1;
    this.#deadLetterBytes += Number(buried['bytes']);
    while (this.#deadLetters > this.#maxDeadLetters || this.#deadLetterBytes > this.#maxDeadLetterBytes) {
      const dropped = dropDeadLetter.get();
      if (!dropped) return;
      this.#deadLetters -= 1;
      this.#deadLetterBytes -= Number(dropped['bytes']);
    }
  }
}

/**
 * Only its owner may read it: the journal holds what users wrote. SQLite gives its log the same mode.
 *
 * A file that is there is not touched: to close it would give up the locks that a journal of this process has on it.
 */
const createFile = (file: string): void => {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};

const withoutNulls = (row: object): object =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
