import { randomFillSync } from 'node:crypto';

/** Few: what is cut from a text keeps all of it, and an event may wait for long. */
const pooledBytes = 1_024;

/** A parent's id has so many bytes, a trace's twice as many. */
const idBytes = 8;

/** Ids for the header `traceparent`. Random bytes are drawn, and written in hexadecimal, for dozens of them at a time. */
export class TraceIds {
  readonly #bytes = Buffer.alloc(pooledBytes);
  #hex = '';
  /** In `#hex`. */
  #used = 0;

  /** Of 16 bytes for a trace, of 8 for a parent; in hexadecimal, and never all zero. */
  next(bytes: 16 | 8): string {
    if (this.#used + 2 * bytes > this.#hex.length) this.#draw();
    const begin = this.#used;
    this.#used += 2 * bytes;
    return this.#hex.slice(begin, this.#used);
  }

  #draw(): void {
    randomFillSync(this.#bytes);
    for (let at = 0; at < pooledBytes; at += idBytes) this.#bytes[at] = (this.#bytes[at] ?? 0) | 1;
    this.#hex = this.#bytes.toString('hex');
    this.#used = 0;
  }
}

/** A trace that the backend may go on with; sampled, since one that is not would end there. */
export const traceparentOf = (traceId: string, parentId: string): string => `00-${traceId}-${parentId}-01`;
