import { Worker } from 'node:worker_threads';
import { BrokerError } from '../../ops/broker-error.ts';
import type { Log } from '../../ops/logger.ts';
import { reasonOf } from '../../ops/reason.ts';
import type { Journal, JournalChange, JournalContent } from './journal.ts';
import type { StoreOptions } from './store.ts';
import type { FromWorker, ToWorker } from './store-message.ts';

export interface JournalOptions extends StoreOptions {
  readonly log: Log;
  /** Told of each commit when it is done, with the time at which it was, by `process.hrtime.bigint()`. */
  readonly onCommit?: ((atNs: bigint) => void) | undefined;
}

/** Changes of one turn of the event loop. */
interface Batch {
  readonly number: number;
  readonly changes: JournalChange[];
  readonly committed: Promise<void>;
  readonly commit: () => void;
}

/** How long a stop waits for what cannot be written. */
const maxCloseMs = 2_000;

/** After a worker has died, the next one is tried so much later. */
const restartMs = 250;

/** Beside this file in the sources, and in what is built. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './journal-worker.ts' : './journal-worker.js',
  import.meta.url,
);

/** A journal in an SQLite file, written by a thread of its own. */
class SqliteJournal implements Journal {
  readonly #options: JournalOptions;
  #worker: Worker | undefined;
  #content: JournalContent | undefined;
  /** Not on disk yet, the oldest first; the last one may still be growing. */
  readonly #batches: Batch[] = [];
  #gathering: Batch | undefined;
  #lastNumber = 0;
  #isStuck = false;
  #isClosed = false;
  #restart: NodeJS.Timeout | undefined;
  onStuck: () => void = () => {};

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** @throws BrokerError `journal-failed` */
  async open(): Promise<void> {
    const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
    this.#start({ resolve, reject });
    await opened;
  }

  get isStuck(): boolean {
    return this.#isStuck;
  }

  load(): Promise<JournalContent> {
    const content = this.#content ?? { connections: [], events: [], failures: [] };
    this.#content = undefined;
    return Promise.resolve(content);
  }

  write(...changes: readonly JournalChange[]): Promise<void> {
    // Nothing will be written any more, and nobody may be told that it was.
    if (this.#isClosed) return new Promise(() => {});
    this.#gathering ??= this.#newBatch();
    this.#gathering.changes.push(...changes);
    return this.#gathering.committed;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (!worker) return;
    worker.ref();
    const closed = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    worker.postMessage({ kind: 'close' } satisfies ToWorker);
    const timer = setTimeout(() => void worker.terminate(), maxCloseMs);
    await closed;
    clearTimeout(timer);
    const left = this.#batches.reduce((sum, { changes }) => sum + changes.length, 0);
    if (left > 0) this.#options.log.error({}, `! ${left} changes could not be written to the journal`);
  }

  #newBatch(): Batch {
    const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
    this.#lastNumber += 1;
    const batch = { number: this.#lastNumber, changes: [], committed, commit };
    this.#batches.push(batch);
    // After all sockets of this turn have been read.
    setImmediate(() => this.#flush());
    return batch;
  }

  #flush(): void {
    const batch = this.#gathering;
    if (!batch) return;
    this.#gathering = undefined;
    this.#post(batch);
  }

  #post({ number, changes }: Batch): void {
    // A process that waits for a commit must not end for want of anything else to do.
    this.#worker?.ref();
    this.#worker?.postMessage({ kind: 'write', batch: number, changes } satisfies ToWorker);
  }

  #start(opening?: { resolve: () => void; reject: (error: Error) => void }): void {
    const { file, maxBytes, maxDeadLetters } = this.#options;
    const worker = new Worker(workerUrl, { workerData: { file, maxBytes, maxDeadLetters } });
    this.#worker = worker;
    let why = 'it ended';
    worker.on('error', (error) => (why = reasonOf(error)));
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'opened') {
        this.#content ??= message.content;
        opening?.resolve();
        // Of a worker that died: some may be on disk already, and are written again without effect.
        for (const batch of this.#batches) if (batch !== this.#gathering) this.#post(batch);
        if (this.#batches.length === 0) worker.unref();
      } else if (message.kind === 'refused') {
        why = message.text;
      } else {
        this.#told(message);
      }
    });
    worker.once('exit', () => {
      this.#worker = undefined;
      if (opening && this.#content === undefined) {
        opening.reject(new BrokerError('journal-failed', `The option \`journal\`: ${why}`));
      } else if (!this.#isClosed) {
        this.#becomeStuck(`the thread that writes it has ended: ${why}`);
        this.#restart = setTimeout(() => this.#start(), restartMs);
      }
    });
  }

  #told(message: FromWorker): void {
    if (message.kind === 'committed') this.#committed(message);
    else if (message.kind === 'stuck') this.#becomeStuck(message.reason);
    else if (message.kind === 'unstuck') this.#becomeFree();
  }

  #committed({ batch: last, atNs }: FromWorker & { readonly kind: 'committed' }): void {
    this.#options.onCommit?.(atNs);
    for (let batch = this.#batches[0]; batch && batch.number <= last; batch = this.#batches[0]) {
      this.#batches.shift();
      batch.commit();
    }
    if (this.#batches.length === 0) this.#worker?.unref();
    this.#becomeFree();
  }

  #becomeStuck(reason: string): void {
    if (this.#isStuck) return;
    this.#isStuck = true;
    this.#options.log.error({ reason }, '! the journal cannot be written; clients wait until it can:');
    this.onStuck();
  }

  #becomeFree(): void {
    if (!this.#isStuck) return;
    this.#isStuck = false;
    this.#options.log.warn({}, '! the journal can be written again');
    this.onStuck();
  }
}

/**
 * Opens a journal, and makes the file when there is none.
 * @throws BrokerError `journal-failed`: the file cannot be opened, is none of ours, or another broker has it open.
 */
export const openJournal = async (options: JournalOptions): Promise<Journal> => {
  const journal = new SqliteJournal(options);
  await journal.open();
  return journal;
};
