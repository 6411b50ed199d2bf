export interface BackoffBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait after so many failed attempts: exponential with full jitter, so that connections that
 * failed together do not come back together. `random` gives a number from 0 to 1.
 */
export const backoffMs = (failedAttempts: number, bounds: BackoffBounds, random: () => number): number =>
  random() * Math.min(bounds.maxMs, bounds.minMs * 2 ** Math.min(failedAttempts, 30));
