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
  readonly #pieces: Buffer[];
  /** So many pieces are joined next. */
  #limit = fewPieces;

  private constructor(pieces: Buffer[]) {
    this.#pieces = pieces;
  }

  /** Of a WebSocket with many pieces; undefined while there are few, as there nearly always are. */
  static of(ws: WebSocket): UnfinishedFrame | undefined {
    const pieces = piecesOf(ws);
    return pieces && pieces.length >= fewPieces ? new UnfinishedFrame(pieces) : undefined;
  }

  /** To be called after each slice. False when it is all there, and nothing is left to be joined. */
  join(): boolean {
    const pieces = this.#pieces;
    if (pieces.length < this.#limit) return pieces.length > 0;
    const joined = Buffer.concat(pieces);
    pieces.splice(0, pieces.length, joined);
    // The more there is the less often it is copied.
    this.#limit = fewPieces + Math.ceil(joined.length / sliceBytes);
    return true;
  }
}

const piecesOf = (ws: WebSocket): Buffer[] | undefined =>
  (ws as WebSocket & { readonly _receiver?: Partial<Receiver> })._receiver?._buffers;
