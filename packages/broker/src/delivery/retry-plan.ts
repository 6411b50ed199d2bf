import type { Answer } from '../backend/backend.ts';
import { backoffMs } from './backoff.ts';

export interface RetryBounds {
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly maxEventAgeMs: number;
}

/** An answer after which an event is tried again. */
export type RetryAnswer = Extract<Answer, { outcome: 'retry' | 'retry-briefly' }>;

/** A half-finished deploy answers 404 or redirects for a while; longer than this it is meant. */
const briefMs = 60_000;

/** A backend that asks for more patience than this is asked again all the same. */
const maxRetryAfterMs = 60_000;

/** When one event is tried again, and when it is given up. */
export class RetryPlan {
  readonly #bounds: RetryBounds;
  readonly #untilMs: number;
  #briefUntilMs = Infinity;
  #failedAttempts = 0;

  constructor(bounds: RetryBounds, queuedAtMs: number) {
    this.#bounds = bounds;
    this.#untilMs = queuedAtMs + bounds.maxEventAgeMs;
  }

  /** How long to wait after this answer; undefined when the event would then be too old. */
  waitMs(answer: RetryAnswer, nowMs: number, random: () => number): number | undefined {
    const { retryMinMs: minMs, retryMaxMs: maxMs } = this.#bounds;
    const backoff = backoffMs(this.#failedAttempts, { minMs, maxMs }, random);
    this.#failedAttempts += 1;
    if (answer.outcome === 'retry') this.#briefUntilMs = Infinity;
    else if (this.#briefUntilMs === Infinity) this.#briefUntilMs = nowMs + briefMs;
    const waitMs = Math.max(backoff, Math.min(answer.retryAfterMs ?? 0, maxRetryAfterMs));
    return nowMs + waitMs > Math.min(this.#untilMs, this.#briefUntilMs) ? undefined : waitMs;
  }
}
