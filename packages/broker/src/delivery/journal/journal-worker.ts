import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { JournalChange } from './journal.ts';
import { Store, type StoreOptions, sqliteCode } from './store.ts';
import type { FromWorker, ToWorker } from './store-message.ts';

/*
 * The thread of the journal: SQLite's calls wait for the disk, and the broker must not.
 *
 * What has arrived while one commit was on its way goes with the next: the more there is to write, the larger
 * the groups, and nothing ever waits for a timer.
 */

const minRetryMs = 250;
const maxRetryMs = 2_000;

const ioError = 10;
const full = 13;

/** What frees room, and may go ahead of what needs it: the event was committed before it was delivered. */
const freeingOf = (changes: readonly JournalChange[]): ReadonlySet<JournalChange> => {
  const freeing = new Set<JournalChange>();
  const held = new Set<string>();
  for (const change of changes) {
    // What the answer to an event changed must not come later than that it was delivered.
    if (change.kind === 'session') held.add(change.wskey);
    if (change.kind === 'delivered' && !held.has(change.wskey)) freeing.add(change);
  }
  return freeing;
};

/** Writes batches in order, in groups; when the disk does not take them it keeps them and tries again. */
class Writer {
  readonly #port: MessagePort;
  readonly #open: () => Store;
  #store: Store;
  #pending: JournalChange[] = [];
  #lastBatch = 0;
  #retryMs = minRetryMs;
  #retry: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, open: () => Store) {
    this.#port = port;
    this.#open = open;
    this.#store = open();
    this.#tell({ kind: 'opened', content: this.#store.load() });
  }

  take(message: ToWorker): void {
    let isClosing = false;
    for (let next: ToWorker | undefined = message; next; next = this.#next()) {
      if (next.kind === 'close') {
        isClosing = true;
        break;
      }
      this.#pending.push(...next.changes);
      this.#lastBatch = next.batch;
    }
    if (this.#retry === undefined || isClosing) this.#write();
    if (isClosing) this.#close();
  }

  #next(): ToWorker | undefined {
    return (receiveMessageOnPort(this.#port) as { message: ToWorker } | undefined)?.message;
  }

  #write(): void {
    clearTimeout(this.#retry);
    const wasStuck = this.#retry !== undefined;
    this.#retry = undefined;
    try {
      if (this.#pending.length > 0) this.#store.write(this.#pending);
      this.#pending = [];
      this.#tell({ kind: 'committed', batch: this.#lastBatch, atNs: process.hrtime.bigint() });
      if (wasStuck) this.#tell({ kind: 'unstuck' });
      this.#retryMs = minRetryMs;
    } catch (error) {
      if (!wasStuck) this.#tell({ kind: 'stuck', reason: (error as Error).message });
      this.#recover(error);
      this.#retry = setTimeout(() => this.#write(), this.#retryMs);
      this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2);
    }
  }

  #recover(error: unknown): void {
    const code = sqliteCode(error);
    try {
      // After a failed write or sync the file is as it was before it; only opening it anew makes sure of that.
      if (code === ioError) {
        this.#store.close();
        this.#store = this.#open();
      }
      const freeing = code === full ? freeingOf(this.#pending) : undefined;
      if (!freeing?.size) return;
      this.#store.writeFreeing([...freeing]);
      this.#pending = this.#pending.filter((change) => !freeing.has(change));
      // There may be room now.
      this.#retryMs = minRetryMs;
    } catch {
      // Tried again with the rest.
    }
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#store.close();
    this.#tell({ kind: 'closed' });
    this.#port.close();
  }

  #tell(message: FromWorker): void {
    this.#port.postMessage(message);
  }
}

/** `node:sqlite` warns on the user's terminal that it is experimental; other warnings go through. */
const loadSqlite = async () => {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
};

if (parentPort) {
  const port = parentPort;
  const { DatabaseSync } = await loadSqlite();
  try {
    const writer = new Writer(port, () => new Store(DatabaseSync, workerData as StoreOptions));
    port.on('message', (message: ToWorker) => writer.take(message));
  } catch (error) {
    port.postMessage({ kind: 'refused', text: (error as Error).message } satisfies FromWorker);
    port.close();
  }
}
