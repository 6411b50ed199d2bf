import type { WebSocket } from 'ws';
import { sliceBytes } from './sliced-reading.ts';

/** What `ws` keeps of a frame that has not arrived whole, in the pieces in which it came. */
interface Receiver {
  readonly _buffers: Buffer[];
}

const fewPieces = 64;

/** More pieces than this of one message are never kept; `ws` closes the socket past it. */
export const maxPieces = (maxMessageBytes: number): number =>
  2 * (fewPieces + Math.ceil(maxMessageBytes / sliceBytes));

/**
 * Joins the pieces of a frame that has not arrived whole.
 *
 * A client that sends 64 KiB byte by byte makes 65,536 of them, which take 36 MB, and `ws` 5 seconds to put together:
 * for so long nobody is served.
 */
export class UnfinishedFrame {
  readonly #receiver: Partial<Receiver> | undefined;
  /** So many pieces are joined next. */
  #limit = fewPieces;

  constructor(ws: WebSocket) {
    this.#receiver = (ws as WebSocket & { readonly _receiver?: Partial<Receiver> })._receiver;
  }

  /** To be called after each slice. */
  join(): void {
    const pieces = this.#receiver?._buffers;
    if (!pieces || pieces.length < this.#limit) {
      if (pieces?.length === 0) this.#limit = fewPieces;
      return;
    }
    const joined = Buffer.concat(pieces);
    pieces.splice(0, pieces.length, joined);
    // The more there is the less often it is copied.
    this.#limit = fewPieces + Math.ceil(joined.length / sliceBytes);
  }
}
