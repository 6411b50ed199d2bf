import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that this process holds on to. */
export const heldBytes = async (): Promise<number> => {
  // Twice: what the first lets go of, such as the buffers of a stream, the second takes away.
  for (const _ of [1, 2]) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

export const mebi = 1_024 * 1_024;
