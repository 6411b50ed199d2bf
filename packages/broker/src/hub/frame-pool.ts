/** Frames are written into pieces of so many bytes, one after the other. */
const pieceBytes = 4_096;

/** A longer one has a piece of its own. */
const maxSharedBytes = 1_024;

/**
 * The memory that frames are written into.
 *
 * Some are kept for long, for replay, or as their client does not read. In the pool of Node's own each would keep
 * 64 KiB, most of it what others of this process wrote into it and forgot at once; here it is at most one piece.
 */
export class FramePool {
  #piece = Buffer.alloc(0);
  #used = 0;

  /** Its bytes are not cleared. */
  readonly allocate = (bytes: number): Buffer => {
    if (bytes > maxSharedBytes) return Buffer.allocUnsafeSlow(bytes);
    if (this.#used + bytes > this.#piece.length) {
      this.#piece = Buffer.allocUnsafeSlow(pieceBytes);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    return this.#piece.subarray(from, this.#used);
  };
}
