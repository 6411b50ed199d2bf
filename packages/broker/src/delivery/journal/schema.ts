import type { DatabaseSync } from 'node:sqlite';

/** `WSBR`: tells a journal from the databases of other programs. */
export const applicationId = 0x57_53_42_52;

/** The version of the tables. A file of a later one is not opened, one of an earlier one is brought up to date. */
export const schemaVersion = 2;

const changeLog = `
CREATE TABLE change_log (
  sequence INTEGER PRIMARY KEY, -- in the order in which they were committed
  changes TEXT NOT NULL -- a JSON list of what is not in the other tables yet
) STRICT;
`;

export const tables = `
CREATE TABLE connection (
  wskey TEXT NOT NULL UNIQUE,
  session_info TEXT NOT NULL,
  token_hashes TEXT NOT NULL, -- a JSON list
  fingerprint TEXT NOT NULL,
  last_event INTEGER NOT NULL,
  received INTEGER NOT NULL,
  is_ended INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE event (
  sequence INTEGER PRIMARY KEY, -- in the order in which they happened
  wskey TEXT NOT NULL,
  number INTEGER NOT NULL,
  type TEXT NOT NULL,
  happened_at_ms INTEGER NOT NULL,
  message INTEGER,
  request INTEGER,
  reason TEXT,
  json TEXT NOT NULL,
  UNIQUE (wskey, number)
) STRICT;

CREATE TABLE failure (
  wskey TEXT NOT NULL,
  message INTEGER NOT NULL,
  code TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (wskey, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
  sequence INTEGER PRIMARY KEY, -- in the order in which they died
  id TEXT NOT NULL UNIQUE,
  wskey TEXT NOT NULL,
  number INTEGER NOT NULL,
  type TEXT NOT NULL,
  happened_at_ms INTEGER NOT NULL,
  died_at_ms INTEGER NOT NULL,
  message INTEGER,
  request INTEGER,
  reason TEXT,
  why TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

${changeLog}
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${schemaVersion};
`;

/** From version 1. */
export const upgrade = `
${changeLog}
PRAGMA user_version = ${schemaVersion};
`;

/**
 * No numbered parameters (`?1`): `node:sqlite` of Node 22 binds no values to them.
 *
 * Every statement may run again with the same values and may find no row: after a crash of the thread a group
 * is written once more that may have been committed before.
 */
export const prepareStatements = (db: DatabaseSync) => ({
  open: db.prepare(`
    INSERT INTO connection (wskey, session_info, token_hashes, fingerprint, last_event, received)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (wskey) DO UPDATE SET session_info = excluded.session_info, token_hashes = excluded.token_hashes,
      fingerprint = excluded.fingerprint, last_event = excluded.last_event, received = excluded.received, is_ended = 0`),
  event: db.prepare(`
    INSERT INTO event (wskey, number, type, happened_at_ms, message, request, reason, json)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (wskey, number) DO NOTHING`),
  forward: db.prepare(`
    UPDATE connection SET last_event = max(last_event, ?), received = max(received, ?) WHERE wskey = ?`),
  session: db.prepare('UPDATE connection SET session_info = ? WHERE wskey = ?'),
  tokens: db.prepare('UPDATE connection SET token_hashes = ? WHERE wskey = ?'),
  removeEvent: db.prepare('DELETE FROM event WHERE wskey = ? AND number = ?'),
  takeEvent: db.prepare(`
    DELETE FROM event WHERE wskey = ? AND number = ?
    RETURNING type, happened_at_ms, message, request, reason, json`),
  bury: db.prepare(`
    INSERT INTO dead_letter
      (id, wskey, number, died_at_ms, why, type, happened_at_ms, message, request, reason, json)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING
    RETURNING octet_length(json) AS bytes`),
  countDeadLetters: db.prepare(
    'SELECT count(*) AS count, total(octet_length(json)) AS bytes FROM dead_letter',
  ),
  dropDeadLetter: db.prepare(`
    DELETE FROM dead_letter WHERE sequence = (SELECT min(sequence) FROM dead_letter)
    RETURNING octet_length(json) AS bytes`),
  failed: db.prepare(`
    INSERT OR REPLACE INTO failure (wskey, message, code, text)
    SELECT wskey, ?, ?, ? FROM connection WHERE wskey = ? AND is_ended = 0`),
  dropFailures: db.prepare('DELETE FROM failure WHERE wskey = ? AND message <= ?'),
  end: db.prepare('UPDATE connection SET is_ended = 1 WHERE wskey = ?'),
  ended: db.prepare('SELECT wskey FROM connection WHERE is_ended = 1'),
  removeEnded: db.prepare(`
    DELETE FROM connection
    WHERE wskey = ? AND is_ended = 1
      AND NOT EXISTS (SELECT 1 FROM event WHERE event.wskey = connection.wskey)`),
  pages: db.prepare(`
    SELECT page_count AS count, page_count - freelist_count AS used
    FROM pragma_page_count, pragma_freelist_count`),
  connections: db.prepare(`
    SELECT wskey, session_info AS sessionInfo, token_hashes AS tokenHashes, fingerprint,
      last_event AS lastEvent, received, is_ended AS isEnded
    FROM connection ORDER BY rowid`),
  events: db.prepare(`
    SELECT wskey, number, type, json, happened_at_ms AS happenedAtMs, message, request, reason
    FROM event ORDER BY sequence`),
  failures: db.prepare('SELECT wskey, message, code, text FROM failure ORDER BY wskey, message'),
});

export type Statements = ReturnType<typeof prepareStatements>;
