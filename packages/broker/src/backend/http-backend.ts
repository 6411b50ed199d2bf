import { notificationBody, parseJson } from '@wsbroker/protocol';
import type { HttpBackendSettings } from '../options.ts';
import type { Answer, Backend, Delivery } from './backend.ts';
import { type Answered, EventPoster, failedWith, notAnswered } from './event-poster.ts';
import { HttpBatches } from './http-batches.ts';
import { outcomeOf } from './outcome.ts';

/** POSTs events to a URL. */
export class HttpBackend implements Backend {
  readonly batches: HttpBatches;
  readonly #settings: HttpBackendSettings;
  readonly #poster: EventPoster;

  /** @param secrets What events are signed with; several while one takes over from the other. */
  constructor(settings: HttpBackendSettings, secrets: readonly string[] = []) {
    this.#settings = settings;
    this.#poster = new EventPoster(settings, secrets);
    this.batches = new HttpBatches(settings, this.#poster);
  }

  async deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    const { id, messageJson, connection } = delivery;
    const body = notificationBody(this.#settings.encoding, messageJson, connection).text;
    const posted = await this.#poster.post({ id, headers: headersOf(delivery), body }, signal);
    if (posted.outcome !== 'answered') {
      return { outcome: 'retry', ...notAnswered(posted, this.#settings.timeoutMs) };
    }
    this.batches.hear(posted);
    return this.#answer(posted);
  }

  async close(): Promise<void> {
    await this.#poster.close();
  }

  #answer(answered: Answered): Answer {
    const { status, text } = answered;
    const outcome = outcomeOf(status);
    if (outcome === 'dead-letter') return { outcome, reason: `status ${status}`, status };
    if (outcome !== 'delivered') return { outcome, ...failedWith(answered) };
    // The backend has processed the event: to send it again would only repeat it.
    if (text === undefined)
      return delivered(`its answer is larger than ${this.#settings.maxAnswerBytes} bytes`);
    return commandsIn(text);
  }
}

const headersOf = ({ attempt, traceparent, request, reason }: Delivery): string[] => {
  const headers = ['wsbroker-attempt', `${attempt}`, 'traceparent', traceparent];
  if (request !== undefined) headers.push('wsbroker-request', `${request}`);
  if (reason !== undefined) headers.push('wsbroker-reason', reason);
  return headers;
};

const commandsIn = (text: string): Answer => {
  if (text.trim() === '') return { outcome: 'delivered', answer: [] };
  const json = parseJson(text, 'its answer');
  return json.ok ? { outcome: 'delivered', answer: json.value } : delivered(json.error.message);
};

const delivered = (problem: string): Answer => ({ outcome: 'delivered', answer: undefined, problem });
