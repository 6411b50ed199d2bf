/** The journal's thread: that it dies, that it ends, and what is left of it. */
import { Inbox, spawnProcess, watchForLeaks } from '@wsbroker/testkit';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { JournalPlace } from '../../../test/journal-place.ts';
import type { Journal, JournalChange } from './journal.ts';
import { startWorker } from './journal-thread.ts';
import type { FromWorker, JournalFileOptions } from './worker-message.ts';

const connection: JournalChange = {
  kind: 'open',
  wskey: 'k',
  sessionInfo: '{"name":"Ada"}',
  tokenHashes: ['h'],
  fingerprint: 'f',
  lastEvent: 0,
  received: 0,
};

const event = (number: number, text = ''): JournalChange => ({
  kind: 'event',
  wskey: 'k',
  number,
  type: 'client-say',
  json: JSON.stringify({ type: 'say', text }),
  happenedAtMs: 0,
  message: number,
});

/** The threads that a journal started, the newest last. */
class Threads {
  readonly started = new Inbox<Worker>('a thread');

  readonly start = (options: JournalFileOptions): Worker => {
    const worker = startWorker(options);
    this.started.put(worker);
    return worker;
  };

  get count(): number {
    return this.started.all.length;
  }

  async end(): Promise<void> {
    await this.started.all.at(-1)?.terminate();
  }
}

/** Resolves when the journal is stuck, or free again. */
const changed = (journal: Journal, isStuck: boolean): Promise<void> =>
  new Promise((resolve) => {
    journal.onStuck = () => {
      if (journal.isStuck === isStuck) resolve();
    };
    journal.onStuck();
  });

const numbersIn = async (place: JournalPlace): Promise<number[]> =>
  (await place.content()).events.map(({ number }) => number);

const upTo = (last: number): number[] => Array.from({ length: last }, (_value, index) => index + 1);

test('a thread that ends in the middle of writes is started again, and every write is done once, in order', async () => {
  await using place = new JournalPlace();
  const threads = new Threads();
  const journal = await place.open({ startWorker: threads.start });
  await journal.write(connection);
  const done: number[] = [];
  const writes: Promise<unknown>[] = [];
  for (let number = 1; number <= 400; number += 1) {
    writes.push(journal.write(event(number)).then(() => done.push(number)));
    if (number % 20 === 0) await nextTurn();
    if (number === 100) void threads.end();
    if (number !== 300) continue;
    await threads.started.next((worker) => worker !== threads.started.all[0]);
    void threads.end();
  }
  await Promise.all(writes);
  expect(done).toEqual(upTo(400));
  expect(threads.count).toBeGreaterThanOrEqual(2);
  await journal.close();
  expect(await numbersIn(place)).toEqual(upTo(400));
});

test('a thread that ends while nothing waits: the journal is free again without a write', async () => {
  await using place = new JournalPlace();
  const threads = new Threads();
  const journal = await place.open({ startWorker: threads.start });
  await journal.write(connection);
  const stuck = changed(journal, true);
  await threads.end();
  await stuck;
  await changed(journal, false);
  await journal.write(event(1));
  await journal.close();
  expect(await numbersIn(place)).toEqual([1]);
  expect(place.log.messages('error')).toEqual([expect.stringContaining('cannot be written')]);
  expect(place.log.messages('warn')).toEqual([expect.stringContaining('is written again')]);
});

test('a thread that ends before it opened the file again is started once more', async () => {
  await using place = new JournalPlace();
  const threads = new Threads();
  const journal = await place.open({
    startWorker: (options) => {
      const worker = threads.start(options);
      if (threads.count === 2 || threads.count === 3) void worker.terminate();
      return worker;
    },
  });
  await journal.write(connection);
  await threads.end();
  await journal.write(event(1));
  expect(threads.count).toBe(4);
  await journal.close();
  expect(await numbersIn(place)).toEqual([1]);
});

test('a thread that says why the file cannot be used, and goes before it is told to, is no crash', async () => {
  await using place = new JournalPlace();
  const opening = place.open({
    startWorker: () => {
      const worker = new Worker(
        `require('node:worker_threads').parentPort.postMessage({ kind: 'unusable', text: 'it is no journal' })`,
        { eval: true },
      );
      // Its word and its end then arrive at once.
      const untilMs = performance.now() + 500;
      while (performance.now() < untilMs);
      return worker;
    },
  });
  await expect(opening).rejects.toMatchObject({
    code: 'journal-failed',
    message: expect.stringContaining('it is no journal') as string,
  });
  expect(place.log.messages('error')).toEqual([]);
});

test('a commit whose answer is lost with the thread is made again, and changes nothing', async () => {
  await using place = new JournalPlace();
  let lost = 0;
  const journal = await place.open({
    startWorker: (options) => {
      const worker = startWorker(options);
      const emit = worker.emit.bind(worker);
      let answers = 0;
      worker.emit = (name: string | symbol, ...args: unknown[]): boolean => {
        const isAnswer = name === 'message' && (args[0] as FromWorker).kind === 'committed';
        // The second of each thread, so that something goes on.
        if (!isAnswer || (answers += 1) !== 2) return Reflect.apply(emit, worker, [name, ...args]);
        lost += 1;
        void worker.terminate();
        return true;
      };
      return worker;
    },
  });
  const writes: readonly (readonly JournalChange[])[] = [
    [connection, event(1), { kind: 'session', wskey: 'k', sessionInfo: '{"name":"Bob"}' }],
    [event(2), event(3), { kind: 'dead-letter', wskey: 'k', number: 3, why: 'refused' }],
    [{ kind: 'delivered', wskey: 'k', number: 1 }, event(4)],
    [
      { kind: 'failed', wskey: 'k', message: 3, code: 'refused', text: 'no' },
      { kind: 'delivered', wskey: 'k', number: 4 },
    ],
    [
      { ...connection, wskey: 'l' },
      { kind: 'end', wskey: 'l' },
    ],
    [event(5)],
  ];
  for (const write of writes) await journal.write(...write);
  expect(lost).toBeGreaterThan(2);
  await journal.close();
  const { connections, events, failures } = await place.content();
  expect(connections).toEqual([
    expect.objectContaining({ wskey: 'k', lastEvent: 5, received: 5, sessionInfo: '{"name":"Bob"}' }),
  ]);
  expect(events.map(({ number }) => number)).toEqual([2, 5]);
  expect(failures).toEqual([{ wskey: 'k', message: 3, code: 'refused', text: 'no' }]);
});

test('close writes what waits, ends the thread, and leaves nothing open', async () => {
  const leaks = watchForLeaks();
  {
    await using place = new JournalPlace();
    const threads = new Threads();
    const journal = await place.open({ startWorker: threads.start });
    const exited = new Promise((resolve) => threads.started.all[0]?.once('exit', resolve));
    void journal.write(connection);
    const writes = upTo(1_000).map((number) => journal.write(event(number)));
    const closing = journal.close();
    // While it closes, too.
    writes.push(journal.write(event(1_001)));
    await closing;
    await Promise.all(writes);
    expect(await exited).toBe(0);
    await expect(journal.close()).resolves.toBeUndefined();
    expect(await numbersIn(place)).toEqual(upTo(1_001));
    expect(place.log.text).toBe('');
  }
  await leaks.assertNone();
});

test('what is written after it was closed is never said to be written', async () => {
  await using place = new JournalPlace();
  const journal = await place.open();
  await journal.write(connection);
  await journal.close();
  const written = journal.write(event(1)).then(() => 'written');
  expect(await numbersIn(place)).toEqual([]);
  expect(await Promise.race([written, nextTurn('waits')])).toBe('waits');
});

test('close while no thread lives ends, and says how many changes are lost', async () => {
  const leaks = watchForLeaks();
  {
    await using place = new JournalPlace();
    const threads = new Threads();
    const journal = await place.open({
      startWorker: (options) => {
        const worker = threads.start(options);
        if (threads.count > 1) void worker.terminate();
        return worker;
      },
    });
    await journal.write(connection);
    const stuck = changed(journal, true);
    await threads.end();
    await stuck;
    let isWritten = false;
    void journal.write(event(1), event(2)).then(() => (isWritten = true));
    await journal.close();
    expect(isWritten).toBe(false);
    expect(place.log.entries.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringContaining('lost') as string,
      fields: { changes: 2 },
    });
    const { count } = threads;
    await changed(journal, true);
    expect(threads.count).toBe(count);
    expect(await numbersIn(place)).toEqual([]);
  }
  await leaks.assertNone();
});

test('a commit is made before it is told, and told before the write resolves', async () => {
  await using place = new JournalPlace();
  const commits: { changes: number; atNs: bigint }[] = [];
  const journal = await place.open({ onCommit: (changes, atNs) => commits.push({ changes, atNs }) });
  await journal.write(connection);
  for (const number of upTo(50)) {
    const beforeNs = process.hrtime.bigint();
    await journal.write(event(number));
    const afterNs = process.hrtime.bigint();
    const { changes, atNs } = commits.at(-1) ?? { changes: 0, atNs: 0n };
    expect(changes).toBe(number + 1);
    expect(atNs > beforeNs && atNs < afterNs).toBe(true);
  }
  await journal.close();
});

test('100,000 changes in one write, 10,000 writes at once, and events of 1 MiB are written', async () => {
  await using place = new JournalPlace();
  const journal = await place.open({ maxBytes: 512 * 1_024 * 1_024 });
  await journal.write(connection);
  const large = 'ü'.repeat(512 * 1_024);
  await Promise.all([
    ...upTo(10_000).map((number) => journal.write(event(number))),
    ...upTo(30).map((number) => journal.write(event(100_000 + number, large))),
  ]);
  await journal.write(...upTo(100_000).map((number) => ({ kind: 'delivered', wskey: 'k', number }) as const));
  await journal.close();
  const { events } = await place.content();
  expect(events).toHaveLength(30);
  expect(events.at(-1)?.json).toBe(JSON.stringify({ type: 'say', text: large }));
});

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

test('the built command with a journal says nothing of its own doing, and hides no other warning', async () => {
  await using place = new JournalPlace();
  const warning = 'data:text/javascript,process.emitWarning("of the application", "ExperimentalWarning")';
  await using broker = await spawnProcess(
    process.execPath,
    [
      '--import',
      warning,
      cli,
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--backend-url',
      'http://127.0.0.1:9/',
      '--journal',
      place.file,
    ],
    { readyWhen: /listening on port \d+/ },
  );
  await broker.stop();
  expect(broker.output).toContain('ExperimentalWarning: of the application');
  expect(broker.output.match(/Warning/g)).toHaveLength(1);
  expect((await place.content()).connections).toEqual([]);
});
