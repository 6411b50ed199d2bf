import * as fc from 'fast-check';
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { anyChange, loggedChange } from '../../../test/arbitrary-changes.ts';
import { happening, journalFolder, JournalModel, opening } from '../../../test/journal-changes.ts';
import type { JournalChange } from './journal.ts';
import { JournalFile } from './journal-file.ts';
import { whyUnusable } from './sqlite-failure.ts';
import type { JournalFileOptions } from './worker-message.ts';

const mebi = 1_024 * 1_024;

/** A journal's file, opened as often as is asked for. */
const start = async (options: Partial<JournalFileOptions> = {}) => {
  const { folder, file, ...resource } = await journalFolder();
  let opened: JournalFile | undefined;
  const open = (more: Partial<JournalFileOptions> = {}): JournalFile => {
    opened?.close();
    opened = undefined;
    opened = new JournalFile({ file, maxBytes: 64 * mebi, maxDeadLetters: 10, ...options, ...more });
    return opened;
  };
  return {
    folder,
    file,
    open,
    /** Rows of another reader's, once the journal is closed. */
    rows(sql: string): object[] {
      opened?.close();
      opened = undefined;
      const db = new DatabaseSync(file);
      try {
        return db.prepare(sql).all();
      } finally {
        db.close();
      }
    },
    async [Symbol.asyncDispose]() {
      opened?.close();
      await resource[Symbol.asyncDispose]();
    },
  };
};

const commit = (file: JournalFile, ...changes: readonly JournalChange[]): void =>
  file.commit({ changes, purpose: 'any' }, JSON.stringify(changes));

test('gives back what was written, once the file is opened again', async () => {
  await using stage = await start();
  commit(
    stage.open(),
    opening('a', ['one', 'two']),
    happening('a', 1, { type: 'session-connect' }),
    happening('a', 2, { message: 1, request: 7 }),
    { kind: 'session', wskey: 'a', sessionInfo: '{"name":"Ada \u{1f600}"}' },
    { kind: 'tokens', wskey: 'a', tokenHashes: ['three'] },
    { kind: 'received', wskey: 'a', received: 2 },
    { kind: 'failed', wskey: 'a', message: 2, code: 'bad-type', text: 'The type is a number' },
    opening('b'),
    happening('b', 1, { reason: 'client-left' }),
    { kind: 'end', wskey: 'b' },
  );
  expect(stage.open().load()).toStrictEqual({
    connections: [
      {
        wskey: 'a',
        sessionInfo: '{"name":"Ada \u{1f600}"}',
        tokenHashes: ['three'],
        fingerprint: 'print',
        lastEvent: 2,
        received: 2,
        isEnded: false,
      },
      {
        wskey: 'b',
        sessionInfo: '{"wskey":"b"}',
        tokenHashes: [],
        fingerprint: 'print',
        lastEvent: 1,
        received: 0,
        isEnded: true,
      },
    ],
    events: [
      {
        wskey: 'a',
        number: 1,
        type: 'session-connect',
        json: '{"type":"client-hello","n":1}',
        happenedAtMs: 1_001,
      },
      {
        wskey: 'a',
        number: 2,
        type: 'client-hello',
        json: '{"type":"client-hello","n":2}',
        happenedAtMs: 1_002,
        message: 1,
        request: 7,
      },
      {
        wskey: 'b',
        number: 1,
        type: 'client-hello',
        json: '{"type":"client-hello","n":1}',
        happenedAtMs: 1_001,
        reason: 'client-left',
      },
    ],
    failures: [{ wskey: 'a', message: 2, code: 'bad-type', text: 'The type is a number' }],
  });
});

/** A group with a dead letter is brought into the tables at once: most have none. */
const written = fc.record({
  group: fc.oneof(
    { weight: 4, arbitrary: fc.array(loggedChange, { maxLength: 12 }) },
    { weight: 1, arbitrary: fc.array(anyChange, { maxLength: 12 }) },
  ),
  isRead: fc.boolean(),
});

test('holds what a model in memory holds, after any changes in groups of any size', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(written, { maxLength: 6 }), async (groups) => {
      await using stage = await start();
      const model = new JournalModel();
      const file = stage.open();
      for (const { group, isRead } of groups) {
        commit(file, ...group);
        for (const change of group) model.apply(change);
        // Brings the tables up to date; of what is written in between they get what it comes to.
        if (isRead) expect(file.load()).toEqual(model.content());
      }
      expect(stage.open().load()).toEqual(model.content());
    }),
    { numRuns: 100 },
  );
});

test('what a process that was killed had not brought into the tables is there for the next, once', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, opening('a'), happening('a', 1), { kind: 'dead-letter', wskey: 'a', number: 1, why: '' });
  commit(file, happening('a', 2, { message: 1 }), happening('a', 3, { message: 2 }));
  commit(file, { kind: 'delivered', wskey: 'a', number: 2 });
  // The file as a kill leaves it.
  const left = join(stage.folder, 'left.db');
  await copyFile(stage.file, left);
  await copyFile(`${stage.file}-wal`, `${left}-wal`);
  for (const isCommitted of [false, true]) {
    const next = new JournalFile({ file: left, maxBytes: 64 * mebi, maxDeadLetters: 10 });
    // The answer to its last group was lost, and it is written once more.
    if (isCommitted) commit(next, { kind: 'delivered', wskey: 'a', number: 2 });
    expect(next.load()).toMatchObject({
      connections: [{ wskey: 'a', lastEvent: 3, received: 2 }],
      events: [{ wskey: 'a', number: 3, message: 2 }],
    });
    next.close();
  }
  const db = new DatabaseSync(left);
  expect(db.prepare('SELECT * FROM change_log').all()).toEqual([]);
  db.close();
});

test('events that are delivered soon never touch the tables', async () => {
  await using stage = await start();
  const file = stage.open();
  for (let number = 1; number <= 100; number += 1) {
    commit(file, happening('a', number));
    commit(file, { kind: 'delivered', wskey: 'a', number });
  }
  // The next event would have the next number of all that were there.
  commit(file, happening('a', 101));
  expect(stage.rows('SELECT number, sequence FROM event')).toEqual([{ number: 101, sequence: 1 }]);
});

test('a log that is full is brought into the tables', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, opening('a'));
  for (let number = 1; number <= 60; number += 1) {
    commit(file, happening('a', number, { json: 'x'.repeat(50_000), message: number }));
  }
  expect((await stat(stage.file)).size + (await stat(`${stage.file}-wal`)).size).toBeGreaterThan(3 * mebi);
  expect(stage.open().load().events).toHaveLength(60);
});

test('a file of the first version is brought up to date, and keeps what it has', async () => {
  await using stage = await start();
  commit(stage.open(), opening('a'), happening('a', 1));
  stage.rows('SELECT 1');
  database(stage.file, 'DROP TABLE change_log; PRAGMA user_version = 1');
  const file = stage.open();
  commit(file, happening('a', 2));
  expect(stage.open().load()).toMatchObject({
    connections: [{ wskey: 'a', lastEvent: 2 }],
    events: [{ number: 1 }, { number: 2 }],
  });
});

test('a group that was committed may be written once more: the thread died before it could say so', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, opening('a'), happening('a', 1), happening('a', 2, { message: 1 }));
  const group: JournalChange[] = [
    { kind: 'dead-letter', wskey: 'a', number: 2, why: 'refused' },
    { kind: 'failed', wskey: 'a', message: 1, code: 'refused', text: 'no' },
    happening('a', 3, { message: 2 }),
    { kind: 'delivered', wskey: 'a', number: 1 },
    opening('b'),
    happening('b', 1),
    happening('b', 2),
    { kind: 'dead-letter', wskey: 'b', number: 2, why: 'refused' },
  ];
  commit(file, ...group);
  const once = file.load();
  commit(file, ...group);
  expect(file.load()).toEqual(once);
  expect(stage.rows('SELECT id FROM dead_letter')).toEqual([{ id: 'a-2' }, { id: 'b-2' }]);
});

test('events are in the order in which they were written, of all connections', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, happening('b', 1), happening('a', 1));
  commit(file, { kind: 'delivered', wskey: 'b', number: 1 });
  commit(file, happening('b', 2), happening('a', 2), happening('c', 1));
  const { events } = stage.open().load();
  expect(events.map(({ wskey, number }) => `${wskey}-${number}`)).toEqual(['a-1', 'b-2', 'a-2', 'c-1']);
});

test('a group is committed whole or not at all', async () => {
  await using stage = await start();
  const file = stage.open();
  const bad = { ...happening('a', 2), type: null } as unknown as JournalChange;
  expect(() => commit(file, happening('a', 1), bad)).toThrow('NOT NULL');
  expect(file.load().events).toEqual([]);
  commit(file, happening('a', 1));
  expect(file.load().events).toHaveLength(1);
});

test('dead letters keep what they were and why they died, the newest ones', async () => {
  await using stage = await start({ maxDeadLetters: 2 });
  const file = stage.open();
  for (const number of [1, 2, 3]) {
    commit(file, happening('a', number, { message: number }));
    commit(file, { kind: 'dead-letter', wskey: 'a', number, why: `reason ${number}` });
  }
  expect(file.load().events).toEqual([]);
  const rows = stage.rows('SELECT id, type, json, why, message, happened_at_ms, died_at_ms FROM dead_letter');
  expect(rows).toEqual([
    {
      id: 'a-2',
      type: 'client-hello',
      json: '{"type":"client-hello","n":2}',
      why: 'reason 2',
      message: 2,
      happened_at_ms: 1_002,
      died_at_ms: expect.any(Number),
    },
    expect.objectContaining({ id: 'a-3', why: 'reason 3' }),
  ]);
});

test('a lowered number of dead letters holds from the next one on', async () => {
  await using stage = await start();
  const file = stage.open();
  for (const number of [1, 2, 3, 4]) {
    commit(file, happening('a', number), { kind: 'dead-letter', wskey: 'a', number, why: '' });
  }
  const bury5: JournalChange = { kind: 'dead-letter', wskey: 'a', number: 5, why: '' };
  commit(stage.open({ maxDeadLetters: 2 }), happening('a', 5), bury5);
  expect(stage.rows('SELECT id FROM dead_letter')).toEqual([{ id: 'a-4' }, { id: 'a-5' }]);
});

test('dead letters take a quarter of the file at most, however large they are', async () => {
  await using stage = await start({ maxBytes: mebi, maxDeadLetters: 1_000_000 });
  const file = stage.open();
  for (let number = 1; number <= 40; number += 1) {
    commit(file, happening('a', number, { json: 'x'.repeat(50_000) }));
    commit(file, { kind: 'dead-letter', wskey: 'a', number, why: '' });
  }
  expect(stage.rows('SELECT count(*) AS count, max(number) AS last FROM dead_letter')).toEqual([
    { count: 5, last: 40 },
  ]);
});

test('failures of a connection go back a thousand messages, and no further', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, opening('a'), opening('b'));
  for (const wskey of ['a', 'b']) {
    const failures = Array.from({ length: 1_200 }, (_, index): JournalChange => {
      return { kind: 'failed', wskey, message: index + 1, code: 'bad-type', text: '' };
    });
    commit(file, ...failures);
  }
  const { failures } = file.load();
  expect(failures).toHaveLength(2_000);
  expect(failures[0]).toMatchObject({ wskey: 'a', message: 201 });
});

test('a full file takes nothing more, and loses nothing', async () => {
  await using stage = await start({ maxBytes: mebi });
  const file = stage.open();
  const large = { json: 'x'.repeat(50_000) };
  let number = 0;
  const fill = (): void => {
    for (;;) commit(file, happening('a', (number += 1), large));
  };
  expect(fill).toThrow('maxJournalBytes');
  const { events } = file.load();
  expect(events).toHaveLength(number - 1);
  expect(number).toBeGreaterThan(10);
  // What makes room has room: to mark a connection as ended, or to move an event.
  const freeing: JournalChange[] = [opening('a'), happening('a', 1_000), { kind: 'end', wskey: 'a' }];
  file.commit({ changes: freeing, purpose: 'end' });
  commit(file, { kind: 'delivered', wskey: 'a', number: 1 });
  commit(file, { kind: 'delivered', wskey: 'a', number: 2 });
  commit(file, happening('a', number, large));
  expect(stage.open().load().events).toHaveLength(number - 2 + 1);
  expect((await stat(stage.file)).size).toBeLessThanOrEqual(mebi);
});

test('the room that is kept for making room is kept for it again and again', async () => {
  await using stage = await start({ maxBytes: mebi });
  const file = stage.open();
  const large = { json: 'x'.repeat(20_000) };
  let number = 0;
  const fill = (): void => {
    for (;;) commit(file, happening('a', (number += 1), large));
  };
  expect(fill).toThrow('maxJournalBytes');
  for (let round = 1; round <= 20; round += 1) {
    const last = happening('b', round, { json: 'x'.repeat(10_000) });
    file.commit({ changes: [opening('b'), last, { kind: 'end', wskey: 'b' }], purpose: 'end' });
    expect(() => commit(file, happening('a', 1_000, large))).toThrow('maxJournalBytes');
    commit(file, { kind: 'delivered', wskey: 'b', number: round });
  }
});

test.each([40 * mebi, mebi])(
  'every event of a full file can become a dead letter, with %i bytes',
  async (maxBytes) => {
    await using stage = await start();
    const large = { json: 'x'.repeat(60_000) };
    const all = Array.from({ length: 30 }, (_, index) => index + 1);
    commit(stage.open(), ...all.map((number) => happening('a', number, large)));
    const file = stage.open({ maxBytes });
    for (const number of all) {
      file.commit({
        changes: [{ kind: 'dead-letter', wskey: 'a', number, why: 'refused' }],
        purpose: 'settle',
      });
    }
    expect(file.load().events).toEqual([]);
  },
);

test('a file that is larger than a lowered bound gives back what it has, and takes more when that has gone', async () => {
  await using stage = await start();
  const large = { json: 'x'.repeat(100_000) };
  for (const number of Array.from({ length: 20 }, (_, index) => index + 1)) {
    commit(stage.open(), happening('a', number, large));
  }
  const file = stage.open({ maxBytes: mebi });
  expect(file.load().events).toHaveLength(20);
  for (const number of Array.from({ length: 20 }, (_, index) => index + 1)) {
    commit(file, { kind: 'delivered', wskey: 'a', number });
  }
  commit(file, happening('a', 21, large));
  expect(file.load().events).toHaveLength(1);
});

test('only its owner may read the file and its log', async () => {
  await using stage = await start();
  commit(stage.open(), opening('a'));
  for (const path of [stage.file, `${stage.file}-wal`]) expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('after a close there is one file', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, happening('a', 1));
  stage.rows('SELECT 1');
  await expect(stat(`${stage.file}-wal`)).rejects.toThrow('ENOENT');
  expect((await readFile(stage.file)).subarray(0, 15).toString()).toBe('SQLite format 3');
});

/** What a broker says that is given this file. */
const refusal = (file: string): string => {
  try {
    new JournalFile({ file, maxBytes: mebi, maxDeadLetters: 10 }).close();
    return 'it was opened';
  } catch (error) {
    return whyUnusable(error);
  }
};

const database = (file: string, sql: string): void => {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
};

test('says what is wrong with a file that cannot be a journal, and does not touch it', async () => {
  await using place = await journalFolder();
  const { file, folder } = place;
  expect(refusal(join(folder, 'missing', 'events.db'))).toMatch(/^ENOENT.*its folder must exist/);
  await mkdir(join(folder, 'directory'));
  expect(refusal(join(folder, 'directory'))).toContain('unable to open database file; its folder must exist');
  await writeFile(file, 'This is the list of what we have to buy. '.repeat(100));
  expect(refusal(file)).toMatch(/^it is not a journal, but a file of another kind/);
  const other = join(folder, 'other.db');
  database(other, 'CREATE TABLE customer (name TEXT)');
  const before = await readFile(other);
  expect(refusal(other)).toMatch(/^it is a database of another program/);
  expect(await readFile(other)).toEqual(before);
});

test('says so when a newer version has written the file', async () => {
  await using stage = await start();
  stage.open();
  stage.rows('SELECT 1');
  database(stage.file, 'PRAGMA user_version = 3');
  expect(refusal(stage.file)).toMatch(
    /^it was written by a newer version of the broker \(tables 3, this one knows 2\)/,
  );
});

test('says so when another broker has the file, and leaves it to that one', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, opening('a'));
  expect(refusal(stage.file)).toBe('it is in use by another broker; each broker needs a journal of its own');
  commit(file, happening('a', 1));
  expect(refusal(stage.file)).toContain('in use');
  expect(file.load().events).toHaveLength(1);
});

test('says so when the file is damaged', async () => {
  await using stage = await start();
  const file = stage.open();
  commit(file, opening('a'), ...Array.from({ length: 200 }, (_, index) => happening('a', index + 1)));
  stage.rows('SELECT 1');
  const bytes = await readFile(stage.file);
  // The header stays as it is.
  await writeFile(stage.file, bytes.fill(0xa5, 4_096));
  const why = (): string => {
    try {
      stage.open().load();
      return 'it was read';
    } catch (error) {
      return whyUnusable(error);
    }
  };
  expect(why()).toMatch(/^it is damaged \(.*malformed.*\); move it away/);
});

test('says so when the file may not be written', async () => {
  await using stage = await start();
  stage.open();
  stage.rows('SELECT 1');
  // As for a file of another user's; root may write those.
  const db = new DatabaseSync(stage.file, { readOnly: true });
  const why = (): string => {
    try {
      db.exec('CREATE TABLE other (field)');
      return 'it was written';
    } catch (error) {
      return whyUnusable(error);
    } finally {
      db.close();
    }
  };
  expect(why()).toMatch(/readonly.*must be allowed to write there/);
});
