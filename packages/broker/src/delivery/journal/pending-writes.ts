import { splitFreeing } from './freeing.ts';
import type { JournalChange } from './journal.ts';

/** Changes that were written together and are committed together; or what is left of them. */
export interface PendingWrite {
  readonly changes: readonly JournalChange[];
  /** Shared by the parts of one write; none where nobody waits. */
  readonly whole?: { partsLeft: number; readonly resolve: () => void };
}

/** What waits to be committed, in order. */
export class PendingWrites {
  #writes: PendingWrite[] = [];

  get length(): number {
    return this.#writes.length;
  }

  get changeCount(): number {
    return this.#writes.reduce((sum, { changes }) => sum + changes.length, 0);
  }

  /** Resolves when the changes were committed. */
  push(changes: readonly JournalChange[]): Promise<void> {
    return new Promise((resolve) => {
      this.#writes.push({ changes, whole: { partsLeft: 1, resolve } });
    });
  }

  /** Adds changes that nobody waits for. */
  note(changes: readonly JournalChange[]): void {
    this.#writes.push({ changes });
  }

  /** Takes the first writes out. */
  take(max: number): PendingWrite[] {
    if (max >= this.#writes.length) {
      const all = this.#writes;
      this.#writes = [];
      return all;
    }
    return this.#writes.splice(0, max);
  }

  /** Takes those out that make room, and may be committed ahead of the others. */
  takeFreeing(purpose: 'settle' | 'end', max: number): PendingWrite[] {
    const { ahead, rest } = splitFreeing(
      this.#writes.map(({ changes }) => changes),
      purpose,
    );
    const taken: PendingWrite[] = [];
    const left: PendingWrite[] = [];
    for (const [index, write] of this.#writes.entries()) {
      const freeing = ahead[index] ?? [];
      const others = rest[index] ?? [];
      if (freeing.length === 0 || taken.length >= max) {
        left.push(write);
        continue;
      }
      taken.push({ ...write, changes: freeing });
      if (others.length === 0) continue;
      if (write.whole) write.whole.partsLeft += 1;
      left.push({ ...write, changes: others });
    }
    this.#writes = left;
    return taken;
  }

  /** They were not committed, and are the first again. */
  putBack(writes: readonly PendingWrite[]): void {
    this.#writes = [...writes, ...this.#writes];
  }
}

/** They were committed: who wrote them is told, in order. */
export const settle = (writes: readonly PendingWrite[]): void => {
  for (const { whole } of writes) {
    if (!whole) continue;
    whole.partsLeft -= 1;
    if (whole.partsLeft === 0) whole.resolve();
  }
};
