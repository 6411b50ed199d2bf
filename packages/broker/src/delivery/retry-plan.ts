import type { Answer } from '../backend/backend.ts';
import { backoffMs } from './backoff.ts';
import { maxRetryAfterMs } from './outage.ts';

export interface RetryBounds {
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly maxEventAgeMs: number;
  readonly maxPoisonAttempts: number;
}

/** An answer after which an event is tried again. */
export type RetryAnswer = Extract<Answer, { outcome: 'retry' | 'retry-briefly' }>;

export interface RetryCircumstances {
  readonly nowMs: number;
  /** How many events were delivered so far, over all connections. */
  readonly successes: number;
  /** The shared probe decides when anything is sent. */
  readonly isDown: boolean;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** A half-finished deploy answers 404 or redirects for a while; longer than this it is meant. */
const briefMs = 60_000;

/** When one event is tried again, and when it is given up. */
export class RetryPlan {
  /** Then the event is too old. */
  readonly untilMs: number;
  readonly #bounds: RetryBounds;
  #briefUntilMs = Infinity;
  #failedAttempts = 0;
  /** Failures of its own: others were delivered meanwhile. */
  #poisonAttempts = 0;
  #successes = -1;

  /** @param happenedAtMs When the event happened, by the clock that delivery goes by. */
  constructor(bounds: RetryBounds, happenedAtMs: number) {
    this.#bounds = bounds;
    this.untilMs = happenedAtMs + bounds.maxEventAgeMs;
  }

  /** How long to wait after this answer; undefined when the event is to be given up. */
  waitMs(answer: RetryAnswer, circumstances: RetryCircumstances): number | undefined {
    const { nowMs, isDown } = circumstances;
    if (this.#isPoison(answer, circumstances.successes)) return undefined;
    if (answer.outcome === 'retry') this.#briefUntilMs = Infinity;
    else if (this.#briefUntilMs === Infinity) this.#briefUntilMs = nowMs + briefMs;
    const waitMs = isDown ? 0 : this.#ownWaitMs(answer, circumstances.random);
    return nowMs + waitMs > Math.min(this.untilMs, this.#briefUntilMs) ? undefined : waitMs;
  }

  #ownWaitMs({ retryAfterMs = 0 }: RetryAnswer, random: () => number): number {
    const { retryMinMs: minMs, retryMaxMs: maxMs } = this.#bounds;
    const backoff = backoffMs(this.#failedAttempts, { minMs, maxMs }, random);
    this.#failedAttempts += 1;
    return Math.max(backoff, Math.min(retryAfterMs, maxRetryAfterMs));
  }

  /** It fails again and again, and in between others do not. */
  #isPoison({ failure, isBatch }: RetryAnswer, successes: number): boolean {
    if (failure === 'unreachable' || isBatch) return false;
    if (successes > this.#successes) this.#poisonAttempts += 1;
    this.#successes = successes;
    return this.#poisonAttempts >= this.#bounds.maxPoisonAttempts;
  }
}
