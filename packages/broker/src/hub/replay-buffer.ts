export interface ReplayBounds {
  readonly replayMessages: number;
  readonly replayBytes: number;
}

const fewSlots = 8;

/**
 * Frames that a client has not acknowledged, so that a reconnect can be given what it missed.
 *
 * It keeps references to frames that are shared with other connections. Past its bounds the oldest are dropped:
 * a client that would need them is told that its stream cannot go on, which it can act upon; a silent gap it
 * could not.
 */
export class ReplayBuffer {
  readonly #bounds: ReplayBounds;
  /** A ring: its length is a power of two, or 0 while there is nothing. */
  #slots: (Buffer | undefined)[] = [];
  /** Where the oldest frame is. */
  #head = 0;
  #kept = 0;
  #bytes = 0;
  #sent = 0;

  constructor(bounds: ReplayBounds) {
    this.#bounds = bounds;
  }

  /** How many frames were counted since the stream began. */
  get sent(): number {
    return this.#sent;
  }

  push(frame: Buffer): void {
    const { replayMessages, replayBytes } = this.#bounds;
    this.#sent += 1;
    if (this.#kept === replayMessages) this.#drop();
    if (this.#kept === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#kept) & (this.#slots.length - 1)] = frame;
    this.#kept += 1;
    this.#bytes += frame.length;
    while (this.#bytes > replayBytes && this.#kept > 0) this.#drop();
  }

  /** The client has the first n. False when there were not so many: then it counts something else. */
  acknowledge(n: number): boolean {
    if (n > this.#sent) return false;
    while (this.#oldest <= n && this.#kept > 0) this.#drop();
    // Most clients are quiet most of the time.
    if (this.#kept === 0) this.#slots = [];
    return true;
  }

  /** What comes after the first n, or undefined when it is no longer here. */
  after(n: number): readonly Buffer[] | undefined {
    if (n > this.#sent || n + 1 < this.#oldest) return undefined;
    return this.#from(n + 1 - this.#oldest);
  }

  /** Counts anew from what is here, which it gives: for a client whose count says nothing of this stream. */
  restart(): readonly Buffer[] {
    this.#sent = this.#kept;
    return this.#from(0);
  }

  /** The number of the oldest frame here. */
  get #oldest(): number {
    return this.#sent - this.#kept + 1;
  }

  #from(first: number): Buffer[] {
    const frames: Buffer[] = [];
    for (let at = first; at < this.#kept; at += 1) {
      const frame = this.#slots[(this.#head + at) & (this.#slots.length - 1)];
      if (frame) frames.push(frame);
    }
    return frames;
  }

  #drop(): void {
    this.#bytes -= this.#slots[this.#head]?.length ?? 0;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#kept -= 1;
  }

  #grow(): void {
    const slots: (Buffer | undefined)[] = this.#from(0);
    const length = Math.max(fewSlots, 2 * this.#kept);
    while (slots.length < length) slots.push(undefined);
    this.#slots = slots;
    this.#head = 0;
  }
}
