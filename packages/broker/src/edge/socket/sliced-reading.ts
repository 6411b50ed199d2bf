import type { Duplex } from 'node:stream';

/** A pause takes effect within so much: 256 of the smallest messages that a client can send. */
export const sliceBytes = 2_048;

/** Reads smaller than this cost more than they bring. */
export const tinyBytes = 256;

/**
 * Hands what arrives on a stream to its one reader in slices.
 *
 * One read from the network brings 64 KiB, and `ws` takes out of it every message that it holds, however soon it is
 * paused. Between slices a pause holds: what is left goes back to the stream, before whatever arrives later.
 */
export class SlicedReading {
  readonly #stream: Duplex;
  readonly #isSliced: boolean;

  /**
   * @param afterSlice Runs after each slice.
   * A stream that is read by somebody else as well is left as it is.
   */
  constructor(stream: Duplex, afterSlice: (readBytes: number) => void) {
    this.#stream = stream;
    const [reader, ...others] = stream.listeners('data') as ((this: Duplex, chunk: Buffer) => void)[];
    this.#isSliced = reader !== undefined && others.length === 0;
    if (!reader || !this.#isSliced) return;

    const sliced = Object.assign(
      (chunk: Buffer): void => {
        for (let from = 0; from < chunk.length; from += sliceBytes) {
          // The reader has had its last frame: nobody wants the rest.
          if (stream.listenerCount('data', sliced) === 0) return;
          // A stream that is gone takes nothing back: its reader gets what there is.
          if (stream.isPaused() && !stream.destroyed) {
            stream.unshift(from === 0 ? chunk : chunk.subarray(from));
            return;
          }
          reader.call(stream, chunk.length <= sliceBytes ? chunk : chunk.subarray(from, from + sliceBytes));
          afterSlice(chunk.length);
        }
      },
      // As `once` marks its wrappers: the reader takes itself off by its own name.
      { listener: reader },
    );
    stream.off('data', reader);
    stream.on('data', sliced);
    readLittleAhead(stream);
  }

  get isSliced(): boolean {
    return this.#isSliced;
  }

  /**
   * Joins what has arrived during a pause: a stream keeps each read apart, were it one byte. Only a little: a stream
   * whose buffer is taken away reads on, and would hold more after each pause.
   */
  join(): void {
    const stream = this.#stream;
    const bytes = stream.readableLength;
    if (!this.#isSliced || bytes === 0 || bytes > sliceBytes || stream.destroyed || !stream.isPaused())
      return;
    // Gives all of it to the listener above, which puts it back in one piece.
    stream.read();
  }
}

/**
 * While it is paused a stream reads ahead up to its mark of 64 KiB, and reads of one byte each take 550 bytes of
 * memory: 36 MB for one client.
 */
const readLittleAhead = (stream: Duplex): void => {
  const { _readableState: state } = stream as Duplex & {
    readonly _readableState?: { highWaterMark: number };
  };
  if (state) state.highWaterMark = tinyBytes;
};
