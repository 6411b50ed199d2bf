import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Line } from '../contract.ts';

export type NewLine = Omit<Line, 'seq'>;

/** Some lines of a room, in order. */
export interface HistoryPage {
  readonly lines: Line[];
  /** Whether there are lines before these. */
  readonly hasEarlier: boolean;
}

/**
 * `seq` only ever grows (AUTOINCREMENT), so it is the order in which everybody sees the lines.
 * UNIQUE (user, id) is what makes saying a thing twice harmless; the user is part of it, since ids are the
 * clients' choice and nobody may take those of somebody else.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS lines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    user TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    atMs INTEGER NOT NULL,
    UNIQUE (user, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS linesByRoom ON lines (room, seq);
`;

const maxRooms = 50;

/** Every line that was ever said, in a file that outlives this process. */
export class History implements Disposable {
  /** For what has to commit together with a line. */
  readonly database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #before: StatementSync;
  readonly #rooms: StatementSync;
  readonly #pageLines: number;

  /** @param pageLines The most lines that are given at once. */
  constructor(file: string, pageLines = 100) {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    this.#pageLines = pageLines;
    this.database = new DatabaseSync(file);
    // Until a process that was killed is really gone, it may hold a lock.
    // FULL: a line that is shown as delivered is on the disk, and outlives a power cut as well.
    this.database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.database.exec(schema);
    this.#insert = this.database.prepare(
      'INSERT INTO lines (room, user, id, name, text, atMs) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#find = this.database.prepare('SELECT * FROM lines WHERE user = ? AND id = ?');
    this.#before = this.database.prepare(
      'SELECT * FROM lines WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
    );
    this.#rooms = this.database.prepare(
      'SELECT room FROM lines GROUP BY room ORDER BY max(seq) DESC LIMIT ?',
    );
  }

  /** Keeps a line, and gives it as it is kept: one that was there already keeps its place, time and text. */
  add({ room, user, id, name, text, atMs }: NewLine): Line {
    this.#insert.run(room, user, id, name, text, atMs);
    return lineOf(this.#find.get(user, id));
  }

  /** The last lines of a room, or the last before a given one. */
  page(room: string, beforeSeq: number = Number.MAX_SAFE_INTEGER): HistoryPage {
    // One more than asked for tells whether there are others.
    const rows = this.#before.all(room, beforeSeq, this.#pageLines + 1);
    const lines = rows.slice(0, this.#pageLines).map(lineOf).toReversed();
    return { lines, hasEarlier: rows.length > this.#pageLines };
  }

  /** Rooms in which something was said, the liveliest first, at most fifty. */
  rooms(): string[] {
    return this.#rooms.all(maxRooms).map((row) => String(row['room']));
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

/** Rows have no prototype, and exactly the columns of the schema. */
const lineOf = (row: unknown): Line => ({ ...(row as Line) });
