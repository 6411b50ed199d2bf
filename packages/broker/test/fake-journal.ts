/** A journal in memory, whose commits wait until a test lets them through. */
import type { Journal, JournalChange, JournalContent } from '../src/delivery/journal/journal.ts';

export class FakeJournal implements Journal {
  /** Everything that was written, in order, on disk or not. */
  readonly changes: JournalChange[] = [];
  isStuck = false;
  onStuck: () => void = () => {};
  #waiting: (() => void)[] = [];

  /** What was written, each as `kind` and what tells it from others of its kind. */
  get log(): string[] {
    return this.changes.map((change) => {
      if ('number' in change) return `${change.kind} ${change.number}`;
      if ('message' in change) return `${change.kind} ${change.message}`;
      return 'received' in change && change.kind === 'received' ? `received ${change.received}` : change.kind;
    });
  }

  load(): Promise<JournalContent> {
    return Promise.resolve({ connections: [], events: [], failures: [] });
  }

  write(...changes: readonly JournalChange[]): Promise<void> {
    this.changes.push(...changes);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  note(...changes: readonly JournalChange[]): void {
    this.changes.push(...changes);
  }

  /** All that was written so far is on disk. */
  commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
