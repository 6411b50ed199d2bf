import { randomFillSync } from 'node:crypto';

const pooledBytes = 4_096;

/** Ids for the header `traceparent`. Random bytes are drawn for hundreds of them at a time. */
export class TraceIds {
  readonly #bytes = Buffer.alloc(pooledBytes);
  #used = pooledBytes;

  /** Of 16 bytes for a trace, of 8 for a parent; in hexadecimal, and never all zero. */
  next(bytes: 16 | 8): string {
    if (this.#used + bytes > pooledBytes) {
      randomFillSync(this.#bytes);
      this.#used = 0;
    }
    const begin = this.#used;
    this.#used += bytes;
    this.#bytes[begin] = (this.#bytes[begin] ?? 0) | 1;
    return this.#bytes.toString('hex', begin, this.#used);
  }
}

/** A trace that the backend may go on with; sampled, since one that is not would end there. */
export const traceparentOf = (traceId: string, parentId: string): string => `00-${traceId}-${parentId}-01`;
