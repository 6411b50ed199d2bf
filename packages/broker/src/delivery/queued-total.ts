/** Below this share of the bound there is room again; the gap keeps sockets from flapping. */
const roomShare = 0.9;

/** The bytes of events that wait over all connections. */
export class QueuedTotal {
  readonly #maxBytes: number;
  readonly #onRoom: () => void;
  #bytes = 0;
  #isFull = false;

  /** @param onRoom Runs when there is room again after it was full. */
  constructor(maxBytes: number, onRoom: () => void) {
    this.#maxBytes = maxBytes;
    this.#onRoom = onRoom;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= this.#maxBytes) this.#isFull = true;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (!this.#isFull || this.#bytes > this.#maxBytes * roomShare) return;
    this.#isFull = false;
    this.#onRoom();
  }
}
