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
    const waitMs = this.emptyUntilMs(this.taken(fullAtMs, nowMs)) - nowMs;
    return waitMs < roundingMs ? 0 : waitMs;
  }

  /** The bucket once so many tokens were taken out, were there as many or not. */
  taken(fullAtMs: number, nowMs: number, tokens = 1): number {
    return Math.max(fullAtMs, nowMs) + tokens * this.#msPerToken;
  }

  /** Until when the bucket is empty: past when it was, if there is something in it. */
  emptyUntilMs(fullAtMs: number): number {
    return fullAtMs - this.#emptyMs;
  }
}
