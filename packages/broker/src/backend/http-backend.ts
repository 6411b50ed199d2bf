import { notificationBody, parseJson } from '@wsbroker/protocol';
import { errors, Pool } from 'undici';
import { reasonOf } from '../ops/reason.ts';
import type { HttpBackendSettings } from '../options.ts';
import type { Answer, Backend, Delivery } from './backend.ts';
import { outcomeOf, retryAfterMs } from './outcome.ts';

/** POSTs events to a URL. */
export class HttpBackend implements Backend {
  readonly #settings: HttpBackendSettings;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #authorization: string | undefined;

  constructor(settings: HttpBackendSettings) {
    this.#settings = settings;
    const url = new URL(settings.url);
    this.#path = `${url.pathname}${url.search}`;
    this.#authorization = basicAuthorization(url);
    this.#pool = new Pool(url.origin, {
      connections: settings.maxRequests,
      headersTimeout: settings.timeoutMs,
      bodyTimeout: settings.timeoutMs,
      maxResponseSize: settings.maxAnswerBytes,
    });
  }

  async deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    // The pool's own timeouts start anew with each byte: one total bound ends an answer that drips.
    // A timer that is cleared, since `AbortSignal.timeout` would stay until it fires, one for each event.
    const request = new AbortController();
    const abort = (): void => request.abort();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      abort();
    }, this.#settings.timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#post(delivery, request.signal);
    } catch (error) {
      const reason = isLate ? `no answer within ${this.#settings.timeoutMs} ms` : reasonOf(error);
      return { outcome: 'retry', reason };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #post(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    const body = notificationBody(this.#settings.encoding, delivery.messageJson, delivery.connectionJson);
    const response = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: {
        'content-type': body.contentType,
        accept: 'application/json',
        'webhook-id': delivery.id,
        'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
        'wsbroker-attempt': String(delivery.attempt),
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
      },
      body: body.text,
      signal,
    });
    const outcome = outcomeOf(response.statusCode);
    if (outcome === 'delivered') return await this.#answer(response.body);
    // Read to its end, within bounds, so that the connection to the backend can be used again.
    await response.body.dump({ limit: 64 * 1_024 });
    const reason = `status ${response.statusCode}`;
    if (outcome === 'dead-letter') return { outcome, reason };
    const header = response.headers['retry-after'];
    return {
      outcome,
      reason,
      retryAfterMs: retryAfterMs(Array.isArray(header) ? header[0] : header, Date.now()),
    };
  }

  async #answer(body: { text(): Promise<string> }): Promise<Answer> {
    let text;
    try {
      text = await body.text();
    } catch (error) {
      if (!(error instanceof errors.ResponseExceededMaxSizeError)) throw error;
      // The backend has processed the event: to send it again would only repeat it.
      return delivered(`its answer is larger than ${this.#settings.maxAnswerBytes} bytes`);
    }
    if (text.trim() === '') return { outcome: 'delivered', answer: [] };
    const json = parseJson(text, 'its answer');
    return json.ok ? { outcome: 'delivered', answer: json.value } : delivered(json.error.message);
  }
}

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
