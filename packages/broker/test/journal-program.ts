/** A process with a journal and nothing else, to be killed, limited and left alone: `<file> <what> [maxBytes]`. */
import { writeSync } from 'node:fs';
import { exit, stdin } from 'node:process';
import { openJournal } from '../src/delivery/journal/sqlite-journal.ts';
import type { Logger } from '../src/ops/logger.ts';

const [, , file = '', what = '', maxBytes = String(64 * 1_024 * 1_024)] = process.argv;

/** Not through a stream: what is said is out when this returns. */
const say = (line: string): void => {
  let bytes = Buffer.from(`${line}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      // The pipe is full, and Node does not wait at it.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
};

const sayEntry = (fields: object, message: string): void => say(`log ${message} ${JSON.stringify(fields)}`);
const log: Logger = { debug: sayEntry, info: sayEntry, warn: sayEntry, error: sayEntry };

const journal = await openJournal({ file, maxBytes: Number(maxBytes), maxDeadLetters: 100, log });
journal.onStuck = () => say(journal.isStuck ? 'stuck' : 'free');

let number = 0;
const writeEvent = async (): Promise<number> => {
  number += 1;
  const own = number;
  await journal.write({
    kind: 'event',
    wskey: 'k',
    number: own,
    type: 'client-say',
    json: JSON.stringify({ type: 'say', text: 'x'.repeat((own * 37) % 2_000) }),
    happenedAtMs: 0,
    message: own,
  });
  say(`event ${own}`);
  return own;
};

const open = (): Promise<void> =>
  journal.write({
    kind: 'open',
    wskey: 'k',
    sessionInfo: '{}',
    tokenHashes: [],
    fingerprint: '',
    lastEvent: 0,
    received: 0,
  });

/** Writes until it is killed; every third event is delivered. */
const writeOn = async (): Promise<never> => {
  for (;;) {
    const own = await writeEvent();
    if (own % 3 !== 0) continue;
    await journal.write({ kind: 'delivered', wskey: 'k', number: own });
    say(`delivered ${own}`);
  }
};

const actions: Record<string, () => Promise<unknown>> = {
  /** With so many writers that their changes, more than the disk, are what a transaction waits for. */
  'write-on': async () => {
    await open();
    await Promise.all(Array.from({ length: 300 }, writeOn));
  },
  /** Does as it is told by letters: e writes an event, c closes. */
  obey: async () => {
    await open();
    say('ready');
    for await (const chunk of stdin) {
      for (const letter of String(chunk)) {
        if (letter === 'e') void writeEvent();
        if (letter !== 'c') continue;
        await journal.close();
        say('closed');
        exit(0);
      }
    }
  },
  /** Neither waits for what it writes nor closes. */
  leave: async () => {
    void open().then(() => say('opened'));
    for (let count = 0; count < 5; count += 1) void writeEvent();
  },
  /** Has written, and closes nothing. */
  idle: async () => {
    await open();
    await journal.load();
  },
};

await actions[what]?.();
