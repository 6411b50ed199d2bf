import type { DatabaseSync } from 'node:sqlite';
import { ChangeLog, mayWait } from './change-log.ts';
import type { JournalChange, JournalContent, LeftConnection, StoredEvent, StoredFailure } from './journal.ts';
import { numberOf, openDatabase } from './journal-database.ts';
import { netOf } from './net-changes.ts';
import { prepareStatements, type Statements } from './schema.ts';
import type { ChangeGroup, JournalFileOptions, Purpose } from './worker-message.ts';

const pageBytes = 4_096;

/** Of changes that are not in the tables yet. More saves little; this is brought into them in about 10 ms. */
const maxLogBytes = 1_048_576;
/** What they may need in the file: a text may be three bytes a character, and there is the rows' own. */
const logPages = (maxLogBytes * 4) / pageBytes;

/** Failures further back than so many messages of their connection: no client has so many on the way. */
const failureWindow = 1_000;

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
  readonly #log: ChangeLog;
  /** The bound is so far away that the log may be used. */
  #isRoomy: boolean;
  /** Connections that may have ended, and still have a row. */
  readonly #ended: Set<string>;
  /** Of those, the ones that the transaction has removed. */
  readonly #removed = new Set<string>();
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
    this.#db = openDatabase(file);
    try {
      // The file may be larger, from a time when the bound was.
      const limit = Math.max(maxPages, numberOf(this.#db, 'page_count') + keptPages);
      this.#db.exec(`PRAGMA max_page_count = ${limit}`);
      this.#statements = prepareStatements(this.#db);
      this.#countDeadLetters();
      this.#ended = new Set(this.#statements.ended.all().map((row) => String(row['wskey'])));
      this.#log = new ChangeLog(this.#db, maxLogBytes);
      this.#isRoomy = this.#looksRoomy();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /**
   * All changes or none, and on the disk when this returns.
   * @param json The changes as JSON; without it they are too many for the log.
   * @throws FullError when they need more room than there is, besides what SQLite throws.
   */
  commit({ changes, purpose }: ChangeGroup, json?: string): void {
    const isLogged =
      json !== undefined &&
      purpose === 'any' &&
      this.#isRoomy &&
      this.#log.hasRoomFor(json) &&
      mayWait(changes);
    if (isLogged) this.#log.append(changes, json);
    else this.#settle(changes, purpose);
  }

  load(): JournalContent {
    if (this.#log.changes.length === 0) return this.#content();
    return this.#transaction(() => {
      this.#apply([]);
      const content = this.#content();
      try {
        this.#commitTables();
      } catch {
        // A full disk: the log stays, and what is to be known is known.
        this.#rollBack();
      }
      return content;
    });
  }

  close(): void {
    try {
      this.#settle([], 'settle');
    } catch {
      // The next process does it.
    }
    this.#db.close();
  }

  /** Brings the tables up to date: with what is in the log, and with these changes. */
  #settle(changes: readonly JournalChange[], purpose: Purpose): void {
    if (this.#log.changes.length + changes.length === 0) return;
    const usedBefore = this.#usedPages();
    this.#transaction(() => {
      this.#apply(changes);
      const used = this.#usedPages();
      if (used > Math.max(this.#maxUsedPages[purpose], usedBefore)) throw new FullError('maxJournalBytes');
      this.#commitTables();
    });
  }

  #transaction<Result>(work: () => Result): Result {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      return work();
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #apply(changes: readonly JournalChange[]): void {
    const logged = this.#log.changes;
    this.#log.removeRows();
    const net = logged.length === 0 ? { changes, passed: [] } : netOf([...logged, ...changes]);
    for (const change of net.changes) this.#applyOne(change);
    for (const { wskey, lastEvent, received } of net.passed) {
      this.#statements.forward.run(lastEvent, received, wskey);
    }
  }

  #commitTables(): void {
    this.#db.exec('COMMIT');
    this.#log.forget();
    this.#isRoomy = this.#looksRoomy();
    for (const wskey of this.#removed) this.#ended.delete(wskey);
    this.#removed.clear();
  }

  #content(): JournalContent {
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

  #looksRoomy(): boolean {
    return this.#usedPages() + logPages <= this.#maxUsedPages.any;
  }

  /** Pages that hold something; below the bounds, all there are. */
  #usedPages(): number {
    const { count, used } = this.#statements.pages.get() ?? {};
    return Number(Number(count) > this.#maxUsedPages.any ? used : count);
  }

  #rollBack(): void {
    // SQLite has done it by itself after some errors.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    this.#removed.clear();
    this.#countDeadLetters();
  }

  #countDeadLetters(): void {
    const { count, bytes } = this.#statements.countDeadLetters.get() ?? {};
    this.#deadLetters = Number(count);
    this.#deadLetterBytes = Number(bytes);
  }

  #applyOne(change: JournalChange): void {
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
        this.#removeEnded(wskey);
        return;
      case 'dead-letter':
        this.#bury(wskey, change.number, change.why);
        this.#removeEnded(wskey);
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
        this.#ended.add(wskey);
        this.#removed.delete(wskey);
        this.#removeEnded(wskey);
        return;
    }
  }

  /** Looks at those alone that may have ended: this runs after each event. */
  #removeEnded(wskey: string): void {
    if (!this.#ended.has(wskey)) return;
    if (Number(this.#statements.removeEnded.run(wskey).changes) > 0) this.#removed.add(wskey);
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

const withoutNulls = (row: object): object =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
