import { MemoryLogger, watchForLeaks } from '@wsbroker/testkit';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { happening, journalFolder, opening } from '../../../test/journal-changes.ts';
import type { JournalChange } from './journal.ts';
import { type JournalOptions, openJournal } from './sqlite-journal.ts';

const run = promisify(execFile);
const mebi = 1_024 * 1_024;

/** A journal, its log, and its commits: after each, how many changes were committed in all. */
const start = async (options: Partial<JournalOptions> = {}) => {
  const place = await journalFolder();
  const log = new MemoryLogger();
  const commits: number[] = [];
  const open = (more: Partial<JournalOptions> = {}) =>
    openJournal({
      file: place.file,
      maxBytes: 64 * mebi,
      maxDeadLetters: 10,
      log,
      onCommit: (changes) => commits.push(changes),
      ...options,
      ...more,
    });
  const journal = await open();
  return {
    ...place,
    log,
    commits,
    journal,
    /** What another process finds. */
    async left() {
      await journal.close();
      const next = await open();
      const content = await next.load();
      await next.close();
      return content;
    },
    async [Symbol.asyncDispose]() {
      await journal.close();
      await place[Symbol.asyncDispose]();
    },
  };
};

const delivered = (wskey: string, number: number): JournalChange => ({ kind: 'delivered', wskey, number });

/** Gives an immediate, and whatever it has set off, time to happen. */
const turn = (): Promise<void> => delay(5);

test('a new journal is empty, and what was written is found by the next process', async () => {
  await using stage = await start();
  const { journal } = stage;
  expect(await journal.load()).toEqual({ connections: [], events: [], failures: [] });
  await journal.write(opening('a', ['hash']), happening('a', 1), happening('a', 2, { message: 1 }));
  await journal.write(delivered('a', 1));
  expect(await stage.left()).toMatchObject({
    connections: [{ wskey: 'a', tokenHashes: ['hash'], lastEvent: 2, received: 1 }],
    events: [{ wskey: 'a', number: 2, message: 1 }],
  });
});

test('what is written in one turn is one commit, and what is written meanwhile is the next', async () => {
  await using stage = await start();
  const { journal, commits } = stage;
  const first = Array.from({ length: 100 }, (_, index) => journal.write(happening('a', index + 1)));
  await Promise.all(first);
  expect(commits).toEqual([100]);
  const alone = journal.write(happening('b', 1));
  await turn();
  const meanwhile = Array.from({ length: 50 }, (_, index) => journal.write(happening('c', index + 1)));
  await Promise.all([alone, ...meanwhile]);
  // The one that was alone may have been on the disk before the others were written, or not.
  expect(commits).toEqual([100, 101, 151]);
});

test('writes of several writers resolve in the order in which they were written', async () => {
  await using stage = await start();
  const { journal } = stage;
  const told: string[] = [];
  const writer = async (wskey: string): Promise<void> => {
    for (let number = 1; number <= 50; number += 1) {
      await Promise.all([
        journal.write(happening(wskey, number * 2 - 1)).then(() => told.push(`${wskey}-${number * 2 - 1}`)),
        journal.write(happening(wskey, number * 2)).then(() => told.push(`${wskey}-${number * 2}`)),
      ]);
    }
  };
  await Promise.all(['a', 'b', 'c'].map(writer));
  const { events } = await stage.left();
  expect(events.map(({ wskey, number }) => `${wskey}-${number}`)).toEqual(told);
  expect(told).toHaveLength(300);
});

test('a write of nothing is done', async () => {
  await using stage = await start();
  await stage.journal.write();
  expect(stage.commits).toEqual([]);
});

test('a full journal is stuck, says nothing false, and goes on as its events are delivered', async () => {
  await using stage = await start({ maxBytes: mebi });
  const { journal, log } = stage;
  const stuck: boolean[] = [];
  journal.onStuck = () => stuck.push(journal.isStuck);
  const large = { json: 'x'.repeat(60_000), message: 1 };
  const done: number[] = [];
  const open = journal.write(opening('a'), opening('b'));
  const writes = Array.from({ length: 40 }, (_, index) =>
    // With what an answer had changed: it must not hold up that other events are delivered.
    journal
      .write({ kind: 'session', wskey: 'a', sessionInfo: `${index}` }, happening('a', index + 1, large))
      .then(() => done.push(index + 1)),
  );
  await open;
  await vi.waitFor(() => expect(journal.isStuck).toBe(true), 10_000);
  await vi.waitFor(() => expect(done.length).toBeGreaterThan(5), 10_000);
  await delay(600);
  expect(done.length).toBeLessThan(18);
  expect(stuck).toEqual([true]);
  expect(log.messages('error')).toEqual(['! the journal cannot be written; clients wait until it can:']);
  expect(log.entries.at(-1)?.fields).toEqual({
    reason: 'it has reached maxJournalBytes, or the disk is full',
  });
  // Delivered as they are committed, each with an answer that changes the session, as in the broker.
  let next = 0;
  const deliveries: Promise<void>[] = [];
  while (next < 40) {
    if (done.length > next) {
      next += 1;
      const session: JournalChange = { kind: 'session', wskey: 'a', sessionInfo: `after ${next}` };
      deliveries.push(journal.write(session, delivered('a', next)));
    } else await turn();
  }
  await Promise.all([...writes, ...deliveries]);
  expect(done).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  await vi.waitFor(() => expect(journal.isStuck).toBe(false));
  expect(stuck.at(-1)).toBe(false);
  expect(log.messages('warn')).toEqual([
    expect.stringMatching(/^! the journal is written again after \S+ s$/),
  ]);
  const { events, connections } = await stage.left();
  expect(events).toEqual([]);
  expect(connections[0]).toMatchObject({ sessionInfo: 'after 40', lastEvent: 40 });
});

test('what was not said to be written before a close in a full journal is not there, and what was is', async () => {
  await using stage = await start({ maxBytes: mebi });
  const { journal, log } = stage;
  const done: number[] = [];
  const large = { json: 'x'.repeat(60_000), message: 1 };
  for (let number = 1; number <= 30; number += 1) {
    void journal.write(happening('a', number, large)).then(() => done.push(number));
  }
  await vi.waitFor(() => expect(journal.isStuck).toBe(true), 10_000);
  const { events } = await stage.left();
  expect(events.map(({ number }) => number)).toEqual(done);
  expect(log.entries.find(({ message }) => message.includes('lost'))).toMatchObject({
    level: 'error',
    fields: { changes: 30 - done.length },
  });
});

test('a full journal of connections alone goes on when they end', async () => {
  await using stage = await start({ maxBytes: mebi });
  const { journal } = stage;
  const connected: string[] = [];
  const wskeys = Array.from({ length: 2_500 }, (_, index) => `connection-${index}`);
  const filler = { sessionInfo: JSON.stringify({ name: 'x'.repeat(600) }) };
  for (const wskey of wskeys) {
    void journal.write({ ...opening(wskey), ...filler }).then(() => connected.push(wskey));
  }
  await vi.waitFor(() => expect(journal.isStuck).toBe(true), 10_000);
  await delay(500);
  expect(connected.length).toBeLessThan(wskeys.length);
  for (let ended = 0; ended < wskeys.length; ended += 1) {
    while (connected.length <= ended) await turn();
    const wskey = connected[ended]!;
    const last = happening(wskey, 1, { reason: 'client-left' });
    void journal.write(last, { kind: 'end', wskey }).then(() => journal.write(delivered(wskey, 1)));
  }
  await vi.waitFor(() => expect(journal.isStuck).toBe(false), 10_000);
  expect(await stage.left()).toEqual({ connections: [], events: [], failures: [] });
});

test('a change that can never be written is told to the log and holds up no other', async () => {
  await using stage = await start();
  const { journal, log } = stage;
  const told: string[] = [];
  const write = (name: string, change: JournalChange) => journal.write(change).then(() => told.push(name));
  const before = write('before', happening('a', 1));
  void write('bad', { ...happening('a', 2), type: null } as unknown as JournalChange);
  const after = write('after', happening('a', 3));
  await Promise.all([before, after]);
  expect(told).toEqual(['before', 'after']);
  expect(journal.isStuck).toBe(false);
  expect(log.entries).toMatchObject([
    {
      level: 'error',
      message: '! a change cannot be written to the journal:',
      fields: { kind: 'event', reason: 'NOT NULL constraint failed: event.type' },
    },
  ]);
  const { events } = await stage.left();
  expect(events.map(({ number }) => number)).toEqual([1, 3]);
});

test('a file that cannot be a journal is refused in one line, and nothing is left running', async () => {
  await using place = await journalFolder();
  const log = new MemoryLogger();
  const leaks = watchForLeaks();
  await writeFile(place.file, 'not a database '.repeat(1_000));
  const refused = openJournal({ file: place.file, maxBytes: mebi, maxDeadLetters: 1, log });
  await expect(refused).rejects.toMatchObject({
    name: 'BrokerError',
    code: 'journal-failed',
    message: `The journal "${place.file}" cannot be used: it is not a journal, but a file of another kind; name a file that does not exist yet`,
  });
  await leaks.assertNone();
});

test('a journal that another process or another broker of this process has is refused', async () => {
  await using stage = await start();
  const { file, journal } = stage;
  const options = { file, maxBytes: mebi, maxDeadLetters: 1, log: stage.log };
  const text = `The journal "${file}" cannot be used: it is in use by another broker; each broker needs a journal of its own`;
  await expect(openJournal(options)).rejects.toThrow(text);
  const source = new URL('sqlite-journal.ts', import.meta.url).href;
  const script = `import { openJournal } from ${JSON.stringify(source)};
    await openJournal(${JSON.stringify(options)}).catch(({ message }) => process.stdout.write(message));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  expect(stdout).toBe(text);
  // It is still good for the one who has it.
  await journal.write(happening('a', 1));
  expect((await stage.left()).events).toHaveLength(1);
});

test('a damaged journal is refused when it is read', async () => {
  await using stage = await start();
  const { journal, file } = stage;
  const bad = '{"type":"client-hello"}'.repeat(100);
  const events = Array.from({ length: 200 }, (_, index) => happening('a', index + 1, { json: bad }));
  await journal.write(opening('a'), ...events);
  await journal.close();
  const { open } = await import('node:fs/promises');
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(40_960, 0xa5), 0, 40_960, 200_000);
  await handle.close();
  const next = await openJournal({ file, maxBytes: mebi, maxDeadLetters: 1, log: stage.log });
  await expect(next.load()).rejects.toMatchObject({
    code: 'journal-failed',
    message: expect.stringContaining('it is damaged (database disk image is malformed)'),
  });
});

test('`:memory:` and `file:` are names of files', async () => {
  await using place = await journalFolder();
  const log = new MemoryLogger();
  for (const name of [':memory:', 'file:events?mode=memory']) {
    const journal = await openJournal({
      file: join(place.folder, name),
      maxBytes: mebi,
      maxDeadLetters: 1,
      log,
    });
    await journal.write(happening('a', 1));
    await journal.close();
  }
  expect((await readdir(place.folder)).toSorted()).toEqual([':memory:', 'file:events?mode=memory']);
});
