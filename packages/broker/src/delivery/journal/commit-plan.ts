import type { JournalChange } from './journal.ts';
import { PendingWrites, type PendingWrite, settle } from './pending-writes.ts';
import type { ChangeGroup, CommitFailure, Purpose } from './worker-message.ts';

/** One transaction. */
export interface Group extends ChangeGroup {
  readonly writes: readonly PendingWrite[];
  /** Nothing else waited. */
  readonly isAll: boolean;
}

const groupOf = (writes: readonly PendingWrite[], purpose: Purpose, isAll: boolean): Group => ({
  writes,
  changes: writes.flatMap(({ changes }) => changes),
  purpose,
  isAll,
});

/**
 * What is committed next: all that waits, in one transaction; when there is little room, what makes room first, and
 * less at a time.
 */
export class CommitPlan {
  readonly #pending = new PendingWrites();
  /** So many writes a transaction, at most. */
  #maxWrites = Infinity;
  #maxFreeing = Infinity;
  /** It makes room, and is the next. */
  #freeing: Group | undefined;

  get isEmpty(): boolean {
    return this.#pending.length === 0 && !this.#freeing;
  }

  get changeCount(): number {
    return this.#pending.changeCount + (this.#freeing?.changes.length ?? 0);
  }

  /** Resolves when the changes were committed. */
  write(changes: readonly JournalChange[]): Promise<void> {
    return this.#pending.push(changes);
  }

  /** The same, for changes that nobody waits for. */
  note(changes: readonly JournalChange[]): void {
    this.#pending.note(changes);
  }

  /** Takes out what is to be committed now, if anything is. */
  next(): Group | undefined {
    const freeing = this.#freeing;
    this.#freeing = undefined;
    if (freeing || this.#pending.length === 0) return freeing;
    const writes = this.#pending.take(this.#maxWrites);
    return groupOf(writes, 'any', this.#pending.length === 0);
  }

  committed({ writes, purpose }: Group): void {
    settle(writes);
    if (purpose === 'any') this.#maxWrites *= 2;
    else this.#maxFreeing *= 2;
  }

  /** @returns whether something can be tried at once, instead of the same a little later. */
  failed(group: Group, { isFull, isLasting }: CommitFailure): boolean {
    this.putBack(group);
    // One of them spoils all: which one, shows when each goes alone.
    if (isLasting) this.#maxWrites = 1;
    return isLasting || (isFull && this.#makeRoom(group));
  }

  /** It was not committed, and is the first again. */
  putBack({ writes }: Group): void {
    this.#pending.putBack(writes);
  }

  /** There is room again. */
  free(): void {
    this.#maxWrites = Infinity;
    this.#maxFreeing = Infinity;
  }

  #makeRoom({ purpose, writes: { length } }: Group): boolean {
    const isSingle = length === 1;
    if (purpose !== 'any') {
      this.#maxFreeing = Math.floor(length / 2);
      return !isSingle && this.#takeFreeing(purpose);
    }
    this.#maxWrites = 1;
    // All together found no room, but the first alone may.
    return this.#takeFreeing('settle') || this.#takeFreeing('end') || !isSingle;
  }

  #takeFreeing(purpose: 'settle' | 'end'): boolean {
    const writes = this.#pending.takeFreeing(purpose, Math.max(1, this.#maxFreeing));
    if (writes.length === 0) return false;
    this.#freeing = groupOf(writes, purpose, this.#pending.length === 0);
    return true;
  }
}
