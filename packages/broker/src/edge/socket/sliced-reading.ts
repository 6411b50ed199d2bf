import type { Duplex } from 'node:stream';

/** A pause takes effect within so much: 256 of the smallest messages that a client can send. */
export const sliceBytes = 2_048;

/** Reads smaller than this cost more than they bring. */
export const tinyBytes = 256;

/** Who is told of each slice of a stream. */
export interface SliceOwner {
  /** @param readBytes Of the read that it is a slice of. */
  sliceRead(readBytes: number): void;
}

/** On a stream that is read in slices. */
const sliceOwner = Symbol('slice owner');

type SlicedStream = Duplex & { [sliceOwner]?: SliceOwner };

interface Reader {
  (this: Duplex, chunk: Buffer): void;
}

/**
 * Hands what arrives on streams to the one reader of each in slices.
 *
 * One read from the network brings 64 KiB, and `ws` takes out of it every message that it holds, however soon it is
 * paused. Between slices a pause holds: what is left goes back to the stream, before whatever arrives later.
 *
 * There is one of it for all streams, with one listener for those of one reader (`ws` has one for all).
 */
export class SlicedReading {
  readonly #listeners = new Map<Reader, Reader>();

  /** A stream that is read by somebody else as well is left as it is: returns whether it was taken. */
  begin(stream: Duplex, owner: SliceOwner): boolean {
    const [reader, ...others] = stream.listeners('data') as Reader[];
    if (!reader || others.length > 0) return false;
    (stream as SlicedStream)[sliceOwner] = owner;
    stream.off('data', reader);
    stream.on('data', this.#listenerFor(reader));
    readLittleAhead(stream);
    return true;
  }

  /**
   * Joins what has arrived during a pause: a stream keeps each read apart, were it one byte. Only a little: a stream
   * whose buffer is taken away reads on, and would hold more after each pause.
   */
  join(stream: Duplex): void {
    const bytes = stream.readableLength;
    if (!(stream as SlicedStream)[sliceOwner] || bytes === 0 || bytes > sliceBytes) return;
    if (stream.destroyed || !stream.isPaused()) return;
    // Gives all of it to the listener, which puts it back in one piece.
    stream.read();
  }

  #listenerFor(reader: Reader): Reader {
    const listener = this.#listeners.get(reader) ?? slicing(reader);
    this.#listeners.set(reader, listener);
    return listener;
  }
}

const slicing = (reader: Reader): Reader => {
  const sliced: Reader = Object.assign(
    function (this: SlicedStream, chunk: Buffer): void {
      for (let from = 0; from < chunk.length; from += sliceBytes) {
        // The reader has had its last frame: nobody wants the rest.
        if (this.listenerCount('data', sliced) === 0) return;
        // A stream that is gone takes nothing back: its reader gets what there is.
        if (this.isPaused() && !this.destroyed) {
          this.unshift(from === 0 ? chunk : chunk.subarray(from));
          return;
        }
        reader.call(this, chunk.length <= sliceBytes ? chunk : chunk.subarray(from, from + sliceBytes));
        this[sliceOwner]?.sliceRead(chunk.length);
      }
    },
    // As `once` marks its wrappers: the reader takes itself off by its own name.
    { listener: reader },
  );
  return sliced;
};

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
