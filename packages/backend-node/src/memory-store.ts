import { type DedupeStore, defaultTtlMs } from './dedupe-store.ts';
import { positiveInteger } from './positive-integer.ts';

export interface MemoryStoreOptions {
  /** So many ids are kept; beyond, the oldest go. @default 10_000 */
  readonly maxEntries?: number;
  /** The kept answers together; beyond, the oldest go. @default 16_777_216 */
  readonly maxBytes?: number;
  /** How long an id is kept. @default 90_000_000, an hour more than a broker with a journal tries an event */
  readonly ttlMs?: number;
}

interface Entry {
  readonly answer: string;
  readonly bytes: number;
  readonly expiresAtMs: number;
}

/**
 * Keeps ids in this process: they are gone when it ends, and other processes do not see them.
 *
 * @example
 * createBackend(contract, { dedupe: memoryStore(), messages: { … } });
 */
export const memoryStore = (options: MemoryStoreOptions = {}): DedupeStore => new MemoryStore(options);

class MemoryStore implements DedupeStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #ttlMs: number;
  /** Oldest first: entries are put in once, and all live equally long. */
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<string>>();
  #bytes = 0;

  constructor({ maxEntries = 10_000, maxBytes = 16_777_216, ttlMs = defaultTtlMs }: MemoryStoreOptions) {
    this.#maxEntries = positiveInteger('maxEntries', maxEntries);
    this.#maxBytes = positiveInteger('maxBytes', maxBytes);
    this.#ttlMs = positiveInteger('ttlMs', ttlMs);
  }

  once(id: string, handle: () => Promise<string>): Promise<string> {
    this.#removeExpired();
    const known = this.#entries.get(id);
    if (known !== undefined) return Promise.resolve(known.answer);
    return this.#running.get(id) ?? this.#handle(id, handle);
  }

  #handle(id: string, handle: () => Promise<string>): Promise<string> {
    const running = handle()
      .then((answer) => {
        this.#put(id, answer);
        return answer;
      })
      .finally(() => this.#running.delete(id));
    this.#running.set(id, running);
    return running;
  }

  #put(id: string, answer: string): void {
    const bytes = Buffer.byteLength(answer);
    this.#entries.set(id, { answer, bytes, expiresAtMs: performance.now() + this.#ttlMs });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest, entry);
    }
  }

  #removeExpired(): void {
    const nowMs = performance.now();
    for (const [oldest, entry] of this.#entries) {
      if (entry.expiresAtMs > nowMs) break;
      this.#remove(oldest, entry);
    }
  }

  #remove(id: string, entry: Entry): void {
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
  }
}
