import type { Frames } from './frame.ts';

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
  #slots: (Frames | undefined)[] = [];
  /** Where the oldest frames are. */
  #head = 0;
  /** So many slots are taken. */
  #taken = 0;
  /** So many frames of the oldest slot are dropped. */
  #dropped = 0;
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

  push(frames: Frames): void {
    const { replayMessages, replayBytes } = this.#bounds;
    if (this.#taken === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#taken) & (this.#slots.length - 1)] = frames;
    this.#taken += 1;
    this.#sent += frames.ends.length;
    this.#kept += frames.ends.length;
    this.#bytes += frames.bytes.length;
    if (this.#kept > replayMessages) this.#drop(this.#kept - replayMessages);
    while (this.#bytes > replayBytes) this.#drop(1);
  }

  /** The client has the first n. False when there were not so many: then it counts something else. */
  acknowledge(n: number): boolean {
    if (n > this.#sent) return false;
    if (n >= this.#oldest) this.#drop(n + 1 - this.#oldest);
    // Most clients are quiet most of the time.
    if (this.#kept === 0) this.#slots = [];
    return true;
  }

  /** The bytes of what comes after the first n, or undefined when it is no longer here. */
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
    const chunks: Buffer[] = [];
    let skipped = this.#dropped + first;
    for (let at = 0; at < this.#taken; at += 1) {
      const frames = this.#slot(at);
      if (skipped < frames.ends.length) chunks.push(frames.bytes.subarray(endOf(frames, skipped)));
      skipped = Math.max(0, skipped - frames.ends.length);
    }
    return chunks;
  }

  #slot(at: number): Frames {
    return this.#slots[(this.#head + at) & (this.#slots.length - 1)] as Frames;
  }

  /** @param count At most as many as are kept. */
  #drop(count: number): void {
    this.#kept -= count;
    let dropped = this.#dropped + count;
    let oldest = this.#slots[this.#head];
    this.#bytes += oldest ? endOf(oldest, this.#dropped) : 0;
    while (oldest && dropped >= oldest.ends.length) {
      dropped -= oldest.ends.length;
      this.#bytes -= oldest.bytes.length;
      this.#slots[this.#head] = undefined;
      this.#head = (this.#head + 1) & (this.#slots.length - 1);
      this.#taken -= 1;
      oldest = this.#slots[this.#head];
    }
    this.#bytes -= oldest ? endOf(oldest, dropped) : 0;
    this.#dropped = dropped;
  }

  #grow(): void {
    const slots: (Frames | undefined)[] = Array.from({ length: this.#taken }, (_, at) => this.#slot(at));
    const length = Math.max(fewSlots, 2 * this.#taken);
    while (slots.length < length) slots.push(undefined);
    this.#slots = slots;
    this.#head = 0;
  }
}

/** Where the first so many end. An index of -1 would be looked up as a name, at ten times the cost. */
const endOf = ({ ends }: Frames, count: number): number => (count === 0 ? 0 : (ends[count - 1] ?? 0));
