import type { Allocate } from './frame.ts';

/** Longer ones are not copied into one: the system takes a few large pieces as gladly as one. */
const maxJoinedBytes = 65_536;

/**
 * Frames that are owed to a socket, in order.
 *
 * Sockets that are owed the same share one: a gathering knows what it was last {@link followedBy}, and gives the
 * same to all that are sent the same next. So a message to ten thousand sockets makes one object, and what is
 * joined is joined once.
 */
export class Gathering {
  /** Of all its frames. */
  readonly bytes: number;
  readonly #allocate: Allocate;
  readonly #before: Gathering | undefined;
  readonly #frame: Buffer | undefined;
  #next: Gathering | undefined;
  #chunks: readonly Buffer[] | undefined;

  private constructor(allocate: Allocate, before?: Gathering, frame?: Buffer) {
    this.#allocate = allocate;
    this.#before = before;
    this.#frame = frame;
    this.bytes = (before?.bytes ?? 0) + (frame?.length ?? 0);
  }

  /** Of no frames: where all begin that are to be shared. */
  static empty(allocate: Allocate): Gathering {
    return new Gathering(allocate);
  }

  followedBy(frame: Buffer): Gathering {
    const last = this.#next;
    if (last && last.#frame === frame) return last;
    const next = new Gathering(this.#allocate, this, frame);
    this.#next = next;
    return next;
  }

  /** What is to be written: one chunk, as long as that is worth a copy. */
  get chunks(): readonly Buffer[] {
    this.#chunks ??= this.#join();
    return this.#chunks;
  }

  #join(): readonly Buffer[] {
    const frames = this.#frames();
    if (frames.length < 2 || this.bytes > maxJoinedBytes) return frames;
    const joined = this.#allocate(this.bytes);
    let at = 0;
    for (const frame of frames) at += frame.copy(joined, at);
    return [joined];
  }

  #frames(): Buffer[] {
    const frames = this.#frame ? [this.#frame] : [];
    for (let before = this.#before; before && before.#frame; before = before.#before)
      frames.push(before.#frame);
    return frames.toReversed();
  }
}
