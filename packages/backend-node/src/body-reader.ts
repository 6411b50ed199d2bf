/** How reading a body ended: its bytes, or why there are none. `gone`: the peer went away before the end. */
export type ReadBody =
  | { readonly outcome: 'read'; readonly bytes: Uint8Array }
  | { readonly outcome: 'too-large' }
  | { readonly outcome: 'gone' };

/** Collects the chunks of a body up to a bound. */
export class BodyCollector {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false once the bound is passed; what was collected is let go. */
  add(chunk: Uint8Array): boolean {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) {
      this.#chunks = [];
      return false;
    }
    this.#chunks.push(chunk);
    return true;
  }

  /** All of them as one: a character may lie across two chunks, and a signature is of the whole. */
  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    return whole;
  }
}

/** What a `content-length` header already says of the body. */
export const isDeclaredTooLarge = (contentLength: string | null | undefined, maxBytes: number): boolean =>
  Number(contentLength ?? 0) > maxBytes;
