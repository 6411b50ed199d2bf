/** "wsbr": tells a journal from any other SQLite file. */
export const applicationId = 0x77_73_62_72;

/** Of the tables below. A broker refuses a journal of a later one. */
export const schemaVersion = 1;

export const schema = `
  CREATE TABLE connections (
    wskey TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    tokens TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    last_event INTEGER NOT NULL,
    received INTEGER NOT NULL,
    is_ended INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    wskey TEXT NOT NULL,
    number INTEGER NOT NULL,
    type TEXT NOT NULL,
    json TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    message INTEGER,
    request INTEGER,
    reason TEXT,
    UNIQUE (wskey, number)
  ) STRICT;
  CREATE TABLE failures (
    wskey TEXT NOT NULL,
    message INTEGER NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (wskey, message)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead_letters (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    wskey TEXT NOT NULL,
    number INTEGER NOT NULL,
    type TEXT NOT NULL,
    json TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    died_at INTEGER NOT NULL,
    why TEXT NOT NULL
  ) STRICT;
`;
