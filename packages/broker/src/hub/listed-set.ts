import type { HubConnection } from './connection.ts';

/** A connection with its place in the order of connecting, by which lists are paged. */
export interface Listed {
  readonly place: number;
  readonly connection: HubConnection;
}

export const inPlaceOrder = (some: readonly Listed[]): Listed[] => some.toSorted((a, b) => a.place - b.place);

/**
 * Connections in the order of connecting.
 *
 * Most are added in that order already; one that a command moves here later is put in its place only
 * when somebody asks, so that a thousand of them cost one sorting.
 */
export class ListedSet {
  readonly #members = new Set<Listed>();
  #lastPlace = 0;
  #isInOrder = true;

  get size(): number {
    return this.#members.size;
  }

  add(listed: Listed): void {
    if (listed.place < this.#lastPlace) this.#isInOrder = false;
    else this.#lastPlace = listed.place;
    this.#members.add(listed);
  }

  delete(listed: Listed): void {
    this.#members.delete(listed);
  }

  /** All of them, as they are now. */
  toArray(): Listed[] {
    if (this.#isInOrder) return [...this.#members];
    const all = inPlaceOrder([...this.#members]);
    this.#members.clear();
    for (const listed of all) this.#members.add(listed);
    this.#isInOrder = true;
    return all;
  }
}
