import { contentTypes, notificationBody, parseJson } from '@wsbroker/protocol';
import { readSecret, sign, type SignatureKey } from '@wsbroker/protocol/signature';
import { reasonOf } from '../ops/reason.ts';
import type { HttpBackendSettings } from '../options.ts';
import type { Answer, Backend, Delivery } from './backend.ts';
import { certificateProblem } from './backend-tls.ts';
import type { Posted } from './http-exchange.ts';
import { HttpPoster } from './http-poster.ts';
import { failureOf, outcomeOf, retryAfterMs } from './outcome.ts';

/** POSTs events to a URL. */
export class HttpBackend implements Backend {
  readonly #settings: HttpBackendSettings;
  readonly #poster: HttpPoster;
  readonly #keys: readonly SignatureKey[];
  /** Headers that are the same on every POST: names and values in turn. */
  readonly #constantHeaders: readonly string[];

  /** @param secrets What events are signed with; several while one takes over from the other. */
  constructor(settings: HttpBackendSettings, secrets: readonly string[] = []) {
    this.#settings = settings;
    this.#keys = secrets.map(readSecret);
    this.#poster = new HttpPoster(settings);
    const authorization = basicAuthorization(new URL(settings.url));
    this.#constantHeaders = [
      ...['content-type', contentTypes[settings.encoding], 'accept', 'application/json'],
      ...(authorization === undefined ? [] : ['authorization', authorization]),
    ];
  }

  async deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    const { encoding, timeoutMs } = this.#settings;
    const body = notificationBody(encoding, delivery.messageJson, delivery.connectionJson).text;
    const posted = await this.#poster.post({ headers: this.#headers(delivery, body), body }, signal);
    switch (posted.outcome) {
      case 'answered':
        return this.#answer(posted);
      case 'failed':
        return failed(posted.error);
      case 'late':
        return { outcome: 'retry', failure: 'no-answer', reason: `no answer within ${timeoutMs} ms` };
    }
  }

  async close(): Promise<void> {
    await this.#poster.close();
  }

  #headers(delivery: Delivery, body: string): string[] {
    const { id, attempt, traceparent, request, reason } = delivery;
    const timestampSeconds = Math.floor(Date.now() / 1_000);
    const headers = [...this.#constantHeaders, 'webhook-id', id, 'webhook-timestamp', `${timestampSeconds}`];
    headers.push('wsbroker-attempt', `${attempt}`, 'traceparent', traceparent);
    if (this.#keys.length > 0) {
      headers.push('webhook-signature', sign(this.#keys, { id, timestampSeconds, body }));
    }
    if (request !== undefined) headers.push('wsbroker-request', `${request}`);
    if (reason !== undefined) headers.push('wsbroker-reason', reason);
    return headers;
  }

  #answer({ status, headers, text }: Answered): Answer {
    const outcome = outcomeOf(status);
    if (outcome === 'delivered') {
      // The backend has processed the event: to send it again would only repeat it.
      if (text === undefined)
        return delivered(`its answer is larger than ${this.#settings.maxAnswerBytes} bytes`);
      return commandsIn(text);
    }
    const reason = `status ${status}`;
    if (outcome === 'dead-letter') return { outcome, reason, status };
    const header = headers['retry-after'];
    return {
      outcome,
      failure: 'status',
      reason,
      status,
      retryAfterMs: retryAfterMs(Array.isArray(header) ? header[0] : header, Date.now()),
    };
  }
}

type Answered = Extract<Posted, { outcome: 'answered' }>;

const failed = (error: unknown): Answer => {
  const problem = certificateProblem(error);
  if (problem !== undefined) return { outcome: 'retry', failure: 'unreachable', reason: problem };
  return { outcome: 'retry', failure: failureOf(error), reason: reasonOf(error) };
};

const commandsIn = (text: string): Answer => {
  if (text.trim() === '') return { outcome: 'delivered', answer: [] };
  const json = parseJson(text, 'its answer');
  return json.ok ? { outcome: 'delivered', answer: json.value } : delivered(json.error.message);
};

const delivered = (problem: string): Answer => ({ outcome: 'delivered', answer: undefined, problem });

const basicAuthorization = ({ username, password }: URL): string | undefined => {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString('base64')}`;
};

/** A URL takes a `%` that begins no percent-encoding; so does this. */
const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
