import type { DatabaseSync } from 'node:sqlite';
import type { JournalChange } from './journal.ts';
import { UnusableFileError } from './unusable-file-error.ts';

/**
 * Changes that were committed and are not in the tables yet.
 *
 * A group is one row here, and a row is all that its transaction writes: most events are delivered before the
 * tables are brought up to date, and never touch them. Meanwhile the changes are kept in memory as well; a process
 * that was killed leaves them to the next one.
 */
export class ChangeLog {
  readonly #append;
  readonly #clear;
  readonly #maxBytes: number;
  readonly #changes: JournalChange[] = [];
  #bytes = 0;

  /** @throws UnusableFileError when what is there is no list of changes. */
  constructor(database: DatabaseSync, maxBytes: number) {
    this.#append = database.prepare('INSERT INTO change_log (changes) VALUES (?)');
    this.#clear = database.prepare('DELETE FROM change_log');
    this.#maxBytes = maxBytes;
    for (const row of database.prepare('SELECT changes FROM change_log ORDER BY sequence').all()) {
      const json = String(row['changes']);
      this.#keep(changesIn(json), json.length);
    }
  }

  /** In the order in which they were committed. */
  get changes(): readonly JournalChange[] {
    return this.#changes;
  }

  hasRoomFor(json: string): boolean {
    return this.#bytes + json.length <= this.#maxBytes;
  }

  /** On the disk when this returns. */
  append(changes: readonly JournalChange[], json: string): void {
    this.#append.run(json);
    this.#keep(changes, json.length);
  }

  /** To be run in the transaction that brings the tables up to date. */
  removeRows(): void {
    if (this.#changes.length > 0) this.#clear.run();
  }

  /** That transaction was committed. */
  forget(): void {
    this.#changes.length = 0;
    this.#bytes = 0;
  }

  #keep(changes: readonly JournalChange[], bytes: number): void {
    for (const change of changes) this.#changes.push(change);
    this.#bytes += bytes;
  }
}

const changesIn = (json: string): JournalChange[] => {
  try {
    return JSON.parse(json) as JournalChange[];
  } catch (cause) {
    throw new UnusableFileError('it is damaged; move it away to begin with an empty one', { cause });
  }
};

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isWhole: Test = (value) => Number.isSafeInteger(value);
const isWholeOrNone: Test = (value) => value === undefined || isWhole(value);
const isTextOrNone: Test = (value) => value === undefined || isText(value);

/** Whether the tables will surely take it: what is in the log cannot be refused any more. */
const isSound = (change: JournalChange): boolean => {
  if (!isText(change.wskey)) return false;
  switch (change.kind) {
    case 'event':
      return (
        isWhole(change.number) &&
        isText(change.type) &&
        isText(change.json) &&
        isWhole(change.happenedAtMs) &&
        isWholeOrNone(change.message) &&
        isWholeOrNone(change.request) &&
        isTextOrNone(change.reason)
      );
    case 'delivered':
      return isWhole(change.number);
    case 'received':
      return isWhole(change.received);
    case 'session':
      return isText(change.sessionInfo);
    case 'tokens':
      return Array.isArray(change.tokenHashes);
    case 'failed':
      return isWhole(change.message) && isText(change.code) && isText(change.text);
    case 'open':
      return (
        isText(change.sessionInfo) &&
        Array.isArray(change.tokenHashes) &&
        isText(change.fingerprint) &&
        isWhole(change.lastEvent) &&
        isWhole(change.received)
      );
    case 'end':
      return true;
    // Rare, and looked for in its table while the broker runs.
    case 'dead-letter':
      return false;
  }
};

/** Whether a group may wait in the log. */
export const mayWait = (changes: readonly JournalChange[]): boolean => changes.every(isSound);
