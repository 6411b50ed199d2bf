/** A backend that answers as it is told. */
import type { Answer, Backend, BatchAnswer, Batches, Delivery, Failure } from '../src/backend/backend.ts';

export type Answering = (delivery: Delivery, signal: AbortSignal) => Answer | Promise<Answer>;

export const delivered = (answer: unknown = []): Answer => ({ outcome: 'delivered', answer });
export const retry = (reason = 'status 503', retryAfterMs?: number): Answer => ({
  outcome: 'retry',
  failure: 'status',
  reason,
  retryAfterMs,
});
export const lost = (failure: Exclude<Failure, 'status'>): Answer => ({
  outcome: 'retry',
  failure,
  reason: failure,
});
export const briefly: Answer = {
  outcome: 'retry-briefly',
  failure: 'status',
  reason: 'status 404',
  status: 404,
};
export const refused = (status = 400): Answer => ({
  outcome: 'dead-letter',
  reason: `status ${status}`,
  status,
});

export type BatchAnswering = (
  deliveries: readonly Delivery[],
  signal: AbortSignal,
) => BatchAnswer | Promise<BatchAnswer>;

export const allDelivered = (deliveries: readonly Delivery[]): BatchAnswer => ({
  outcome: 'delivered',
  answers: deliveries.map(() => []),
});
export const batchRefused: BatchAnswer = { outcome: 'refused', reason: 'status 413' };
export const batchLost = (failure: Failure): BatchAnswer => ({ outcome: 'retry', failure, reason: failure });

/** The side of a fake backend that takes batches. */
export class FakeBatches implements Batches {
  maxEvents = 100;
  maxBytes = 1_000_000;
  readonly batches: (readonly Delivery[])[] = [];
  readonly #answer: BatchAnswering;

  constructor(answer: BatchAnswering = allDelivered) {
    this.#answer = answer;
  }

  async deliver(deliveries: readonly Delivery[], signal: AbortSignal): Promise<BatchAnswer> {
    this.batches.push(deliveries);
    return await this.#answer(deliveries, signal);
  }

  /** The ids of each batch so far. */
  get log(): string[][] {
    return this.batches.map((deliveries) => deliveries.map(({ id }) => id));
  }
}

export class FakeBackend implements Backend {
  readonly batches?: Batches;
  readonly attempts: Delivery[] = [];
  isClosed = false;
  readonly #answer: Answering;

  constructor(answer: Answering = () => delivered(), batches?: Batches) {
    this.#answer = answer;
    if (batches) this.batches = batches;
  }

  /** What was attempted alone so far, as `id#attempt`. */
  get log(): string[] {
    return this.attempts.map(({ id, attempt }) => `${id}#${attempt}`);
  }

  async deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    this.attempts.push(delivery);
    return await this.#answer(delivery, signal);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** Answers that are given one after the other, the last one for ever. */
export const inTurn = (first: Answer, ...others: Answer[]): Answering => {
  const left = [first, ...others];
  let last = first;
  return () => {
    last = left.shift() ?? last;
    return last;
  };
};

/** As a real backend does: the attempt fails as soon as the broker has to stop. */
export const hang: Answering = (_attempt, signal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(lost('cut')), { once: true }));
