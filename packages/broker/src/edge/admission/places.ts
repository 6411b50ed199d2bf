export interface PlacesOptions {
  readonly max: number;
  readonly maxPerAddress: number;
}

export type Full = 'all' | 'address';

/**
 * Counts connections: those on a socket, and those that wait for their client.
 *
 * A socket has a place from its handshake until it is gone; a connection that waits has one in between.
 */
export class Places {
  readonly #options: PlacesOptions;
  #count = 0;
  readonly #ofAddress = new Map<string, number>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether there are as many as there may be, or more. */
  get isFull(): boolean {
    return this.#count >= this.#options.max;
  }

  get isOver(): boolean {
    return this.#count > this.#options.max;
  }

  countOf(key: string): number {
    return this.#ofAddress.get(key) ?? 0;
  }

  /** A place that is not taken yet. @param key Whose it is; undefined: it counts in all alone. */
  place(key: string | undefined): Place {
    return new Place(this, key);
  }

  /** Why there is no room for one more. */
  fullFor(key: string | undefined): Full | undefined {
    if (this.isFull) return 'all';
    if (key !== undefined && this.countOf(key) >= this.#options.maxPerAddress) return 'address';
    return undefined;
  }

  /** For {@link Place} alone. */
  change(key: string | undefined, by: 1 | -1): void {
    this.#count += by;
    if (key === undefined) return;
    const count = this.countOf(key) + by;
    if (count === 0) this.#ofAddress.delete(key);
    else this.#ofAddress.set(key, count);
  }
}

/** What one socket, or one connection that waits, takes up. */
export class Place {
  readonly key: string | undefined;
  readonly #places: Places;
  #isHeld = false;
  /** Runs when it is taken. */
  onHeld: (() => void) | undefined;

  constructor(places: Places, key: string | undefined) {
    this.#places = places;
    this.key = key;
  }

  /** Takes it if there is room, and says why there is none otherwise. */
  take(): Full | undefined {
    if (this.#isHeld) return undefined;
    const full = this.#places.fullFor(this.key);
    if (full === undefined) this.hold();
    return full;
  }

  /** Takes it, room or not: for whoever is counted already, and only goes from one place to another. */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#places.change(this.key, 1);
    this.onHeld?.();
    this.onHeld = undefined;
  }

  /** There are more than there may be: some have moved on, and have not let go of what they had. */
  get isOver(): boolean {
    return this.#places.isOver;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#places.change(this.key, -1);
  }

  /** One more for the same client, held at once. */
  another(): Place {
    const place = new Place(this.#places, this.key);
    place.hold();
    return place;
  }
}
