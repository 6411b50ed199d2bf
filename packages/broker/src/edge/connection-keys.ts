import { randomFillSync } from 'node:crypto';

const keyBytes = 16;
/** To draw random bytes costs the same for one key as for many. */
const pooledBytes = 256 * keyBytes;

/** Keys of connections: 128 random bits each, that nobody can guess from another one. */
export class ConnectionKeys {
  readonly #bytes = Buffer.alloc(pooledBytes);
  #used = pooledBytes;

  next(): string {
    if (this.#used === pooledBytes) {
      randomFillSync(this.#bytes);
      this.#used = 0;
    }
    this.#used += keyBytes;
    return this.#bytes.toString('base64url', this.#used - keyBytes, this.#used);
  }
}
