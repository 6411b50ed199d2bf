/** How reading a body ended: its text, or why there is none. `gone`: the peer went away before the end. */
export type ReadBody =
  | { readonly outcome: 'read'; readonly text: string }
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

  /** Decoded as a whole: a character may lie across two chunks. */
  text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode();
  }
}

/** What a `content-length` header already says of the body. */
export const isDeclaredTooLarge = (contentLength: string | null | undefined, maxBytes: number): boolean =>
  Number(contentLength ?? 0) > maxBytes;
