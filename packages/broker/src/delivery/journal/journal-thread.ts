import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { reasonOf } from '../../ops/reason.ts';
import type { FromWorker, JournalFileOptions, ToWorker } from './worker-message.ts';

/** A thread that has not ended after so long is ended from outside. */
const closeLimitMs = 2_000;

export interface JournalThreadEvents {
  answered(message: FromWorker): void;
  /** It has ended, though nobody has asked for it. */
  crashed(why: string): void;
}

/** Starts the thread's file: beside this one in the source, an entry of its own in the package. */
export const startWorker = (workerData: JournalFileOptions): Worker => {
  const isSource = import.meta.url.endsWith('.ts');
  const url = new URL(isSource ? './worker.ts' : './journal-worker.js', import.meta.url);
  // Of this thread alone: that `node:sqlite` is experimental says nothing to who runs a broker.
  return new Worker(url, {
    workerData,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    name: 'wsbroker-journal',
  });
};

/** The main thread's end of the journal's thread. Keeps the process alive only while it is {@link hold held}. */
export class JournalThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #isClosing = false;

  constructor(worker: Worker, events: JournalThreadEvents) {
    this.#worker = worker;
    let why = 'its thread ended';
    worker.on('message', (message: FromWorker) => events.answered(message));
    worker.on('error', (error) => {
      why = `its thread ended: ${reasonOf(error)}`;
    });
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        resolve();
        if (!this.#isClosing) events.crashed(why);
      });
    });
  }

  send(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, and no window
    this.#worker.postMessage(message);
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#worker.ref();
    else this.#worker.unref();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.hold(true);
    this.send({ kind: 'close' });
    const limit = new AbortController();
    const late = delay(closeLimitMs, 'late', { signal: limit.signal }).catch(() => undefined);
    if ((await Promise.race([this.#exited, late])) === 'late') {
      // It hangs in a call to the disk, and may well not end before that returns.
      this.hold(false);
      void this.#worker.terminate();
    }
    limit.abort();
  }
}
