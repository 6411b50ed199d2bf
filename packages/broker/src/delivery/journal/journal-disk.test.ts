/** A disk that refuses: what a process may not write past its limit is `EFBIG`, to SQLite an I/O error. */
import { has, Inbox } from '@wsbroker/testkit';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { JournalPlace } from '../../../test/journal-place.ts';

const program = fileURLToPath(new URL('../../../test/journal-program.ts', import.meta.url));
const canLimit = has('prlimit');

/** `test/journal-program.ts` at the other end of a pipe. */
class ObedientWriter implements AsyncDisposable {
  readonly lines = new Inbox<string>('a line');
  readonly #child: ChildProcess;

  constructor(file: string) {
    this.#child = spawn(process.execPath, ['--no-warnings', program, file, 'obey'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (!this.#child.stdout) throw new Error('No pipe');
    createInterface(this.#child.stdout).on('line', (line) => this.lines.put(line));
  }

  line(pattern: RegExp): Promise<string> {
    return this.lines.next((line) => pattern.test(line));
  }

  linesLike(pattern: RegExp): string[] {
    return this.lines.all.filter((line) => pattern.test(line));
  }

  tell(letters: string): void {
    this.#child.stdin?.write(letters);
  }

  /** No file of the process grows past this, until told otherwise. */
  limitFiles(bytes: number | 'unlimited'): void {
    // The soft limit alone, which everybody may raise again.
    execFileSync('prlimit', ['--pid', String(this.#child.pid), `--fsize=${bytes}:`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

const start = async (place: JournalPlace): Promise<ObedientWriter> => {
  const writer = new ObedientWriter(place.file);
  await writer.line(/^ready$/);
  return writer;
};

/** The log of SQLite is what grows. */
const logBytes = (place: JournalPlace): number => statSync(`${place.file}-wal`).size;

const numbersOf = (place: JournalPlace): Promise<number[]> =>
  place.content().then(({ events }) => events.map(({ number }) => number));

test.skipIf(!canLimit)(
  'a disk that refuses: nothing is said to be written, the log says why once, and all is when it takes again',
  async () => {
    await using place = new JournalPlace();
    await using writer = await start(place);
    writer.tell('e');
    await writer.line(/^event 1$/);
    writer.limitFiles(logBytes(place) + 1_000);
    writer.tell('eee');
    await writer.line(/^stuck$/);
    writer.tell('ee');
    // Some attempts, all of which fail.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(writer.linesLike(/^event/)).toEqual(['event 1']);
    expect(writer.linesLike(/^log/)).toEqual([expect.stringMatching(/cannot be written.*disk I\/O error/)]);

    writer.limitFiles('unlimited');
    await writer.line(/^free$/);
    await writer.line(/^event 6$/);
    expect(writer.linesLike(/^event/)).toEqual([1, 2, 3, 4, 5, 6].map((number) => `event ${number}`));
    expect(writer.linesLike(/^log/)).toEqual([
      expect.stringContaining('cannot be written'),
      expect.stringContaining('is written again after'),
    ]);
    writer.tell('c');
    await writer.line(/^closed$/);
    expect(await numbersOf(place)).toEqual([1, 2, 3, 4, 5, 6]);
  },
);

test.skipIf(!canLimit)(
  'killed while the disk refuses: what was said to be written is there, and the file is sound',
  async () => {
    await using place = new JournalPlace();
    {
      await using writer = await start(place);
      writer.tell('ee');
      await writer.line(/^event 2$/);
      // Some pages of the next transaction find room, its last ones do not.
      writer.limitFiles(logBytes(place) + 5_000);
      writer.tell('e'.repeat(50));
      await writer.line(/^stuck$/);
    }
    expect(await numbersOf(place)).toEqual([1, 2]);
    // The first look wrote SQLite's log back into the file.
    expect(await numbersOf(place)).toEqual([1, 2]);
  },
);

test.skipIf(!canLimit)('closed while the disk refuses: it ends, and says how much is lost', async () => {
  await using place = new JournalPlace();
  await using writer = await start(place);
  writer.limitFiles(logBytes(place));
  writer.tell('eee');
  await writer.line(/^stuck$/);
  writer.tell('ec');
  await writer.line(/^closed$/);
  expect(writer.linesLike(/^log.*lost/)).toEqual([expect.stringContaining('{"changes":4}')]);
  expect(writer.linesLike(/^event/)).toEqual([]);
  expect(await numbersOf(place)).toEqual([]);
});

test.skipIf(!canLimit)('freed while it closes: it writes what waits, and loses nothing', async () => {
  await using place = new JournalPlace();
  await using writer = await start(place);
  writer.limitFiles(logBytes(place));
  writer.tell('eee');
  await writer.line(/^stuck$/);
  writer.tell('c');
  writer.limitFiles('unlimited');
  await writer.line(/^closed$/);
  expect(writer.linesLike(/^event/)).toEqual(['event 1', 'event 2', 'event 3']);
  expect(writer.linesLike(/lost/)).toEqual([]);
  expect(await numbersOf(place)).toEqual([1, 2, 3]);
});
