import { resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { BrokerError } from '../../ops/broker-error.ts';
import type { Logger } from '../../ops/logger.ts';
import { CommitPlan, type Group } from './commit-plan.ts';
import { encodeChanges } from './encoded-changes.ts';
import type { Journal, JournalChange, JournalContent } from './journal.ts';
import { JournalThread, startWorker } from './journal-thread.ts';
import { StuckLog } from './stuck-log.ts';
import type { CommitFailure, FromWorker, JournalFileOptions } from './worker-message.ts';

const firstRetryMs = 250;
const lastRetryMs = 2_000;
/** How long changes that nobody waits for may wait for a write to go with: each transaction costs the same again. */
const noteMs = 10;
/** How long {@link Journal.close} waits for a disk that refuses, and for one that does not answer. */
const giveUpMs = 2_000;
const giveUpSilentMs = 10_000;

export interface JournalOptions extends JournalFileOptions {
  readonly log: Logger;
  /**
   * Told of each commit, before those who wrote are.
   * @param changes So many changes were committed in all.
   * @param atNs `process.hrtime.bigint()` right after it.
   */
  readonly onCommit?: ((changes: number, atNs: bigint) => void) | undefined;
  /** Starts the thread; for a test that ends it. */
  readonly startWorker?: ((options: JournalFileOptions) => Worker) | undefined;
}

/**
 * Opens a journal in a file, which is made if it is not there.
 * @throws BrokerError `journal-failed` with the reason.
 */
export const openJournal = async (options: JournalOptions): Promise<Journal> => {
  const journal = new SqliteJournal(options);
  await journal.opened;
  return journal;
};

interface Waiter<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: BrokerError) => void;
}

/**
 * A journal in SQLite, in a thread of its own.
 *
 * While one transaction is on its way to the disk, what is written meanwhile gathers and is the next one.
 */
class SqliteJournal implements Journal {
  readonly opened: Promise<void>;
  onStuck: () => void = () => undefined;
  readonly #options: JournalOptions;
  readonly #plan = new CommitPlan();
  readonly #stuckLog: StuckLog;
  #thread: JournalThread | undefined;
  #isOpen = false;
  #opening: Waiter<void> | undefined;
  #loading: Waiter<JournalContent> | undefined;
  /** On its way to the disk. */
  #group: Group | undefined;
  #isStuck = false;
  #retryMs = firstRetryMs;
  #retryTimer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #noteTimer: NodeJS.Timeout | undefined;
  #committed = 0;
  #whenIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #isEnded = false;

  constructor(options: JournalOptions) {
    // An absolute path: `:memory:` and `file:` are names of files here.
    this.#options = { ...options, file: resolve(options.file) };
    this.#stuckLog = new StuckLog(options.log);
    this.opened = new Promise((done, reject) => {
      this.#opening = { resolve: done, reject };
    });
    this.#start();
  }

  get isStuck(): boolean {
    return this.#isStuck;
  }

  load(): Promise<JournalContent> {
    return new Promise((done, reject) => {
      this.#loading = { resolve: done, reject };
      this.#thread?.hold(true);
      this.#thread?.send({ kind: 'load' });
    });
  }

  write(...changes: readonly JournalChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    // Nothing can be promised any more.
    if (this.#isEnded) return new Promise(() => undefined);
    const written = this.#plan.write(changes);
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#flush();
    });
    return written;
  }

  note(...changes: readonly JournalChange[]): void {
    if (this.#isEnded || changes.length === 0) return;
    this.#plan.note(changes);
    this.#noteTimer ??= setTimeout(() => {
      this.#noteTimer = undefined;
      this.#flush();
    }, noteMs);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#flush();
    await this.#idle();
    this.#isEnded = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#noteTimer);
    clearImmediate(this.#immediate);
    const changes = this.#plan.changeCount + (this.#group?.changes.length ?? 0);
    if (changes > 0) {
      this.#options.log.error(
        { changes },
        '! the journal could not be written to its end; so many changes are lost:',
      );
    }
    await this.#thread?.close();
  }

  /** Waits until all is written, as long as there is hope. */
  async #idle(): Promise<void> {
    if (this.#isIdle) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done) => {
      this.#whenIdle = done;
      let waitedMs = 0;
      timer = setInterval(() => {
        waitedMs += giveUpMs;
        if (this.#isStuck || waitedMs >= giveUpSilentMs) done();
      }, giveUpMs);
    });
    clearInterval(timer);
  }

  get #isIdle(): boolean {
    return this.#plan.isEmpty && this.#group === undefined;
  }

  #start(): void {
    const start = this.#options.startWorker ?? startWorker;
    const { file, maxBytes, maxDeadLetters } = this.#options;
    this.#thread = new JournalThread(start({ file, maxBytes, maxDeadLetters }), {
      answered: (message) => this.#answered(message),
      crashed: (why) => this.#crashed(why),
    });
  }

  #answered(message: FromWorker): void {
    switch (message.kind) {
      case 'opened':
        this.#isOpen = true;
        this.#opening?.resolve();
        this.#opening = undefined;
        break;
      case 'unusable':
        this.#unusable(message.text);
        return;
      case 'loaded':
        this.#loading?.resolve(message.content);
        this.#loading = undefined;
        break;
      case 'committed':
        this.#commit(message.atNs);
        break;
      case 'failed':
        this.#failed(message);
        break;
    }
    this.#flush();
  }

  #unusable(text: string): void {
    const waiter = this.#opening ?? this.#loading;
    if (waiter) this.#refuse(waiter, text);
    else this.#stuck(text);
  }

  #refuse(waiter: Waiter<never>, why: string): void {
    this.#opening = undefined;
    this.#loading = undefined;
    this.#isEnded = true;
    const error = new BrokerError(
      'journal-failed',
      `The journal "${this.#options.file}" cannot be used: ${why}`,
    );
    void this.close().then(() => waiter.reject(error));
  }

  #crashed(why: string): void {
    this.#isOpen = false;
    this.#thread = undefined;
    // It had said why the file cannot be used, and went before it was told to.
    if (this.#isEnded) return;
    const waiter = this.#opening ?? this.#loading;
    if (waiter) {
      this.#refuse(waiter, why);
      return;
    }
    if (this.#group) this.#plan.putBack(this.#group);
    this.#group = undefined;
    this.#stuck(why);
    this.#wait();
  }

  /** Sends the next transaction, if nothing speaks against it. */
  #flush(): void {
    if (this.#isOpen && !this.#group && !this.#retryTimer) {
      this.#group = this.#plan.next();
      if (this.#group) {
        const { changes, purpose } = this.#group;
        this.#thread?.send({ kind: 'write', changes: encodeChanges(changes), purpose });
      }
    }
    if (this.#isIdle && this.#isOpen) {
      // Nothing waits that could show it.
      this.#free();
      this.#whenIdle?.();
    }
    this.#thread?.hold(this.#group !== undefined || this.#loading !== undefined);
  }

  #commit(atNs: bigint): void {
    const group = this.#group;
    if (!group) return;
    this.#group = undefined;
    this.#committed += group.changes.length;
    this.#options.onCommit?.(this.#committed, atNs);
    this.#plan.committed(group);
    this.#retryMs = firstRetryMs;
    if (group.isAll) this.#free();
  }

  #failed(failure: CommitFailure): void {
    const group = this.#group;
    if (!group) return;
    this.#group = undefined;
    const { text: reason, isLasting } = failure;
    if (isLasting && group.writes.length === 1) {
      // Cannot happen, and must not stop all others if it does. It is never said to be on the disk.
      const kind = group.changes[0]?.kind;
      this.#options.log.error({ kind, reason }, '! a change cannot be written to the journal:');
      return;
    }
    if (!isLasting) this.#stuck(reason);
    if (!this.#plan.failed(group, failure)) this.#wait();
  }

  #wait(): void {
    if (this.#retryTimer || this.#isEnded) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#thread) this.#flush();
      else this.#start();
    }, this.#retryMs);
    this.#retryMs = Math.min(lastRetryMs, this.#retryMs * 2);
  }

  #stuck(reason: string): void {
    if (this.#isStuck) return;
    this.#isStuck = true;
    this.#stuckLog.stuck(reason);
    this.onStuck();
  }

  #free(): void {
    this.#plan.free();
    this.#retryMs = firstRetryMs;
    if (!this.#isStuck) return;
    this.#isStuck = false;
    this.#stuckLog.free();
    this.onStuck();
  }
}
