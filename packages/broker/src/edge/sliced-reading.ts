import type { Duplex } from 'node:stream';

/** A pause takes effect within so much: 256 of the smallest messages that a client can send. */
export const sliceBytes = 2_048;

/**
 * Hands what arrives to the stream's one reader in slices.
 *
 * One read from the network brings 64 KiB, and `ws` takes out of it every message that it holds, however soon it is
 * paused. Between slices a pause holds: what is left goes back to the stream, before whatever arrives later.
 *
 * @param afterSlice Runs after each.
 * @returns Whether it does: the stream is read by one listener, and by nobody else.
 */
export const readInSlices = (stream: Duplex, afterSlice: () => void): boolean => {
  const listeners = stream.listeners('data') as ((this: Duplex, chunk: Buffer) => void)[];
  const [reader] = listeners;
  if (!reader || listeners.length > 1) return false;

  const sliced = Object.assign(
    (chunk: Buffer): void => {
      for (let from = 0; from < chunk.length; from += sliceBytes) {
        if (from > 0) {
          // The reader has had its last frame: nobody wants the rest.
          if (stream.listenerCount('data', sliced) === 0) return;
          // A stream that is gone takes nothing back: its reader gets what there is.
          if (stream.isPaused() && !stream.destroyed) {
            stream.unshift(chunk.subarray(from));
            return;
          }
        }
        reader.call(stream, chunk.length <= sliceBytes ? chunk : chunk.subarray(from, from + sliceBytes));
        afterSlice();
      }
    },
    // As `once` marks its wrappers: the reader takes itself off by its own name.
    { listener: reader },
  );
  stream.off('data', reader);
  stream.on('data', sliced);
  return true;
};
