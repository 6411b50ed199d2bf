export interface ReplayBounds {
  readonly replayMessages: number;
  readonly replayBytes: number;
}

/**
 * Frames that a client has not acknowledged, so that a reconnect can be given what it missed.
 *
 * It keeps references to frames that are shared with other connections. Past its bounds the oldest are dropped:
 * a client that would need them is told that its stream cannot go on, which it can act upon; a silent gap it
 * could not.
 */
export class ReplayBuffer {
  readonly #bounds: ReplayBounds;
  readonly #frames: Buffer[] = [];
  /** Where the oldest frame stands in `#frames`: a `shift` for each frame would move all the others. */
  #head = 0;
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
    this.#sent += 1;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    const { replayMessages, replayBytes } = this.#bounds;
    while (this.#kept > replayMessages || (this.#bytes > replayBytes && this.#kept > 0)) this.#drop();
  }

  /** The client has the first n. False when there were not so many: then it counts something else. */
  acknowledge(n: number): boolean {
    if (n > this.#sent) return false;
    while (this.#oldest <= n && this.#kept > 0) this.#drop();
    return true;
  }

  /** What comes after the first n, or undefined when it is no longer here. */
  after(n: number): readonly Buffer[] | undefined {
    if (n > this.#sent || n + 1 < this.#oldest) return undefined;
    return this.#frames.slice(this.#head + (n + 1 - this.#oldest));
  }

  /** Counts anew from what is here, which it gives: for a client whose count says nothing of this stream. */
  restart(): readonly Buffer[] {
    this.#sent = this.#kept;
    return this.#frames.slice(this.#head);
  }

  get #kept(): number {
    return this.#frames.length - this.#head;
  }

  /** The number of the oldest frame here. */
  get #oldest(): number {
    return this.#sent - this.#kept + 1;
  }

  #drop(): void {
    this.#bytes -= this.#frames[this.#head]?.length ?? 0;
    this.#head += 1;
    if (this.#head * 2 < this.#frames.length) return;
    this.#frames.splice(0, this.#head);
    this.#head = 0;
  }
}
