import { Rate, type RateLimit } from '../rate.ts';

export interface HandshakeRatesOptions {
  readonly inAll: RateLimit;
  readonly perAddress: RateLimit;
  /** @default performance.now */
  readonly nowMs?: (() => number) | undefined;
  /** Addresses that are remembered at most. @default 65536 */
  readonly maxAddresses?: number | undefined;
}

export interface RateWait {
  readonly over: 'all' | 'address';
  readonly waitMs: number;
}

const defaultMaxAddresses = 65_536;
/** Fewer are not worth looking through. */
const minSweep = 1_024;
/** When all that are remembered are in use, so many go at once: one by one, each would cost a look at all. */
const keptShare = 3 / 4;

/**
 * How many handshakes are taken: of each address, and of all.
 *
 * An address is forgotten when its bucket is full again, since a new one is no different. As only a handshake that
 * is taken changes a bucket, there are seldom more than the limit in all lets in meanwhile; past `maxAddresses`
 * those that have been quiet the longest are forgotten early, and the limit in all goes on to hold.
 */
export class HandshakeRates {
  readonly #inAll: Rate;
  readonly #perAddress: Rate;
  readonly #nowMs: () => number;
  readonly #maxAddresses: number;
  #allFullAtMs = 0;
  /** When the bucket of each is full again; who was quiet the longest comes first. */
  readonly #fullAtMs = new Map<string, number>();
  #sweepAt = minSweep;

  constructor(options: HandshakeRatesOptions) {
    this.#inAll = new Rate(options.inAll);
    this.#perAddress = new Rate(options.perAddress);
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#maxAddresses = options.maxAddresses ?? defaultMaxAddresses;
  }

  /** How many addresses are remembered. */
  get addresses(): number {
    return this.#fullAtMs.size;
  }

  /**
   * Takes a handshake, or says how long none will be taken. One that is not taken counts nowhere, so that whoever
   * tries too often is not kept out for longer, and takes nothing from others.
   * @param key Undefined: only the limit in all holds.
   */
  take(key: string | undefined): RateWait | undefined {
    const nowMs = this.#nowMs();
    const fullAtMs = key === undefined ? 0 : (this.#fullAtMs.get(key) ?? 0);
    const addressMs = key === undefined ? 0 : this.#perAddress.waitMs(fullAtMs, nowMs);
    if (addressMs > 0) return { over: 'address', waitMs: addressMs };
    const allMs = this.#inAll.waitMs(this.#allFullAtMs, nowMs);
    if (allMs > 0) return { over: 'all', waitMs: allMs };
    this.#allFullAtMs = this.#inAll.taken(this.#allFullAtMs, nowMs);
    if (key !== undefined) this.#remember(key, this.#perAddress.taken(fullAtMs, nowMs), nowMs);
    return undefined;
  }

  #remember(key: string, fullAtMs: number, nowMs: number): void {
    this.#fullAtMs.delete(key);
    if (this.#fullAtMs.size >= Math.min(this.#sweepAt, this.#maxAddresses)) this.#sweep(nowMs);
    this.#fullAtMs.set(key, fullAtMs);
  }

  #sweep(nowMs: number): void {
    for (const [key, fullAtMs] of this.#fullAtMs) if (fullAtMs <= nowMs) this.#fullAtMs.delete(key);
    if (this.#fullAtMs.size > this.#maxAddresses * keptShare) {
      for (const key of this.#fullAtMs.keys()) {
        this.#fullAtMs.delete(key);
        if (this.#fullAtMs.size <= this.#maxAddresses * keptShare) break;
      }
    }
    // Twice as many as are left: looking through them costs each handshake the same, however many there are.
    this.#sweepAt = Math.max(minSweep, 2 * this.#fullAtMs.size);
  }
}
