import { batchBody, batchHeader, decodeBatchAnswer, maxBatchEvents } from '@wsbroker/protocol';
import { randomBytes } from 'node:crypto';
import type { HttpBackendSettings } from '../options.ts';
import type { BatchAnswer, Batches, Delivery } from './backend.ts';
import { type Answered, type EventPoster, failedWith, headerOf, notAnswered } from './event-poster.ts';
import type { Posted } from './http-exchange.ts';
import { outcomeOf } from './outcome.ts';

/**
 * After a batch that was not taken events go one by one for so long: a backend, or a proxy before it, that says it
 * takes batches and refuses each of them would otherwise get everything twice.
 */
const pauseMs = 10_000;

/** POSTs several events at once to a backend that says that it takes that. */
export class HttpBatches implements Batches {
  readonly maxBytes: number;
  readonly #settings: HttpBackendSettings;
  readonly #poster: EventPoster;
  readonly #nowMs: () => number;
  /** Of this process alone: two brokers of one backend never use the same id. */
  readonly #key = `batch-${randomBytes(16).toString('base64url')}`;
  #count = 0;
  /** What the last answer said. */
  #saidEvents = 1;
  #pausedUntilMs = -Infinity;

  constructor(
    settings: HttpBackendSettings,
    poster: EventPoster,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#settings = settings;
    this.#poster = poster;
    this.#nowMs = nowMs;
    this.maxBytes = settings.maxBatchBytes;
  }

  get maxEvents(): number {
    return this.#saidEvents === 1 || this.#nowMs() < this.#pausedUntilMs ? 1 : this.#saidEvents;
  }

  /**
   * What an answer says, to one event or to several. One that says nothing takes back what others have said: the
   * backend may be an older one again.
   */
  hear({ headers }: Answered): void {
    const text = headerOf(headers, batchHeader);
    this.#saidEvents = text === undefined ? 1 : eventsOf(text);
  }

  async deliver(deliveries: readonly Delivery[], signal: AbortSignal): Promise<BatchAnswer> {
    this.#count += 1;
    const body = batchBody(this.#settings.encoding, deliveries).text;
    const headers = [batchHeader, `${deliveries.length}`];
    const posted = await this.#poster.post({ id: `${this.#key}-${this.#count}`, headers, body }, signal);
    const answer = this.#answerOf(posted, deliveries.length);
    if (answer.outcome === 'refused') this.#pausedUntilMs = this.#nowMs() + pauseMs;
    return answer;
  }

  #answerOf(posted: Posted, events: number): BatchAnswer {
    const { timeoutMs, maxAnswerBytes } = this.#settings;
    if (posted.outcome !== 'answered') return { outcome: 'retry', ...notAnswered(posted, timeoutMs) };
    this.hear(posted);
    const { status, text } = posted;
    const outcome = outcomeOf(status);
    if (outcome === 'retry') return { outcome, ...failedWith(posted) };
    if (outcome !== 'delivered') return { outcome: 'refused', reason: `status ${status}` };
    if (text === undefined) {
      return { outcome: 'refused', reason: `its answer is larger than ${maxAnswerBytes} bytes` };
    }
    const answers = decodeBatchAnswer(text, events);
    if (!answers.ok) return { outcome: 'refused', reason: answers.error.message };
    return { outcome, answers: answers.value };
  }
}

const eventsOf = (text: string): number =>
  /^\d{1,9}$/.test(text) ? Math.min(Math.max(Number(text), 1), maxBatchEvents) : 1;
