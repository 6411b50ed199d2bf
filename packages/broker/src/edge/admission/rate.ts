export interface RateLimit {
  readonly perSecond: number;
  /** How many at once after a time of quiet. */
  readonly burst: number;
}

/** Less than the steps of the clock: what adding up fractions leaves over must not cost a wait. */
const roundingMs = 0.001;

/**
 * A token bucket, whose whole state is one number: when it will be full again. Whoever keeps a bucket keeps that
 * number, and whoever comes for the first time has 0.
 */
export class Rate {
  readonly #msPerToken: number;
  readonly #emptyMs: number;

  constructor({ perSecond, burst }: RateLimit) {
    this.#msPerToken = 1_000 / perSecond;
    this.#emptyMs = burst * this.#msPerToken;
  }

  /** How long until there is a token; 0 when there is one. */
  waitMs(fullAtMs: number, nowMs: number): number {
    const waitMs = this.taken(fullAtMs, nowMs) - this.#emptyMs - nowMs;
    return waitMs < roundingMs ? 0 : waitMs;
  }

  /** The bucket once a token was taken out. */
  taken(fullAtMs: number, nowMs: number): number {
    return Math.max(fullAtMs, nowMs) + this.#msPerToken;
  }
}
