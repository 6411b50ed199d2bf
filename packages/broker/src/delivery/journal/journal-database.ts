import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { applicationId, schemaVersion, tables, upgrade } from './schema.ts';
import { UnusableFileError } from './unusable-file-error.ts';

/**
 * Opens the database of a journal, makes it if it is not there, and brings its tables up to date.
 * @throws UnusableFileError when the file is something else, besides what SQLite throws.
 */
export const openDatabase = (file: string): DatabaseSync => {
  createFile(file);
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    prepare(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
};

/** What a pragma says. */
export const numberOf = (db: DatabaseSync, pragma: string): number => Number(read(db, `PRAGMA ${pragma}`));

const read = (db: DatabaseSync, sql: string): unknown => Object.values(db.prepare(sql).get() ?? {})[0];

const prepare = (db: DatabaseSync): void => {
  // Before anything is read: the lock is then held until the end, and no memory is shared with other processes.
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  const isNew = read(db, 'SELECT count(*) FROM sqlite_schema') === 0 && numberOf(db, 'application_id') === 0;
  const version = isNew ? schemaVersion : checkedVersion(db);
  if (read(db, 'PRAGMA journal_mode = WAL') !== 'wal') {
    throw new UnusableFileError('the file system does not allow a write-ahead log: use a local disk');
  }
  // 1,000 pages are written back at once; a log that one large group made longer is cut again.
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 8388608;
    PRAGMA temp_store = MEMORY;`);
  if (isNew) db.exec(`BEGIN EXCLUSIVE; ${tables} COMMIT`);
  else if (version < schemaVersion) db.exec(`BEGIN EXCLUSIVE; ${upgrade} COMMIT`);
};

const checkedVersion = (db: DatabaseSync): number => {
  if (numberOf(db, 'application_id') !== applicationId) {
    throw new UnusableFileError('it is a database of another program: name a file that does not exist yet');
  }
  const version = numberOf(db, 'user_version');
  if (version > schemaVersion) {
    throw new UnusableFileError(
      `it was written by a newer version of the broker (tables ${version}, this one knows ${schemaVersion}): ` +
        'start that version, or name another file',
    );
  }
  return version;
};

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
